package main

import (
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// inScript is an act of rows.lua, so many times in a round.
func inScript(act string, times int) lane {
	return lane{"neap", func(s *scope) (turn, error) {
		return func() ([]sample, error) { return s.neap.asked(act, times) }, nil
	}}
}

// asked has the script act, and adds what the removal of what it made took
// after the script had gone on.
func (n *neap) asked(act string, times int) (samples []sample, err error) {
	var inside time.Duration
	took, err := n.home.timed(func() error {
		start := time.Now()
		samples, err = n.ask(act, times)
		inside = time.Since(start)
		return err
	})
	if late := took - milliseconds(inside); late > 0.1 {
		for i := range samples {
			samples[i].value += late / float64(times)
		}
	}
	return samples, err
}

// standing is an act about one container that stays.
func standing(act string, times int) lane {
	return lane{"neap", func(s *scope) (turn, error) {
		n := s.neap
		if _, err := n.ask("stand", 1); err != nil {
			return nil, err
		}
		s.after(func() error {
			_, err := n.ask("fall", 1)
			return err
		})
		return func() ([]sample, error) { return n.ask(act, times) }, nil
	}}
}

// inScriptWithRules waits after each round until no rule is left, and tells
// how long that took.
func inScriptWithRules(act string, times int) lane {
	return lane{"neap", func(s *scope) (turn, error) { return bulk(s.neap, act, times), nil }}
}

// loops is the same with a loop in the script, not the verbs of a list.
func loops(times int) lane {
	return lane{"neap, in loops", func(s *scope) (turn, error) { return bulk(s.neap, "lives_one_by_one", times), nil }}
}

func bulk(n *neap, act string, times int) turn {
	return func() ([]sample, error) {
		samples, err := n.asked(act, times)
		if err != nil {
			return nil, err
		}
		drained, err := n.drained(0)
		return append(samples, sample{"rules gone after", drained}), err
	}
}

// shell is a command line of neap.
func shell(who string, words ...string) lane {
	return lane{who, func(s *scope) (turn, error) {
		n := s.neap
		return one(func() (float64, error) { return n.timed(words...) }), nil
	}}
}

func shellWithRules(who string, words ...string) lane {
	return lane{who, func(s *scope) (turn, error) {
		n := s.neap
		return func() ([]sample, error) {
			took, err := n.timed(words...)
			if err != nil {
				return nil, err
			}
			drained, err := n.drained(0)
			return []sample{{"", took}, {"rules gone after", drained}}, err
		}, nil
	}}
}

// program is one that was built for the bench, or /bin/true.
func program(who, name string) lane {
	return lane{who, func(s *scope) (turn, error) {
		path := "/bin/true"
		if name != "" {
			path = s.path(name)
		}
		n := s.neap
		return one(func() (float64, error) {
			return n.home.timed(func() error { return n.place.run(path) })
		}), nil
	}}
}

// loopFloor is the same work in raw system calls, in a loop, with what neap
// has: a network namespace, the host's controllers, a filter.
func loopFloor() lane {
	return lane{"floor", func(s *scope) (turn, error) {
		argv := []string{s.path("floor"), s.rootfs, "5", "net", "seccomp", "exec=/bin/true", "base=" + s.dir, "each"}
		if all := controllers(); len(all) > 0 {
			argv = append(argv, "cg="+strings.Join(all, ","))
		}
		return func() ([]sample, error) {
			text, err := exec.Command(argv[0], argv[1:]...).Output()
			if err != nil {
				return nil, err
			}
			var samples []sample
			for word := range strings.FieldsSeq(string(text)) {
				value, err := strconv.ParseFloat(word, 64)
				if err != nil {
					return nil, err
				}
				samples = append(samples, sample{"", value})
			}
			return samples, nil
		}, nil
	}}
}

// inBundle is crun or runc.
func inBundle(who string) lane {
	return lane{who, func(s *scope) (turn, error) {
		o, err := s.ocis[who]()
		if err != nil {
			return nil, err
		}
		return one(o.timed), nil
	}}
}

// listed is a table of so many containers.
func listed(n int) lane {
	return lane{"neap", func(s *scope) (turn, error) {
		asked := s.neap
		if _, err := asked.ask("stopped", n); err != nil {
			return nil, err
		}
		s.after(func() error {
			_, err := asked.ask("disperse", 1)
			return err
		})
		return one(func() (float64, error) { return asked.timed("ps", "-a") }), nil
	}}
}

package main

import (
	"errors"
	"fmt"
	"time"
)

// against is a lane of Docker or Podman.
func against(who string, open func(*scope, *rival) (turn, error)) lane {
	return lane{who, func(s *scope) (turn, error) {
		r, err := s.rivals[who]()
		if err != nil {
			return nil, err
		}
		return open(s, r)
	}}
}

// rivalStanding is a command line about one container that stays.
func rivalStanding(who string, act func(r *rival, id string) error) lane {
	return against(who, func(s *scope, r *rival) (turn, error) {
		const id = "standing"
		s.after(func() error { return r.remove(id) })
		if err := r.run("run", "-d", "--name", id, "--network", "none", benchImage, "/traffic", "obey"); err != nil {
			return nil, err
		}
		return one(func() (float64, error) {
			return r.home.timed(func() error { return act(r, id) })
		}), r.await(id)
	})
}

func rivalPause(who string) lane {
	return rivalStanding(who, func(r *rival, id string) error {
		if err := r.run("pause", id); err != nil {
			return err
		}
		return r.run("unpause", id)
	})
}

func rivalExec(who string) lane {
	return rivalStanding(who, func(r *rival, id string) error { return r.run("exec", id, "/bin/true") })
}

func rivalStop(who string) lane {
	return against(who, func(_ *scope, r *rival) (turn, error) {
		const id = "obeying"
		return one(func() (float64, error) {
			if err := r.run("run", "-d", "--name", id, "--network", "none", benchImage, "/traffic", "obey"); err != nil {
				return 0, err
			}
			if err := r.await(id); err != nil {
				return 0, err
			}
			took, err := r.timed("stop", id)
			return took, errors.Join(err, r.remove(id))
		}), nil
	})
}

// rivalLives creates, starts and removes n containers with one port each: the
// quickest way of command lines, one for each creation and one for all starts
// and all removals.
func rivalLives(who string, n int) lane {
	return against(who, func(_ *scope, r *rival) (turn, error) {
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("life-%d", i))
		}
		create := func() error {
			for i, id := range ids {
				if err := r.run("create", "--name", id, "-p", fmt.Sprintf("%d:80", 20001+i), benchImage, "/bin/sleep", "600"); err != nil {
					return err
				}
			}
			return nil
		}
		return func() ([]sample, error) { return r.lives(n, create, ids) }, nil
	})
}

func (r *rival) lives(n int, create func() error, ids []string) ([]sample, error) {
	before := r.look()
	start := time.Now()
	var samples []sample
	all := 0.0
	part := func(name string, act func() error) error {
		from := time.Now()
		err := act()
		each := milliseconds(time.Since(from)) / float64(n)
		samples, all = append(samples, sample{name, each}), all+each
		return err
	}
	if err := part("create", create); err != nil {
		return nil, err
	}
	if err := part("start", func() error { return r.run(append([]string{"start"}, ids...)...) }); err != nil {
		return nil, err
	}
	err := part("remove", func() error {
		if err := r.remove(ids...); err != nil {
			return err
		}
		return r.gone(before, start)
	})
	return append(samples, sample{"all", all}), err
}

// gone waits until no more traces are left than there were.
func (h home) gone(before trace, since time.Time) error {
	for h.look().exceeds(before) {
		if time.Since(since) > 10*patience {
			return fmt.Errorf("left behind: %+v, and there was %+v", h.look(), before)
		}
	}
	return nil
}

// rivalListed is a table of n containers that were never started.
func rivalListed(who string, n int) lane {
	return against(who, func(s *scope, r *rival) (turn, error) {
		var ids []string
		s.after(func() error { return r.remove(ids...) })
		for i := range n {
			id := fmt.Sprintf("listed-%d", i)
			if err := r.run("create", "--name", id, "--network", "none", benchImage, "/bin/true"); err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return one(func() (float64, error) { return r.timed("ps", "-a") }), nil
	})
}

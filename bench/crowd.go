package main

import (
	"fmt"
	"time"
)

// crowd makes many stopped containers and starts many, and lists them.
func crowd(stopped, running int) lane {
	return lane{"neap", func(s *scope) (turn, error) {
		n := s.neap
		s.after(func() error {
			_, err := n.home.timed(func() error {
				_, err := n.ask("disperse", 1)
				return err
			})
			return err
		})
		return func() ([]sample, error) {
			if _, err := n.ask("stopped", stopped); err != nil {
				return nil, err
			}
			samples, err := n.ask("running", running)
			if err != nil {
				return nil, err
			}
			samples = append(samples, ratio(samples))
			return s.listing(n, samples)
		}, nil
	}}
}

// ratio compares the last starts with the first.
func ratio(samples []sample) sample {
	of := map[string]float64{}
	for _, s := range samples {
		of[s.part] = s.value
	}
	return sample{"last 50 / first 50", of["last"] / of["first"]}
}

// listing is so many tables of all, or as many as a minute is enough for.
func (s *scope) listing(n *neap, samples []sample) ([]sample, error) {
	for end := time.Now().Add(time.Minute); len(samples) < 4+max(20, s.count) && time.Now().Before(end); {
		took, err := n.timed("ps", "-a")
		if err != nil {
			return nil, err
		}
		samples = append(samples, sample{"ps -a", took})
	}
	return samples, nil
}

// published is containers that publish a hundred ports each.
func published(containers int) lane {
	return lane{"neap", func(s *scope) (turn, error) {
		n := s.neap
		return func() ([]sample, error) {
			samples, err := n.ask("ports", containers)
			if err != nil {
				return nil, err
			}
			if found := n.place.rules(); found != containers*100 {
				return nil, fmt.Errorf("%d rules, not %d", found, containers*100)
			}
			samples = append(samples, sample{"each", samples[0].value / float64(containers*100)})
			removed, err := n.ask("disperse", 1)
			if err != nil {
				return nil, err
			}
			drained, err := n.drained(0)
			return append(samples, sample{"remove all", removed[0].value}, sample{"rules gone after", drained}), err
		}, nil
	}}
}

func rivalPublished(who string, containers int) lane {
	return against(who, func(s *scope, r *rival) (turn, error) {
		var ids []string
		s.after(func() error { return r.remove(ids...) })
		return func() ([]sample, error) {
			start := time.Now()
			for i := range containers {
				id, from := fmt.Sprintf("ports-%d", i), 20000+i*100
				ids = append(ids, id)
				ports := fmt.Sprintf("%d-%d:%d-%d", from, from+99, from, from+99)
				if err := r.run("run", "-d", "--name", id, "-p", ports, benchImage, "/bin/sleep", "6000"); err != nil {
					return nil, err
				}
			}
			all := milliseconds(time.Since(start))
			return []sample{{"all", all}, {"each", all / float64(containers*100)}}, nil
		}, nil
	})
}

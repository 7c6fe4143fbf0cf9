package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// weighed is neap with so many running containers.
func weighed(containers int) lane {
	return lane{"neap", func(s *scope) (turn, error) {
		n := s.neap
		return func() ([]sample, error) {
			before := n.place.mounts()
			if _, err := n.ask("running", containers); err != nil {
				return nil, err
			}
			n.hush() // the script is not there while containers just run
			kept, err := weigh(n.place, func(words string) bool { return true })
			if err != nil {
				return nil, err
			}
			entries := float64(n.place.mounts()-before) / float64(containers)
			_, err = n.ask("disperse", 1)
			return []sample{{"", kept / float64(containers)}, {"keeper and warden", kept}, {"mount table entries for each", entries}}, err
		}, nil
	}}
}

// rivalWeighed is Docker or Podman: what each container has beside it, and
// what they share.
func rivalWeighed(who string, containers int) lane {
	return against(who, func(_ *scope, r *rival) (turn, error) {
		return func() ([]sample, error) {
			before := r.place.mounts()
			var ids []string
			for i := range containers {
				ids = append(ids, fmt.Sprintf("crowd-%d", i))
				if err := r.run("run", "-d", "--name", ids[i], benchImage, "/bin/sleep", "6000"); err != nil {
					return nil, err
				}
			}
			samples, err := r.weighed(containers, before)
			if err != nil {
				return nil, err
			}
			return samples, r.remove(ids...)
		}, nil
	})
}

func (r *rival) weighed(containers, before int) ([]sample, error) {
	beside := func(words string) bool { return strings.Contains(words, "shim") || strings.Contains(words, "conmon") }
	each, err := weigh(r.place, beside)
	if err != nil {
		return nil, err
	}
	shared, err := weigh(r.place, func(words string) bool { return !beside(words) })
	if err != nil {
		return nil, err
	}
	entries := float64(r.place.mounts()-before) / float64(containers)
	samples := []sample{{"", each / float64(containers)}, {"mount table entries for each", entries}}
	if shared > 0 {
		samples = append(samples, sample{"daemons", shared})
	}
	return samples, nil
}

// weigh sums up the memory, in megabytes, of what runs in a place and is not
// inside a container: of a page that several share, each has its part. It waits
// a second first: memory is what containers cost that just run, not what
// starting them took.
func weigh(p *place, counts func(words string) bool) (float64, error) {
	time.Sleep(time.Second) //nolint:forbidigo // see above
	kilobytes := 0.0
	for _, pid := range p.processes() {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		words, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !counts(strings.ReplaceAll(string(words), "\x00", " ")) {
			continue
		}
		body, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			return 0, err
		}
		kilobytes += pss(string(body))
	}
	return kilobytes / 1000, nil
}

func pss(rollup string) float64 {
	for line := range strings.Lines(rollup) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			n, _ := strconv.ParseFloat(f[1], 64)
			return n * 1.024
		}
	}
	return 0
}

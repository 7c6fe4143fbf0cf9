package main

// speed is the table of that name in the goals, but for the rows about
// backups and moving ports, which neap does not have yet.
func speed() []row {
	rows := []row{
		{key: "once", label: "containers.once in a loop, no network", lanes: []lane{inScript("once", 5), loopFloor()}, goals: []goal{within(1.25, "floor")}},
		{key: "once-net", wired: true, label: "containers.once in a loop, default network", lanes: []lane{inScript("once_net", 5)}},
		{
			key: "run-none", label: "run --rm --network none box true, from a shell",
			lanes: append(runs("--network", "none"), inBundle("crun"), inBundle("crun"+unfiltered), inBundle("runc"), inBundle("runc"+unfiltered)),
			goals: []goal{within(0.8, "crun"), within(0.8, "crun"+unfiltered), faster(25, "docker")},
		},
		{key: "run", wired: true, label: "run --rm box true, default network", lanes: runs(), goals: []goal{faster(25, "docker")}},
		{
			key: "run-port", wired: true, label: "run --rm -p 8901:80 box true", lanes: runs("-p", "8901:80"),
			goals: []goal{faster(30, "docker"), atMost(1000, "ms").of("rules gone after")},
		},
		{
			key: "lives", wired: true, label: "create 200, start 200, remove 200, one port each; ms for each of them (peers: 20)", effort: heavy,
			lanes: []lane{inScriptWithRules("lives_in_bulk", 200), loops(200), rivalLives("docker", 20), rivalLives("podman", 20)},
			goals: []goal{atMost(5, "ms").of("all"), atMost(1000, "ms").of("rules gone after")},
		},
		{
			key: "pause", label: "pause and unpause", lanes: []lane{standing("pause", 5), rivalPause("docker"), rivalPause("podman")},
			goals: []goal{atMost(0.5, "ms"), within(1, "docker")},
		},
		{
			key: "exec", label: "exec true", lanes: []lane{standing("exec", 5), rivalExec("docker"), rivalExec("podman")},
			goals: []goal{atMost(3, "ms"), within(1, "podman")},
		},
		{
			key: "stop", label: "stop of a container that obeys", lanes: []lane{inScript("stop", 1), rivalStop("docker"), rivalStop("podman")},
			goals: []goal{atMost(5, "ms"), within(1, "docker")},
		},
		{
			key: "ps", label: "ps -a with 50 containers", lanes: []lane{listed(49), rivalListed("docker", 49), rivalListed("podman", 49)},
			goals: []goal{atMost(4, "ms"), within(1, "docker")},
		},
		{
			key: "empty", label: "neap -e ''", lanes: []lane{shell("neap", "-e", ""), program("a static Go program", "hello"), program("/bin/true", "")},
			goals: []goal{atMost(3, "ms")},
		},
		{
			key: "load", label: "load an image archive of 200 MB in four layers", effort: heavy, lanes: loads(),
			goals: []goal{faster(2, "docker", "podman", "skopeo")},
		},
		{
			key: "pull", label: "pull the same from a registry on this machine", effort: heavy, lanes: pulls(),
			goals: []goal{faster(2, "docker", "podman", "skopeo")},
		},
		{key: "bytes", wired: true, rate: true, label: "bytes through a published port", unit: "MB/s", lanes: wires("bytes"), goals: []goal{reaches(0.97, "docker")}},
		{key: "requests", wired: true, rate: true, label: "requests through a published port, 8 connections", unit: "a second", lanes: wires("requests"), goals: []goal{reaches(0.97, "docker")}},
		{
			key: "connections", wired: true, rate: true, label: "requests through a published port, a connection each", unit: "a second", lanes: wires("connections"),
			goals: []goal{reaches(0.97, "docker")},
		},
	}
	return titled("Speed", rows)
}

func titled(table string, rows []row) []row {
	for i := range rows {
		rows[i].table = table
		if rows[i].unit == "" {
			rows[i].unit = "ms"
		}
	}
	return rows
}

// runs is the lanes of one command line that makes, runs and removes a
// container.
func runs(options ...string) []lane {
	words := append([]string{"run", "--rm"}, options...)
	own := append(append([]string(nil), words...), "box", "true")
	theirs := append(append([]string(nil), words...), benchImage, "/bin/true")
	lanes := []lane{shell("neap", own...)}
	if len(options) > 0 && options[0] == "-p" {
		lanes = []lane{shellWithRules("neap", own...)}
	}
	for _, who := range []string{"docker", "podman"} {
		lanes = append(lanes, lane{who, func(s *scope) (turn, error) {
			r, err := s.rivals[who]()
			if err != nil {
				return nil, err
			}
			return one(func() (float64, error) { return r.timed(theirs...) }), nil
		}})
	}
	return lanes
}

package main

// scale is the table "Scale and memory" of the goals.
func scale() []row {
	return titled("Scale and memory", []row{
		{
			key: "memory", wired: true, label: "200 running: memory of all but their own programs, for each (peers: 40)", unit: "MB", effort: single,
			lanes: []lane{weighed(200), rivalWeighed("docker", 40), rivalWeighed("podman", 40)},
			goals: []goal{atMost(0.15, "MB"), atMost(25, "MB").of("keeper and warden"), atMost(0, "entries").of("mount table entries for each")},
		},
		{
			key: "crowd", label: "4,000 stopped, then 1,000 started", effort: long, lanes: []lane{crowd(4000, 999)}, // and the one that always stays
			goals: []goal{ratioAtMost(1.5).of("last 50 / first 50"), atMost(15, "ms").of("ps -a")},
		},
		{
			key: "ports", wired: true, label: "50 containers publish 100 ports each: 5,000 rules (peers: 300)", effort: long,
			lanes: []lane{published(50), rivalPublished("docker", 3), rivalPublished("podman", 3)},
			goals: []goal{atMost(10000, "ms").of("all"), atMost(1000, "ms").of("rules gone after")},
		},
	})
}

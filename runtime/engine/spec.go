package engine

import (
	"time"

	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/output"
)

// Spec is what may be asked of a new container: Docker's options of run, as
// text where Docker has a grammar for them. The zero value of a field leaves
// it to the image, else to Docker's default.
type Spec struct {
	Image string   `json:"image,omitzero"`
	Argv  []string `json:"argv,omitzero"` // instead of the image's command

	Name       string            `json:"name,omitzero"`
	Entrypoint *[]string         `json:"entrypoint,omitzero"` // an empty one drops the image's
	Env        []string          `json:"env,omitzero"`        // K=V, or K alone for nothing
	Workdir    string            `json:"workdir,omitzero"`
	User       string            `json:"user,omitzero"`
	GroupAdd   []string          `json:"group_add,omitzero"`
	Hostname   string            `json:"hostname,omitzero"`
	Domainname string            `json:"domainname,omitzero"`
	Labels     map[string]string `json:"labels,omitzero"`

	Tty         bool `json:"tty,omitzero"`
	Interactive bool `json:"interactive,omitzero"`
	Init        bool `json:"init,omitzero"`
	ReadOnly    bool `json:"read_only,omitzero"`
	Rm          bool `json:"rm,omitzero"`
	Privileged  bool `json:"privileged,omitzero"`
	Protect     bool `json:"protect,omitzero"`

	Volumes     []string `json:"volumes,omitzero"`      // [SOURCE:]TARGET[:OPTIONS]
	VolumesFrom []string `json:"volumes_from,omitzero"` // CONTAINER[:ro]
	Mounts      []string `json:"mounts,omitzero"`       // type=…,source=…,target=…
	Tmpfs       []string `json:"tmpfs,omitzero"`        // TARGET[:OPTIONS]

	Network    string   `json:"network,omitzero"` // "" is "bridge"
	IP         string   `json:"ip,omitzero"`
	Aliases    []string `json:"aliases,omitzero"`
	DNS        []string `json:"dns,omitzero"`
	DNSSearch  []string `json:"dns_search,omitzero"`
	DNSOptions []string `json:"dns_options,omitzero"`
	AddHost    []string `json:"add_host,omitzero"` // NAME:ADDRESS
	Publish    []string `json:"publish,omitzero"`  // [IP:][HOST:]CONTAINER[/PROTOCOL]
	PublishAll bool     `json:"publish_all,omitzero"`
	Expose     []string `json:"expose,omitzero"`

	Pid string `json:"pid,omitzero"` // "host" or "container:NAME"; likewise Ipc
	Ipc string `json:"ipc,omitzero"`
	Uts string `json:"uts,omitzero"` // "host"

	Restart     container.Policy `json:"restart,omitzero"`
	StopSignal  string           `json:"stop_signal,omitzero"`
	StopTimeout *time.Duration   `json:"stop_timeout,omitzero"` // below 0 waits for ever

	Limits      cgroup.Limits     `json:"limits,omitzero"`
	Ulimits     []string          `json:"ulimits,omitzero"` // NAME=SOFT[:HARD]
	CapAdd      []string          `json:"cap_add,omitzero"`
	CapDrop     []string          `json:"cap_drop,omitzero"`
	SecurityOpt []string          `json:"security_opt,omitzero"`
	Devices     []string          `json:"devices,omitzero"` // HOST[:CONTAINER[:ACCESS]]
	Sysctls     map[string]string `json:"sysctls,omitzero"`
	ShmSize     int64             `json:"shm_size,omitzero"`
	OOMScoreAdj *int              `json:"oom_score_adj,omitzero"`

	Pull string `json:"pull,omitzero"` // "missing" (the default), "always" or "never"
}

// Result is how a program that ran to its end ended.
type Result struct {
	ExitCode  int  // 128+n for signal n
	Signal    int  // 0 if it exited by itself
	Unknown   bool // nobody saw the code, which means nothing then
	OOMKilled bool
	Stdout    []byte
	Stderr    []byte
	Duration  time.Duration
}

// Keep appends output that came.
func (r *Result) Keep(stream string, chunk []byte) error {
	if stream == output.Err {
		r.Stderr = append(r.Stderr, chunk...)
	} else {
		r.Stdout = append(r.Stdout, chunk...)
	}
	return nil
}

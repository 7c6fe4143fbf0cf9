package engine

import (
	"time"

	"neap/runtime/cgroup"
	"neap/runtime/container"
)

// Spec is what may be asked of a new container: Docker's options of run, as
// text where Docker has a grammar for them. The zero value of a field leaves
// it to the image, else to Docker's default.
type Spec struct {
	Image string
	Argv  []string // instead of the image's command

	Name       string
	Entrypoint *[]string // an empty one drops the image's
	Env        []string  // K=V, or K alone for nothing
	Workdir    string
	User       string
	GroupAdd   []string
	Hostname   string
	Domainname string
	Labels     map[string]string

	Tty, Interactive, Init, ReadOnly, Rm, Privileged, Protect bool

	Volumes     []string // [SOURCE:]TARGET[:OPTIONS]
	VolumesFrom []string // CONTAINER[:ro]
	Mounts      []string // type=…,source=…,target=…
	Tmpfs       []string // TARGET[:OPTIONS]

	Network    string // "" is "bridge"
	IP         string
	Aliases    []string
	DNS        []string
	DNSSearch  []string
	DNSOptions []string
	AddHost    []string // NAME:ADDRESS
	Publish    []string // [IP:][HOST:]CONTAINER[/PROTOCOL]
	PublishAll bool
	Expose     []string

	Pid, Ipc, Uts string // "host" or "container:NAME"

	Restart     container.Policy
	StopSignal  string
	StopTimeout *time.Duration // below 0 waits for ever

	Limits      cgroup.Limits
	Ulimits     []string // NAME=SOFT[:HARD]
	CapAdd      []string
	CapDrop     []string
	SecurityOpt []string
	Devices     []string // HOST[:CONTAINER[:ACCESS]]
	Sysctls     map[string]string
	ShmSize     int64
	OOMScoreAdj *int

	Pull string // "missing" (the default), "always" or "never"
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

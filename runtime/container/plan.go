package container

import (
	"time"

	"neap/runtime/cgroup"
)

// Plan is what was asked when a container was created, merged with what its
// image says. It is written once (plan.json) and never changes.
type Plan struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Image   string    `json:"image"`    // as the user wrote it
	ImageID string    `json:"image_id"` // what it meant then

	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	Env        []string `json:"env,omitempty"` // K=V, the image's first
	Workdir    string   `json:"workdir,omitempty"`
	User       string   `json:"user,omitempty"` // as USER: name, id, name:group
	Groups     []string `json:"groups,omitempty"`
	Hostname   string   `json:"hostname,omitempty"`
	Domainname string   `json:"domainname,omitempty"`

	Tty         bool `json:"tty,omitempty"`
	Interactive bool `json:"interactive,omitempty"` // its input stays open
	Init        bool `json:"init,omitempty"`
	ReadOnly    bool `json:"read_only,omitempty"`
	AutoRemove  bool `json:"auto_remove,omitempty"`
	Privileged  bool `json:"privileged,omitempty"`

	Labels      map[string]string `json:"labels,omitempty"`
	StopSignal  string            `json:"stop_signal,omitempty"`
	StopTimeout *float64          `json:"stop_timeout,omitempty"` // seconds; below 0 waits for ever

	Mounts      []Mount  `json:"mounts,omitempty"`
	Binds       []string `json:"binds,omitempty"`        // the -v options as given
	VolumesFrom []string `json:"volumes_from,omitempty"` // as given

	Network    string   `json:"network"` // a network's name, "none", "host" or "container:ID"
	IP         string   `json:"ip,omitempty"`
	Aliases    []string `json:"aliases,omitempty"`
	DNS        []string `json:"dns,omitempty"`
	DNSSearch  []string `json:"dns_search,omitempty"`
	DNSOptions []string `json:"dns_options,omitempty"`
	Hosts      []string `json:"hosts,omitempty"` // NAME:ADDRESS
	Exposed    []string `json:"exposed,omitempty"`
	PublishAll bool     `json:"publish_all,omitempty"`

	PidMode string `json:"pid_mode,omitempty"` // "", "host" or "container:ID"; likewise below
	IpcMode string `json:"ipc_mode,omitempty"`
	UtsMode string `json:"uts_mode,omitempty"`

	CapAdd      []string          `json:"cap_add,omitempty"`
	CapDrop     []string          `json:"cap_drop,omitempty"`
	SecurityOpt []string          `json:"security_opt,omitempty"`
	Ulimits     []Ulimit          `json:"ulimits,omitempty"`
	Sysctls     map[string]string `json:"sysctls,omitempty"`
	Devices     []Device          `json:"devices,omitempty"`
	ShmSize     int64             `json:"shm_size,omitempty"` // bytes
	OOMScoreAdj *int              `json:"oom_score_adj,omitempty"`
}

// Mount is one entry below the container's root besides the usual ones.
type Mount struct {
	Kind          string            `json:"kind"`             // "bind", "volume" or "tmpfs"
	Name          string            `json:"name,omitempty"`   // of the volume
	Source        string            `json:"source,omitempty"` // host path of a bind
	Target        string            `json:"target"`
	ReadOnly      bool              `json:"read_only,omitempty"`
	NoCopy        bool              `json:"no_copy,omitempty"`
	Create        bool              `json:"create,omitempty"`        // a missing source of a bind
	NonRecursive  bool              `json:"non_recursive,omitempty"` // a bind without what is mounted below
	Anonymous     bool              `json:"anonymous,omitempty"`
	Propagation   string            `json:"propagation,omitempty"`
	Relabel       string            `json:"relabel,omitempty"` // "z" or "Z"
	Options       string            `json:"options,omitempty"` // of a tmpfs
	From          string            `json:"from,omitempty"`    // the container it was taken from
	Labels        map[string]string `json:"labels,omitempty"`  // of a volume that is to be made
	DriverOptions map[string]string `json:"driver_options,omitempty"`
}

// Ulimit is one resource limit.
type Ulimit struct {
	Name string `json:"name"`
	Soft uint64 `json:"soft"`
	Hard uint64 `json:"hard"`
}

// Device is a host device shown in the container.
type Device struct {
	Host      string `json:"host"`
	Container string `json:"container"`
	Access    string `json:"access"` // of r, w, m
}

// Wish is what may change in a container's life. The file is replaced whole.
type Wish struct {
	Name    string        `json:"name"`
	Limits  cgroup.Limits `json:"limits"`
	Restart Policy        `json:"restart"`
	Publish []Port        `json:"publish,omitempty"`
	Protect bool          `json:"protect,omitempty"`
	Stopped bool          `json:"stopped,omitempty"` // by a user: no policy starts it
}

// Port is one wished or bound publication. HostPort 0 is: any free one.
type Port struct {
	HostIP        string `json:"host_ip"`
	HostPort      uint16 `json:"host_port"`
	HostLast      uint16 `json:"host_last,omitempty"` // one of HostPort to HostLast
	ContainerPort uint16 `json:"container_port"`
	Protocol      string `json:"protocol"`
}

// Policy says what follows the end of a container's program.
type Policy struct {
	Name       string  `json:"name"`                  // "no", "on-failure", "always", "unless-stopped"
	Max        int     `json:"max,omitempty"`         // of on-failure; 0 is without end
	MinDelay   float64 `json:"min_delay,omitempty"`   // seconds; 0 is the default
	MaxDelay   float64 `json:"max_delay,omitempty"`   // likewise
	ResetAfter float64 `json:"reset_after,omitempty"` // likewise
}

// Last is what is known of the last start. A start writes its number before
// the clone, so a number without an end and without facts is a start that
// never came to be.
type Last struct {
	Start    int       `json:"start"` // counts from 1
	Boot     string    `json:"boot"`
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Code     int       `json:"code"`
	Signal   int       `json:"signal,omitempty"`  // that ended it
	Unknown  bool      `json:"unknown,omitempty"` // nobody saw the code
	OOM      bool      `json:"oom,omitempty"`
	Restarts int       `json:"restarts,omitempty"` // by the policy since the user's start
	Backoff  float64   `json:"backoff,omitempty"`  // seconds waited before this start
	Address  string    `json:"address,omitempty"`  // that it had, and gets again if it is free
	Error    string    `json:"error,omitempty"`    // why it did not start
	Before   *Last     `json:"before,omitempty"`   // while it does not run yet
}

// Starting says whether the start is under way in this boot: what was before it
// still holds then.
func (l *Last) Starting(boot string) bool {
	return l.Before != nil && l.Ended.IsZero() && l.Boot == boot
}

// Facts is what a living container has in the kernel. Another boot's facts
// count as absent.
type Facts struct {
	Start   int        `json:"start"`
	Boot    string     `json:"boot"`
	Pid     int        `json:"pid"`
	Ticks   uint64     `json:"ticks"` // start time of the pid: together they are its identity
	Started time.Time  `json:"started"`
	Ports   []Port     `json:"ports,omitempty"`
	Network []Endpoint `json:"network,omitempty"`
}

// Endpoint is one place of a container in a network.
type Endpoint struct {
	Network   string `json:"network"`
	NetworkID string `json:"network_id"`
	ID        string `json:"id"`
	IP        string `json:"ip"`
	Prefix    int    `json:"prefix"`
	Gateway   string `json:"gateway"`
	MAC       string `json:"mac"`
	HostLink  string `json:"host_link"`
}

// Due is a restart that waits for its time (run/containers/<id>/due.json).
type Due struct {
	At    time.Time `json:"at"`
	Delay float64   `json:"delay"` // seconds, doubled each time
	Count int       `json:"count"`
}

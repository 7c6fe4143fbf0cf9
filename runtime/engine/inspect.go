package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/network"
)

// Inspect is a container in Docker's form: the field names and shapes of
// `docker inspect`.
type Inspect struct {
	ID              string `json:"Id"`
	Created         string
	Path            string
	Args            []string
	State           InspectState
	Image           string
	ResolvConfPath  string
	HostnamePath    string
	HostsPath       string
	LogPath         string
	Name            string
	RestartCount    int
	Driver          string
	Platform        string
	MountLabel      string
	ProcessLabel    string
	AppArmorProfile string
	ExecIDs         []string
	HostConfig      InspectHost
	GraphDriver     InspectGraph
	Mounts          []InspectMount
	Config          InspectConfig
	NetworkSettings InspectNetworks
}

// InspectState is Inspect's State.
type InspectState struct {
	Status     string
	Running    bool
	Paused     bool
	Restarting bool
	OOMKilled  bool
	Dead       bool
	Pid        int
	ExitCode   int
	Error      string
	StartedAt  string
	FinishedAt string
}

// InspectHost is Inspect's HostConfig.
type InspectHost struct {
	Binds           []string
	ContainerIDFile string
	LogConfig       struct {
		Type   string
		Config map[string]string
	}
	NetworkMode   string
	PortBindings  map[string][]InspectPort
	RestartPolicy struct {
		Name              string
		MaximumRetryCount int
	}
	AutoRemove      bool
	VolumesFrom     []string
	CapAdd          []string
	CapDrop         []string
	DNS             []string `json:"Dns"`
	DNSOptions      []string `json:"DnsOptions"`
	DNSSearch       []string `json:"DnsSearch"`
	ExtraHosts      []string
	GroupAdd        []string
	IpcMode         string
	PidMode         string
	UTSMode         string
	Privileged      bool
	PublishAllPorts bool
	ReadonlyRootfs  bool
	SecurityOpt     []string
	ShmSize         int64
	Init            bool
	CPUShares       int64 `json:"CpuShares"`
	Memory          int64
	MemorySwap      int64
	NanoCPUs        int64 `json:"NanoCpus"`
	CPUPeriod       int64 `json:"CpuPeriod"`
	CPUQuota        int64 `json:"CpuQuota"`
	CpusetCpus      string
	CpusetMems      string
	PidsLimit       *int64
	Sysctls         map[string]string
}

// InspectGraph is Inspect's GraphDriver.
type InspectGraph struct {
	Name string
	Data map[string]string
}

// InspectMount is one of Inspect's Mounts.
type InspectMount struct {
	Type        string
	Name        string `json:",omitempty"`
	Source      string
	Destination string
	Driver      string `json:",omitempty"`
	Mode        string
	RW          bool
	Propagation string
}

// InspectConfig is Inspect's Config.
type InspectConfig struct {
	Hostname     string
	Domainname   string
	User         string
	AttachStdin  bool
	AttachStdout bool
	AttachStderr bool
	ExposedPorts map[string]struct{}
	Tty          bool
	OpenStdin    bool
	StdinOnce    bool
	Env          []string
	Cmd          []string
	Image        string
	Volumes      map[string]struct{}
	WorkingDir   string
	Entrypoint   []string
	Labels       map[string]string
	StopSignal   string
}

// InspectPort is a host address of a published port.
type InspectPort struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

// InspectNetworks is Inspect's NetworkSettings. Docker dropped the single
// address in 2026; here it stays.
type InspectNetworks struct {
	SandboxKey  string
	Ports       map[string][]InspectPort
	EndpointID  string
	Gateway     string
	IPAddress   string
	IPPrefixLen int
	MacAddress  string
	Networks    map[string]InspectEndpoint
}

// InspectEndpoint is one of its Networks.
type InspectEndpoint struct {
	Aliases     []string
	NetworkID   string
	EndpointID  string
	Gateway     string
	IPAddress   string
	IPPrefixLen int
	MacAddress  string
}

// Inspect is all about it, in Docker's form.
func (c *Container) Inspect(context.Context) (*Inspect, error) {
	v, err := c.Look()
	if err != nil {
		return nil, err
	}
	return Describe(v, Paths{Lib: c.c.Path, Run: c.c.RunPath, Volume: func(name string) string {
		if vol, err := c.e.Volumes.Find(name); err == nil && vol != nil {
			return vol.Path
		}
		return ""
	}}), nil
}

// Paths are where things of a container lie on the host.
type Paths struct {
	Lib, Run func(name ...string) string // a file of it, in each tree
	Volume   func(name string) string    // the data of a volume; "" if there is none
}

// Describe is what was seen of a container, in Docker's form.
func Describe(v *View, at Paths) *Inspect {
	argv := append(append([]string{}, v.Plan.Entrypoint...), v.Plan.Cmd...)
	i := &Inspect{
		ID: v.ID, Created: stamp(v.Plan.Created), State: inspectState(v), Image: v.Plan.ImageID,
		ResolvConfPath: at.Run("etc", "resolv.conf"), HostnamePath: at.Run("etc", "hostname"), HostsPath: at.Run("etc", "hosts"),
		LogPath: at.Lib("log", "out"), Name: "/" + v.Name, RestartCount: v.Last.Restarts, Driver: "overlay", Platform: "linux",
		HostConfig: inspectHost(v), Mounts: at.inspectMounts(v), Config: inspectConfig(v), NetworkSettings: inspectNetworks(v),
	}
	if len(argv) > 0 {
		i.Path, i.Args = argv[0], argv[1:]
	}
	i.GraphDriver = InspectGraph{Name: "overlay", Data: map[string]string{"UpperDir": at.Lib("upper"), "WorkDir": at.Lib("work")}}
	return i
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func inspectState(v *View) InspectState {
	s := InspectState{
		Status: string(v.State), Paused: v.State == container.Paused, Restarting: v.State == container.Restarting,
		Dead: v.State == container.Dead, OOMKilled: v.Last.OOM, ExitCode: v.Last.Code, Error: v.Error,
		StartedAt: stamp(v.Last.Started), FinishedAt: stamp(v.Last.Ended),
	}
	s.Running = v.Facts != nil || s.Restarting
	if v.Facts != nil {
		s.Pid = v.Facts.Pid
	}
	return s
}

func inspectHost(v *View) InspectHost {
	p, w := &v.Plan, &v.Wish
	h := InspectHost{
		Binds: p.Binds, NetworkMode: p.Network, PortBindings: map[string][]InspectPort{}, AutoRemove: p.AutoRemove,
		VolumesFrom: p.VolumesFrom, CapAdd: p.CapAdd, CapDrop: p.CapDrop, DNS: p.DNS, DNSOptions: p.DNSOptions, DNSSearch: p.DNSSearch,
		ExtraHosts: p.Hosts, GroupAdd: p.Groups, IpcMode: first(p.IpcMode, "private"), PidMode: p.PidMode, UTSMode: p.UtsMode,
		Privileged: p.Privileged, PublishAllPorts: p.PublishAll, ReadonlyRootfs: p.ReadOnly, SecurityOpt: p.SecurityOpt,
		ShmSize: p.ShmSize, Init: p.Init, CPUShares: w.Limits.CPUShares, Memory: w.Limits.Memory, MemorySwap: w.Limits.MemorySwap,
		NanoCPUs: w.Limits.NanoCPUs, CPUPeriod: w.Limits.CPUPeriod, CPUQuota: w.Limits.CPUQuota,
		CpusetCpus: w.Limits.CpusetCpus, CpusetMems: w.Limits.CpusetMems, Sysctls: p.Sysctls,
	}
	h.LogConfig.Type, h.LogConfig.Config = "raw", map[string]string{}
	h.RestartPolicy.Name, h.RestartPolicy.MaximumRetryCount = first(w.Restart.Name, container.No), w.Restart.Max
	if w.Limits.Pids != 0 {
		h.PidsLimit = &w.Limits.Pids
	}
	for _, port := range w.Publish {
		key := fmt.Sprintf("%d/%s", port.ContainerPort, port.Protocol)
		h.PortBindings[key] = append(h.PortBindings[key], inspectPort(port))
	}
	return h
}

func inspectPort(p container.Port) InspectPort {
	if p.HostPort == 0 {
		return InspectPort{HostIP: p.HostIP}
	}
	return InspectPort{p.HostIP, fmt.Sprint(p.HostPort)}
}

func (at Paths) inspectMounts(v *View) []InspectMount {
	all := []InspectMount{}
	for _, m := range v.Plan.Mounts {
		i := InspectMount{
			Type: m.Kind, Name: m.Name, Source: m.Source, Destination: m.Target, Mode: m.Relabel, RW: !m.ReadOnly,
			Propagation: m.Propagation,
		}
		if m.Kind == "bind" {
			i.Propagation = first(m.Propagation, "rprivate")
		}
		if m.Kind == "volume" {
			i.Driver = "local"
			i.Source = at.Volume(m.Name)
		}
		all = append(all, i)
	}
	return all
}

func inspectConfig(v *View) InspectConfig {
	p := &v.Plan
	i := InspectConfig{
		Hostname: p.Hostname, Domainname: p.Domainname, User: p.User, AttachStdout: true, AttachStderr: true,
		ExposedPorts: map[string]struct{}{}, Tty: p.Tty, OpenStdin: p.Interactive, Env: p.Env, Cmd: p.Cmd, Image: p.Image,
		WorkingDir: p.Workdir, Entrypoint: p.Entrypoint, Labels: p.Labels, StopSignal: first(p.StopSignal, "SIGTERM"),
	}
	for _, port := range p.Exposed {
		i.ExposedPorts[port] = struct{}{}
	}
	return i
}

func inspectNetworks(v *View) InspectNetworks {
	n := InspectNetworks{Ports: map[string][]InspectPort{}, Networks: map[string]InspectEndpoint{}}
	for _, port := range v.Plan.Exposed {
		n.Ports[port] = nil
	}
	if v.Facts == nil {
		if Bridged(v.Plan.Network) {
			n.Networks[v.Plan.Network] = InspectEndpoint{Aliases: v.Plan.Aliases}
		}
		return n
	}
	n.SandboxKey = fmt.Sprintf("/proc/%d/ns/net", v.Facts.Pid)
	for _, p := range v.Facts.Ports {
		key := fmt.Sprintf("%d/%s", p.ContainerPort, p.Protocol)
		n.Ports[key] = append(n.Ports[key], inspectPort(p))
	}
	for i, ep := range v.Facts.Network {
		n.Networks[ep.Network] = InspectEndpoint{v.Plan.Aliases, ep.NetworkID, ep.ID, ep.Gateway, ep.IP, ep.Prefix, ep.MAC}
		if i == 0 {
			n.EndpointID, n.Gateway, n.IPAddress, n.IPPrefixLen, n.MacAddress = ep.ID, ep.Gateway, ep.IP, ep.Prefix, ep.MAC
		}
	}
	return n
}

// Format fills a Go template with what Inspect gives, with Docker's functions
// json join lower upper title split println.
func (c *Container) Format(ctx context.Context, text string) (string, error) {
	i, err := c.Inspect(ctx)
	if err != nil {
		return "", err
	}
	return Format(text, i)
}

// Format fills a Go template with any value, as `docker inspect -f` does.
func Format(text string, v any) (string, error) {
	t, err := template.New("format").Funcs(template.FuncMap{
		"json": func(v any) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		},
		"join": strings.Join, "lower": strings.ToLower, "upper": strings.ToUpper,
		"split": strings.Split,
		"title": func(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] },
	}).Parse(text)
	if err != nil {
		return "", fault.New(fault.Invalid, "the template: %v", err)
	}
	var b bytes.Buffer
	if err = t.Execute(&b, v); err == nil {
		return b.String(), nil
	}
	document, asJSON := plain(v)
	b.Reset()
	if asJSON != nil || t.Option("missingkey=error").Execute(&b, document) != nil {
		return "", fault.New(fault.Invalid, "the template: %v", err)
	}
	return b.String(), nil
}

// plain is a value as its JSON shows it: there the id is Id, which is what
// people write who read the document and not Docker's source.
func plain(v any) (document any, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err = d.Decode(&document)
	return document, err
}

// InspectNetwork is a network in Docker's form.
func (e *Engine) InspectNetwork(ctx context.Context, ref string) (network.Report, error) {
	return e.Networks.Inspect(ctx, ref, func(id string) string { return e.With(id).Name() })
}

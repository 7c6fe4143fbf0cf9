package image

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"neap/runtime/fault"
)

// The bounds of a configuration. Overlayfs stacks no more layers.
const (
	configLimit  = 4 << 20
	layerLimit   = 500
	envLimit     = 4096
	portLimit    = 1024
	volumeLimit  = 1024
	historyLimit = 2000
)

// document is a configuration as it is stored and digested: OCI's, which
// Docker's is too.
type document struct {
	Created      *time.Time `json:"created,omitempty"`
	Author       string     `json:"author,omitempty"`
	Comment      string     `json:"comment,omitempty"`
	Architecture string     `json:"architecture"`
	Variant      string     `json:"variant,omitempty"`
	OS           string     `json:"os"`
	Config       settings   `json:"config"`
	RootFS       rootFS     `json:"rootfs"`
	History      []History  `json:"history,omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// settings is a Config with the fields' names and shapes of the standard.
type settings struct {
	User         string              `json:",omitempty"`
	ExposedPorts map[string]struct{} `json:",omitempty"`
	Env          []string            `json:",omitempty"`
	Entrypoint   []string            `json:",omitempty"`
	Cmd          []string            `json:",omitempty"`
	Volumes      map[string]struct{} `json:",omitempty"`
	WorkingDir   string              `json:",omitempty"`
	Labels       map[string]string   `json:",omitempty"`
	StopSignal   string              `json:",omitempty"`
	Healthcheck  *Healthcheck        `json:",omitempty"`
	Shell        []string            `json:",omitempty"`
	OnBuild      []string            `json:",omitempty"`
}

// readDocument believes nothing: it is fault.Invalid where a configuration is
// beyond the bounds or is not one.
func readDocument(raw []byte) (*document, error) {
	if len(raw) > configLimit {
		return nil, fault.New(fault.Invalid, "the image's configuration is larger than %d bytes", configLimit)
	}
	doc := &document{}
	if err := json.Unmarshal(raw, doc); err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Message: "the image's configuration is not one", Cause: err}
	}
	return doc, doc.check()
}

func (d *document) check() error {
	counts := []struct {
		what        string
		have, limit int
	}{
		{"layers", len(d.RootFS.DiffIDs), layerLimit},
		{"environment variables", len(d.Config.Env), envLimit},
		{"exposed ports", len(d.Config.ExposedPorts), portLimit},
		{"volumes", len(d.Config.Volumes), volumeLimit},
		{"steps of history", len(d.History), historyLimit},
	}
	for _, c := range counts {
		if c.have > c.limit {
			return fault.New(fault.Invalid, "the image has %d %s, beyond the limit of %d", c.have, c.what, c.limit)
		}
	}
	if d.RootFS.Type != "layers" || len(d.RootFS.DiffIDs) == 0 {
		return fault.New(fault.Invalid, "the image's configuration names no layers")
	}
	for _, id := range d.RootFS.DiffIDs {
		if _, ok := digits(id); !ok || !strings.HasPrefix(id, algorithm) {
			return fault.New(fault.Invalid, "the image's configuration has %q for a layer", clip(id))
		}
	}
	return nil
}

func clip(s string) string { return s[:min(len(s), 80)] }

// config is the settings a container can be made with: what makes no sense in
// them is left out, as it would be by never having been said.
func (s settings) config() Config {
	c := Config{
		Env: s.Env, Entrypoint: s.Entrypoint, Cmd: s.Cmd, Workdir: s.WorkingDir, User: s.User,
		Volumes: slices.Sorted(maps.Keys(s.Volumes)), Labels: s.Labels,
		Shell: s.Shell, OnBuild: s.OnBuild,
	}
	for port := range s.ExposedPorts {
		if p, ok := readPort(port); ok {
			c.ExposedPorts = append(c.ExposedPorts, p)
		}
	}
	slices.SortFunc(c.ExposedPorts, byNumber)
	c.ExposedPorts = slices.Compact(c.ExposedPorts)
	if len(s.StopSignal) <= 20 && only(s.StopSignal, letter+"+-") {
		c.StopSignal = s.StopSignal
	}
	if h := s.Healthcheck; h != nil && len(h.Test) > 0 {
		sane := *h
		for _, d := range []*time.Duration{&sane.Interval, &sane.Timeout, &sane.StartPeriod, &sane.StartInterval} {
			if *d < time.Millisecond {
				*d = 0
			}
		}
		sane.Retries = max(sane.Retries, 0)
		c.Healthcheck = &sane
	}
	return c
}

func (c Config) settings() settings {
	return settings{
		Env: c.Env, Entrypoint: c.Entrypoint, Cmd: c.Cmd, WorkingDir: c.Workdir, User: c.User,
		Volumes: set(c.Volumes), ExposedPorts: set(c.ExposedPorts), Labels: c.Labels,
		StopSignal: c.StopSignal, Healthcheck: c.Healthcheck, Shell: c.Shell, OnBuild: c.OnBuild,
	}
}

func set(names []string) map[string]struct{} {
	if len(names) == 0 {
		return nil
	}
	all := make(map[string]struct{}, len(names))
	for _, n := range names {
		all[n] = struct{}{}
	}
	return all
}

// readPort is "80" or "80/tcp" as "80/tcp".
func readPort(port string) (string, bool) {
	number, proto, found := strings.Cut(strings.ToLower(port), "/")
	if !found {
		proto = "tcp"
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 || proto != "tcp" && proto != "udp" && proto != "sctp" {
		return "", false
	}
	return strconv.FormatUint(n, 10) + "/" + proto, true
}

func byNumber(a, b string) int {
	x, _ := strconv.Atoi(strings.TrimRight(a, "/tcpuds"))
	y, _ := strconv.Atoi(strings.TrimRight(b, "/tcpuds"))
	return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
}

// compose is the bytes of a configuration that is made here.
func (d *document) compose() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(d)
	return bytes.TrimSpace(buf.Bytes()), err
}

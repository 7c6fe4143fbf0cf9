package volume

import (
	"encoding/csv"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"neap/runtime/fault"
)

// ParseMount reads what --mount takes: type=...,source=...,target=... and
// more. A source of a bind must exist, unlike that of -v.
func ParseMount(spec string) (Mount, error) {
	fields, err := csv.NewReader(strings.NewReader(spec)).Read()
	if err != nil {
		return Mount{}, bad(spec, mountGrammar, "it is not a list of key=value with commas")
	}
	m := Mount{Kind: "volume"}
	source := ""
	for _, field := range fields {
		key, value, has := strings.Cut(field, "=")
		set := mountKeys()[strings.ToLower(strings.TrimSpace(key))]
		if set == nil {
			return m, bad(spec, mountGrammar, "there is no key %q", key)
		}
		if err := set(&m, &source, value, has); err != nil {
			if fault.Is(err, fault.Unsupported) {
				return m, fault.Wrap("mount", spec, err)
			}
			return m, bad(spec, mountGrammar, "%s: %s", key, err)
		}
	}
	return m, m.settle(spec, source)
}

// settle checks the whole of a --mount.
func (m *Mount) settle(spec, source string) error {
	switch m.Kind {
	case "bind":
		if !strings.HasPrefix(source, "/") {
			return bad(spec, mountGrammar, "the source %q is not an absolute path", source)
		}
		m.Source = path.Clean(source)
	case "volume":
		if source != "" && CheckName(source) != nil {
			return bad(spec, mountGrammar, "%q is not a name for a volume", source)
		}
		m.Name = source
	default:
		if source != "" {
			return bad(spec, mountGrammar, "a tmpfs has no source")
		}
	}
	if wrong := m.stranger(); wrong != "" {
		return bad(spec, mountGrammar, "%s is not for type=%s", wrong, m.Kind)
	}
	return m.at(spec, mountGrammar)
}

// stranger names a key that another type has.
func (m *Mount) stranger() string {
	switch {
	case m.Kind != "bind" && m.Propagation != "":
		return "bind-propagation"
	case m.Kind != "bind" && m.NonRecursive:
		return "bind-recursive"
	case m.Kind != "volume" && (m.NoCopy || m.Labels != nil || m.DriverOptions != nil):
		return "volume-nocopy, volume-label or volume-opt"
	case m.Kind != "tmpfs" && m.Options != "":
		return "tmpfs-size or tmpfs-mode"
	}
	return ""
}

type setter func(m *Mount, source *string, value string, has bool) error

// mountKeys says what each key of --mount does.
func mountKeys() map[string]setter {
	text := func(to func(*Mount, *string) *string) setter {
		return func(m *Mount, source *string, value string, _ bool) error {
			*to(m, source) = value
			return nil
		}
	}
	flag := func(to func(*Mount) *bool) setter {
		return func(m *Mount, _ *string, value string, has bool) error { return truth(to(m), value, has) }
	}
	source := text(func(_ *Mount, s *string) *string { return s })
	target := text(func(m *Mount, _ *string) *string { return &m.Target })
	readonly := flag(func(m *Mount) *bool { return &m.ReadOnly })
	keys := map[string]setter{
		"source": source, "src": source, "target": target, "destination": target, "dst": target,
		"readonly": readonly, "ro": readonly, "type": setKind,
		"bind-propagation":  setPropagation,
		"bind-nonrecursive": flag(func(m *Mount) *bool { return &m.NonRecursive }),
		"bind-recursive":    setRecursive,
		"volume-nocopy":     flag(func(m *Mount) *bool { return &m.NoCopy }),
		"volume-driver":     setDriver,
		"volume-label":      pair(func(m *Mount) *map[string]string { return &m.Labels }),
		"volume-opt":        pair(func(m *Mount) *map[string]string { return &m.DriverOptions }),
		"tmpfs-size":        setSize, "tmpfs-mode": setMode,
		"consistency": func(*Mount, *string, string, bool) error { return nil },
	}
	for _, key := range []string{"volume-subpath", "image-subpath", "bind-create-src"} {
		keys[key] = func(*Mount, *string, string, bool) error { return fault.New(fault.Unsupported, "%s is not built", key) }
	}
	return keys
}

func truth(to *bool, value string, has bool) error {
	if !has {
		*to = true
		return nil
	}
	is, err := strconv.ParseBool(value)
	if err != nil {
		return fault.New(fault.Invalid, "%q is neither true nor false", value)
	}
	*to = is
	return nil
}

func setKind(m *Mount, _ *string, value string, _ bool) error {
	switch value {
	case "bind", "volume", "tmpfs":
		m.Kind = value
		return nil
	case "image", "npipe", "cluster":
		return fault.New(fault.Unsupported, "neap has no mounts of type %s", value)
	}
	return fault.New(fault.Invalid, "%q is not bind, volume or tmpfs", value)
}

func setPropagation(m *Mount, _ *string, value string, _ bool) error {
	if !propagations()[value] {
		return fault.New(fault.Invalid, "%q is not one of %s", value, strings.Join(slices.Sorted(maps.Keys(propagations())), ", "))
	}
	m.Propagation = value
	return nil
}

func setRecursive(m *Mount, _ *string, value string, _ bool) error {
	switch value {
	case "enabled":
	case "disabled":
		m.NonRecursive = true
	case "writable", "readonly":
		return fault.New(fault.Unsupported, "bind-recursive=%s is not built", value)
	default:
		return fault.New(fault.Invalid, "%q is not enabled or disabled", value)
	}
	return nil
}

func setDriver(_ *Mount, _ *string, value string, _ bool) error {
	if value != "local" {
		return fault.New(fault.Unsupported, "there is no volume driver %q", value)
	}
	return nil
}

func pair(to func(*Mount) *map[string]string) setter {
	return func(m *Mount, _ *string, value string, _ bool) error {
		key, text, _ := strings.Cut(value, "=")
		if key == "" {
			return fault.New(fault.Invalid, "%q is not KEY=VALUE", value)
		}
		all := to(m)
		if *all == nil {
			*all = map[string]string{}
		}
		(*all)[key] = text
		return nil
	}
}

func setSize(m *Mount, _ *string, value string, _ bool) error {
	text := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(value), "b"), "i")
	digits := strings.TrimRight(text, "kmg")
	if _, err := strconv.ParseUint(digits, 10, 63); err != nil || len(text)-len(digits) > 1 {
		return fault.New(fault.Invalid, "%q is not a size", value)
	}
	m.add("size=" + text)
	return nil
}

func setMode(m *Mount, _ *string, value string, _ bool) error {
	mode, err := strconv.ParseUint(value, 8, 12)
	if err != nil {
		return fault.New(fault.Invalid, "%q is not an octal mode", value)
	}
	m.add("mode=" + strconv.FormatUint(mode, 8))
	return nil
}

// add adds an option of a tmpfs.
func (m *Mount) add(o string) {
	m.Options = strings.TrimPrefix(m.Options+","+o, ",")
}

package volume

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"neap/runtime/fault"
)

// A Mount is one -v, --mount or --tmpfs.
type Mount struct {
	Kind          string // "bind", "volume" or "tmpfs"
	Name          string // of a volume; "" for an anonymous one
	Source        string // of a bind: absolute
	Target        string // absolute and clean, never "/"
	ReadOnly      bool
	NoCopy        bool   // of a volume: do not fill it from the image
	Create        bool   // of a bind: make a missing source, a directory
	NonRecursive  bool   // of a bind: without what is mounted below it
	Propagation   string // of a bind: private, rprivate, shared, rshared, slave, rslave or "" for the usual
	Relabel       string // "z" (shared) or "Z" (private) or ""
	Options       string // of a tmpfs: as mount(8) -o has them
	Labels        map[string]string
	DriverOptions map[string]string // of a volume that is to be made
}

// The grammars, for errors.
const (
	grammar      = "[SOURCE:]TARGET[:OPTIONS], where SOURCE is an absolute path or a volume, TARGET an absolute path, and OPTIONS some of ro rw z Z nocopy [r]private [r]shared [r]slave"
	tmpfsGrammar = "TARGET[:OPTIONS], where OPTIONS are as size=64m,mode=1777,noexec"
	mountGrammar = "type=bind|volume|tmpfs,source=...,target=...[,readonly][,...]"
)

func bad(spec, grammar, format string, args ...any) error {
	err := fault.New(fault.Invalid, format, args...)
	err.Op, err.Object = "mount", spec
	return err.WithHint("write %s", grammar)
}

// Parse reads what -v takes: [source:]target[:options]. An absolute source is
// a directory of the host, which is made if it is missing; any other is the
// name of a volume; none is an anonymous volume. It is fault.Invalid, saying
// what is wrong with the grammar.
func Parse(spec string) (Mount, error) {
	parts := strings.Split(spec, ":")
	var m Mount
	var source, options string
	switch len(parts) {
	case 1:
		m.Target = parts[0]
	case 2:
		source, m.Target = parts[0], parts[1]
		if strings.HasPrefix(source, "/") && isOptions(m.Target) {
			return m, bad(spec, grammar, "options need a source")
		}
	case 3:
		source, m.Target, options = parts[0], parts[1], parts[2]
	default:
		return m, bad(spec, grammar, "it has %d colons", len(parts)-1)
	}
	if len(parts) > 1 && source == "" {
		return m, bad(spec, grammar, "the source is empty")
	}
	if len(parts) == 3 && options == "" {
		return m, bad(spec, grammar, "the options are empty")
	}
	if err := m.from(spec, source); err != nil {
		return m, err
	}
	if err := m.at(spec, grammar); err != nil {
		return m, err
	}
	return m, m.with(spec, options)
}

// Anonymous is the mount of an anonymous volume at target, as an image asks for
// it: all of target is a path, and no part of it a source or an option.
func Anonymous(target string) (Mount, error) {
	m := Mount{Kind: "volume", Target: target}
	return m, m.at(target, "an absolute path")
}

func isOptions(s string) bool {
	return !slices.ContainsFunc(strings.Split(s, ","), func(o string) bool { return !words()[o] && !propagations()[o] })
}

func words() map[string]bool {
	return map[string]bool{"ro": true, "rw": true, "z": true, "Z": true, "nocopy": true, "consistent": true, "cached": true, "delegated": true}
}

func propagations() map[string]bool {
	return map[string]bool{"private": true, "rprivate": true, "shared": true, "rshared": true, "slave": true, "rslave": true}
}

// from sets where the content comes from.
func (m *Mount) from(spec, source string) error {
	switch {
	case strings.HasPrefix(source, "/"):
		m.Kind, m.Source, m.Create = "bind", path.Clean(source), true
	case source == "" || CheckName(source) == nil:
		m.Kind, m.Name = "volume", source
	case strings.ContainsAny(source, "/") || source[0] == '.' || source[0] == '~':
		return bad(spec, grammar, "the source %q is not an absolute path", source)
	default:
		return bad(spec, grammar, "%q is not a name for a volume", source)
	}
	return nil
}

// at checks and cleans the target.
func (m *Mount) at(spec, grammar string) error {
	switch {
	case m.Target == "":
		return bad(spec, grammar, "the target is empty")
	case !strings.HasPrefix(m.Target, "/"):
		return bad(spec, grammar, "the target %q is not an absolute path", m.Target)
	case path.Clean(m.Target) == "/":
		return bad(spec, grammar, "the target cannot be the root directory")
	case strings.ContainsRune(m.Target+m.Source, 0):
		return bad(spec, grammar, "a path cannot contain a zero byte")
	}
	m.Target = path.Clean(m.Target)
	return nil
}

// with reads the options of -v: one of each group at most.
func (m *Mount) with(spec, options string) error {
	seen := map[string]string{}
	for _, word := range strings.FieldsFunc(options, func(r rune) bool { return r == ',' }) {
		group := m.option(word)
		if group == "" {
			return bad(spec, grammar, "there is no option %q", word)
		}
		if other, twice := seen[group]; twice {
			return bad(spec, grammar, "%s and %s exclude each other", other, word)
		}
		seen[group] = word
	}
	switch {
	case m.NoCopy && m.Kind == "bind":
		return bad(spec, grammar, "nocopy is for volumes only")
	case m.Propagation != "" && m.Kind != "bind":
		return bad(spec, grammar, "propagation (%s) is for directories of the host only", m.Propagation)
	}
	return nil
}

// option sets one option and gives the group of which there may be one.
func (m *Mount) option(word string) (group string) {
	switch {
	case word == "ro" || word == "rw":
		m.ReadOnly = word == "ro"
		return "mode"
	case word == "z" || word == "Z":
		m.Relabel = word
		return "label"
	case word == "nocopy":
		m.NoCopy = true
		return "copy"
	case propagations()[word]:
		m.Propagation = word
		return "propagation"
	case words()[word]: // of other systems, without meaning here
		return "consistency"
	}
	return ""
}

// ParseTmpfs reads what --tmpfs takes: target[:options], options as mount(8)
// has them for a tmpfs.
func ParseTmpfs(spec string) (Mount, error) {
	target, options, _ := strings.Cut(spec, ":")
	m := Mount{Kind: "tmpfs", Target: target, Options: options}
	if err := m.at(spec, tmpfsGrammar); err != nil {
		return m, err
	}
	for _, o := range strings.FieldsFunc(options, func(r rune) bool { return r == ',' }) {
		if !tmpfsOption().MatchString(o) {
			return m, bad(spec, tmpfsGrammar, "a tmpfs has no option %q", o)
		}
		if o == "ro" {
			m.ReadOnly = true
		}
	}
	return m, nil
}

// tmpfsOption is compiled only where it is used: programs that never mount pay
// nothing.
func tmpfsOption() *regexp.Regexp {
	return regexp.MustCompile(`^(ro|rw|(no)?exec|(no)?suid|(no)?dev|(no|rel|strict)?atime|(no)?diratime|sync|async|` +
		`size=\d+[kKmMgG%]?|nr_inodes=\d+[kKmMgG]?|nr_blocks=\d+[kKmMgG]?|mode=[0-7]{3,4}|uid=\d+|gid=\d+|huge=(never|always|within_size|advise))$`)
}

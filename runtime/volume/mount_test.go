package volume

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"neap/runtime/fault"
)

func TestParse(t *testing.T) {
	for spec, want := range map[string]Mount{
		"/data":                      {Kind: "volume", Target: "/data"},
		"www:/data/":                 {Kind: "volume", Name: "www", Target: "/data"},
		"/srv/x/../www:/data":        {Kind: "bind", Source: "/srv/www", Target: "/data", Create: true},
		"/a:/b:ro,Z,rslave":          {Kind: "bind", Source: "/a", Target: "/b", ReadOnly: true, Relabel: "Z", Propagation: "rslave", Create: true},
		"/:/host:ro":                 {Kind: "bind", Source: "/", Target: "/host", ReadOnly: true, Create: true},
		"www:/b:nocopy,rw":           {Kind: "volume", Name: "www", Target: "/b", NoCopy: true},
		"www:/b:cached":              {Kind: "volume", Name: "www", Target: "/b"},
		"/home/u/m y:/usr/x/htdocs/": {Kind: "bind", Source: "/home/u/m y", Target: "/usr/x/htdocs", Create: true},
	} {
		if got, err := Parse(spec); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", spec, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for spec, want := range map[string]string{
		"":                    "target is empty",
		"data":                "not an absolute path",
		"/":                   "root directory",
		"a:/..":               "root directory",
		"a:b":                 `target "b" is not an absolute`,
		"/foo:rw":             "options need a source",
		"./a:/b":              "not an absolute path",
		"a/b:/c":              "not an absolute path",
		"~/a:/c":              "not an absolute path",
		"-a:/c":               "not a name",
		":/c":                 "source is empty",
		"a:/b:":               "options are empty",
		"a:/b:ro:z":           "3 colons",
		"a:/b:exec":           `no option "exec"`,
		"a:/b:ro,rw":          "exclude each other",
		"a:/b:z,Z":            "exclude each other",
		"/a:/b:nocopy":        "for volumes only",
		"a:/b:rshared":        "directories of the host only",
		"/a:/b:shared,rslave": "exclude each other",
	} {
		_, err := Parse(spec)
		var known *fault.Error
		if !errors.As(err, &known) || known.Kind != fault.Invalid || !strings.Contains(err.Error(), want) || known.Object != spec || !strings.Contains(known.Hint, "TARGET") {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}

func TestParseNeverTrustsATarget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := rapid.StringMatching(`[a-z/.:,~ -]{0,30}`).Draw(t, "spec")
		m, err := Parse(spec)
		if err != nil {
			return
		}
		if !strings.HasPrefix(m.Target, "/") || m.Target == "/" || strings.Contains(m.Target+"/", "/../") {
			t.Errorf("%q: %+v", spec, m)
		}
		if m.Kind == "bind" && !strings.HasPrefix(m.Source, "/") || m.Kind == "volume" && m.Name != "" && CheckName(m.Name) != nil {
			t.Errorf("%q: %+v", spec, m)
		}
	})
}

func TestParseTmpfs(t *testing.T) {
	got, err := ParseTmpfs("/run:size=64m,mode=1777,ro")
	if want := (Mount{Kind: "tmpfs", Target: "/run", ReadOnly: true, Options: "size=64m,mode=1777,ro"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, spec := range []string{"", "run", "/", "/x:size=", "/x:context=foo", "/x:size=1,lowerdir=/etc"} {
		if _, err := ParseTmpfs(spec); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", spec, err)
		}
	}
}

func TestParseMount(t *testing.T) {
	for spec, want := range map[string]Mount{
		"type=bind,source=/a,target=/b,readonly":          {Kind: "bind", Source: "/a", Target: "/b", ReadOnly: true},
		"type=bind,src=/a,dst=/b,ro=false":                {Kind: "bind", Source: "/a", Target: "/b"},
		`type=bind,"src=/a,b",dst=/b`:                     {Kind: "bind", Source: "/a,b", Target: "/b"},
		"type=bind,src=/a,dst=/b,bind-propagation=slave":  {Kind: "bind", Source: "/a", Target: "/b", Propagation: "slave"},
		"type=bind,src=/a,dst=/b,bind-recursive=disabled": {Kind: "bind", Source: "/a", Target: "/b", NonRecursive: true},
		"source=www,target=/b,volume-nocopy":              {Kind: "volume", Name: "www", Target: "/b", NoCopy: true},
		"target=/b":                                       {Kind: "volume", Target: "/b"},
		"target=/b,volume-label=a=b,volume-opt=type=none": {
			Kind: "volume", Target: "/b", Labels: map[string]string{"a": "b"}, DriverOptions: map[string]string{"type": "none"},
		},
		"type=tmpfs,target=/t,tmpfs-size=64MiB,tmpfs-mode=1777": {Kind: "tmpfs", Target: "/t", Options: "size=64m,mode=1777"},
	} {
		if got, err := ParseMount(spec); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", spec, got, err)
		}
	}
	for spec, kind := range map[string]fault.Kind{
		"":                                   fault.Invalid,
		"type=bind,target=/b":                fault.Invalid,
		"type=bind,src=a,target=/b":          fault.Invalid,
		"type=foo,target=/b":                 fault.Invalid,
		"type=image,src=x,target=/b":         fault.Unsupported,
		"src=x,target=/b,volume-subpath=y":   fault.Unsupported,
		"type=tmpfs,src=x,target=/b":         fault.Invalid,
		"target=/b,tmpfs-size=1g":            fault.Invalid,
		"type=tmpfs,target=/b,tmpfs-size=x":  fault.Invalid,
		"type=tmpfs,target=/b,volume-nocopy": fault.Invalid,
		"target=/b,ro=maybe":                 fault.Invalid,
		"target=/b,mode=3":                   fault.Invalid,
		"target=b":                           fault.Invalid,
	} {
		if _, err := ParseMount(spec); !fault.Is(err, kind) {
			t.Errorf("%s: %v, want %s", spec, err, kind)
		}
	}
}

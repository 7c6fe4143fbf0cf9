package plan_test

import (
	"context"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"neap/bindings"
	"neap/bindings/plan"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/network"
	"neap/runtime/volume"
)

// methods says of every method of the interfaces that a plan stands before
// whether it changes something. Those that change are recorded, and do not
// reach the runtime; the others are read from it.
func methods() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[bindings.Containers](): "Create! Run! Once! Find Get Briefs With Names",
		reflect.TypeFor[bindings.Container]():  "ID Look State Cgroup UsedBy Rename! Update! Protect! Remove! Start! Stop! Kill! Restart! Pause! Unpause! WhilePaused! Wait WaitFor StartAttached! Attach! Exec! ExecTerminal! Spawn! Logs Lines Inspect Format Top Freezer",
		reflect.TypeFor[bindings.Exec]():       "Pid Read Write! CloseInput! Kill! Wait! Close",
		reflect.TypeFor[bindings.Lines]():      "Next Format Close",
		reflect.TypeFor[bindings.Images]():     "Pull! Load! Import! Save! Push! Find Get List Remove!",
		reflect.TypeFor[bindings.Image]():      "ID Look UsedBy Tag! Untag! Remove! Inspect",
		reflect.TypeFor[bindings.Volumes]():    "Create! Find Get List",
		reflect.TypeFor[bindings.Volume]():     "Name Look Size UsedBy Rename! Protect! Remove! Inspect",
		reflect.TypeFor[bindings.Networks]():   "Create! Find Get List",
		reflect.TypeFor[bindings.Network]():    "ID Name Look UsedBy Remove! Inspect",
		reflect.TypeFor[bindings.Ports]():      "List Pick Owner",
		reflect.TypeFor[bindings.System]():     "Info",
		reflect.TypeFor[bindings.Scopes]():     "OpenScope! KeepContainer! KeepVolume! KeepNetwork! KeepImage!",
		reflect.TypeFor[bindings.Scope]():      "End!",
	}
}

func TestEveryMethodIsAReadOrAChange(t *testing.T) {
	known := methods()
	nouns := reflect.TypeFor[bindings.Nouns]()
	for i := range nouns.NumField() {
		if f := nouns.Field(i); known[f.Type] == "" {
			t.Errorf("Nouns.%s: %s is not in the table", f.Name, f.Type)
		}
	}
	for typ, list := range known {
		names := strings.Fields(strings.ReplaceAll(list, "!", ""))
		for i := range typ.NumMethod() {
			name := typ.Method(i).Name
			if !slices.Contains(names, name) {
				t.Errorf("%s.%s is in the table neither as a read nor as a change", typ, name)
			}
			names = slices.DeleteFunc(names, func(n string) bool { return n == name })
		}
		for _, name := range names {
			t.Errorf("%s.%s does not exist", typ, name)
		}
	}
}

// ground is a runtime with one of each noun. Whoever asks it for a change gets a
// panic, as there is nothing below.
type ground struct{ bindings.Containers }

func (ground) Find(context.Context, string) (bindings.Container, error) { return house{}, nil }
func (ground) Get(context.Context, string) (bindings.Container, error)  { return house{}, nil }
func (ground) With(context.Context, string) bindings.Container          { return house{} }
func (ground) Briefs(context.Context) ([]*container.Brief, error)       { return nil, nil }

type house struct{ bindings.Container }

func (house) ID() string { return strings.Repeat("ab", 32) }

func (house) State(context.Context) (container.State, error) { return container.Running, nil }
func (house) UsedBy(context.Context) ([]string, error)       { return nil, nil }
func (h house) Look(context.Context) (*engine.View, error) {
	return &engine.View{ID: h.ID(), Name: "house", State: container.Running, Facts: &container.Facts{}}, nil
}

type gallery struct{ bindings.Images }

func (gallery) Find(context.Context, string) (bindings.Image, error) { return painting{}, nil }
func (gallery) Get(context.Context, string) (bindings.Image, error)  { return painting{}, nil }
func (gallery) List(context.Context) ([]bindings.Image, error)       { return nil, nil }

type painting struct{ bindings.Image }

func (painting) ID() string                               { return "sha256:" + strings.Repeat("cd", 32) }
func (painting) UsedBy(context.Context) ([]string, error) { return nil, nil }
func (p painting) Look(context.Context) (*image.Image, error) {
	return &image.Image{ID: p.ID(), Tags: []string{"other:latest", "kill:latest"}, Config: image.Config{Cmd: []string{"sh"}}}, nil
}

type cellar struct{ bindings.Volumes }

func (cellar) Find(_ context.Context, name string) (bindings.Volume, error) {
	if name == "cask" {
		return cask{}, nil
	}
	return nil, nil
}

func (cellar) Get(context.Context, string) (bindings.Volume, error) { return cask{}, nil }
func (cellar) List(context.Context) ([]bindings.Volume, error)      { return []bindings.Volume{cask{}}, nil }

type cask struct{ bindings.Volume }

func (cask) Name() string                             { return "cask" }
func (cask) UsedBy(context.Context) ([]string, error) { return nil, nil }
func (cask) Size(context.Context) (int64, error)      { return 7, nil }
func (cask) Look(context.Context) (*volume.Volume, error) {
	return &volume.Volume{Name: "cask", Driver: "local"}, nil
}

type streets struct{ bindings.Networks }

func (streets) Find(_ context.Context, name string) (bindings.Network, error) {
	if name == "street" {
		return street{}, nil
	}
	return nil, nil
}

func (streets) Get(context.Context, string) (bindings.Network, error) { return street{}, nil }

type street struct{ bindings.Network }

func (street) ID() string                               { return strings.Repeat("ef", 32) }
func (street) Name() string                             { return "street" }
func (street) UsedBy(context.Context) ([]string, error) { return nil, nil }
func (s street) Look(context.Context) (network.Network, error) {
	return network.Network{ID: s.ID(), Name: "street"}, nil
}

type keeps struct{ bindings.Scopes }

// TestNoChangeReachesTheRuntime calls every change with a recording, of a
// runtime that can only be read.
func TestNoChangeReachesTheRuntime(t *testing.T) {
	p := plan.New(plan.Options{})
	n := p.Over(bindings.Nouns{Containers: ground{}, Images: gallery{}, Volumes: cellar{}, Networks: streets{}, Scopes: keeps{}})
	handles := func(ctx context.Context) map[reflect.Type]any {
		c, _ := n.Containers.Get(ctx, "house")
		i, _ := n.Images.Get(ctx, "painting")
		v, _ := n.Volumes.Get(ctx, "cask")
		w, _ := n.Networks.Get(ctx, "street")
		x, err := c.Spawn(ctx, engine.ExecSpec{Argv: []string{"sh"}})
		if err != nil {
			t.Fatal(err)
		}
		_, s := n.Scopes.OpenScope(ctx)
		return map[reflect.Type]any{
			reflect.TypeFor[bindings.Containers](): n.Containers, reflect.TypeFor[bindings.Container](): c,
			reflect.TypeFor[bindings.Exec](): x, reflect.TypeFor[bindings.Images](): n.Images, reflect.TypeFor[bindings.Image](): i,
			reflect.TypeFor[bindings.Volumes](): n.Volumes, reflect.TypeFor[bindings.Volume](): v,
			reflect.TypeFor[bindings.Networks](): n.Networks, reflect.TypeFor[bindings.Network](): w,
			reflect.TypeFor[bindings.Scopes](): n.Scopes, reflect.TypeFor[bindings.Scope](): s,
		}
	}
	for typ, list := range methods() {
		for _, word := range strings.Fields(list) {
			name, changes := strings.CutSuffix(word, "!")
			if !changes {
				continue
			}
			t.Run(typ.Name()+"."+name, func(t *testing.T) {
				ctx, made := p.Begin(t.Context())
				before := handles(ctx)[typ]
				noted := len(made.Changes())
				if err := call(ctx, before, name); err != nil {
					t.Error(err)
				}
				lasting := typ != reflect.TypeFor[bindings.Scopes]() && typ != reflect.TypeFor[bindings.Scope]()
				idle := name == "Start" || name == "Unpause" // of one that runs
				if lasting && !idle && len(made.Changes()) <= noted {
					t.Errorf("it recorded nothing")
				}
			})
		}
	}
}

// call calls a method with arguments that make sense, and gives its error unless
// that is one that a recording may give.
func call(ctx context.Context, on any, name string) error {
	m := reflect.ValueOf(on).MethodByName(name)
	var args []reflect.Value
	for i := range m.Type().NumIn() {
		args = append(args, argument(ctx, m.Type().In(i)))
	}
	for _, r := range m.Call(args) {
		if err, ok := r.Interface().(error); ok && !fault.Is(err, fault.NotFound) {
			if _, planned := err.(*bindings.Planned); !planned { //nolint:errorlint // as it is given
				return err
			}
		}
	}
	return nil
}

func argument(ctx context.Context, typ reflect.Type) reflect.Value {
	switch typ {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(ctx)
	case reflect.TypeFor[string]():
		return reflect.ValueOf("kill")
	case reflect.TypeFor[bool]():
		return reflect.ValueOf(true)
	case reflect.TypeFor[[]string]():
		return reflect.ValueOf([]string{"a"})
	case reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Second)
	case reflect.TypeFor[engine.Spec]():
		return reflect.ValueOf(engine.Spec{Image: "painting", Argv: []string{"sh"}, Network: "none"})
	case reflect.TypeFor[engine.RemoveOptions]():
		return reflect.ValueOf(engine.RemoveOptions{Force: true})
	case reflect.TypeFor[bindings.Archive]():
		return reflect.ValueOf(bindings.Archive{Path: "-", Stdin: strings.NewReader("")})
	case reflect.TypeFor[func(context.Context) error]():
		return reflect.ValueOf(func(context.Context) error { return nil })
	case reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(strings.NewReader(""))
	}
	return reflect.Zero(typ)
}

package bind_test

import (
	"context"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
	"neap/runtime/fault"
)

type box struct {
	name, state string
	size        int64
	created     time.Time
	labels      map[string]string
}

type spec struct {
	Image, Name string
	Argv, Env   []string
	Memory      int64
}

type yard struct{ boxes []*box }

func (y *yard) find(_ context.Context, name string) (*box, error) {
	for _, b := range y.boxes {
		if b.name == name {
			return b, nil
		}
	}
	return nil, &fault.Error{Kind: fault.NotFound, Op: "find container", Object: name, Message: "there is none"}
}

func (y *yard) class() *bind.Class[*box] {
	k := bind.NewClass[*box]("Container", "a box")
	k.Text = func(b *box) string { return b.name }
	k.Same = func(a, b *box) bool { return a.name == b.name }
	k.Find = y.find
	k.Hints = map[string]string{"status": "state"}
	k.Bulk = []string{"stop"}
	k.Columns = []string{"name", "state", "size"}
	k.Fields = []bind.Field[*box]{
		bind.Plain("name", bind.String, "its name", func(b *box) string { return b.name }),
		bind.Get("state", bind.OneOf("created", "running", "exited"), "what it does", func(_ context.Context, b *box) (string, error) { return b.state, nil }),
		bind.Plain("size", bind.Size, "bytes", func(b *box) int64 { return b.size }),
		bind.Plain("created", bind.Time, "when", func(b *box) time.Time { return b.created }),
		bind.Plain("error", bind.Maybe(bind.String), "what went wrong", func(*box) string { return "" }),
	}
	k.Extra = []bind.Field[*box]{bind.Plain("label", bind.Map, "labels", func(b *box) map[string]string { return b.labels })}
	k.Methods = []bind.Method[*box]{
		bind.Act1(k, "stop", "Stop it.", bind.Opt("timeout", bind.Duration, 10*time.Second, "how long"), func(_ context.Context, b *box, _ time.Duration) error {
			if b.state == "created" {
				return fault.New(fault.Conflict, "it does not run")
			}
			b.state = "exited"
			return nil
		}),
		bind.Method0("crash", "Panic.", bind.Nothing, func(context.Context, *box) (bind.Void, error) { panic("oops") }),
		bind.Method1("each", "Call back.", bind.Req("fn", bind.Function(bind.Returns(bind.Int, ""), bind.Int), "fn"), bind.Returns(bind.Int, "sum"),
			func(ctx context.Context, _ *box, fn bind.Callback[int, int]) (sum int, err error) {
				for i := range 3 {
					n, err := fn.Call(ctx, i)
					if err != nil {
						return 0, err
					}
					sum += n
				}
				return sum, nil
			}),
	}
	return k
}

func (y *yard) modules() []*bind.Module {
	k := y.class()
	options := &bind.Record[spec]{
		Name: "RunOptions", Doc: "what to run",
		New:   func() spec { return spec{Name: "made-up"} },
		Array: bind.Headed("image", bind.String, "the image", func(s *spec) *string { return &s.Image }, "argv", func(s *spec) *[]string { return &s.Argv }),
		Keys: []bind.Key[spec]{
			bind.K("name", bind.String, "name", func(s *spec) *string { return &s.Name }),
			bind.K("memory", bind.Size, "memory", func(s *spec) *int64 { return &s.Memory }),
			bind.K("env", bind.Pairs, "environment", func(s *spec) *[]string { return &s.Env }),
		},
	}
	return []*bind.Module{{Name: "containers", Doc: "boxes", Funcs: []*bind.Func{
		bind.Func1("run", "Run.", bind.Options(options), bind.Returns(k.Kind(), "it"), func(_ context.Context, s spec) (*box, error) {
			b := &box{name: s.Name, state: "running", size: s.Memory, labels: map[string]string{"env": strings.Join(s.Env, " ")}}
			y.boxes = append(y.boxes, b)
			return b, nil
		}),
		bind.Func1("get", "Get.", bind.Req("name", bind.String, "name"), bind.Returns(k.Kind(), "it"), y.find),
		bind.Func1("name_of", "Its name.", bind.Req("container", k.Kind(), "which"), bind.Returns(bind.String, "it"),
			func(_ context.Context, b *box) (string, error) { return b.name, nil }),
		bind.Func1("list", "List.", bind.Opt("filter", k.Filter().Kind(), bind.Select[*box]{}, "which"), bind.Returns(k.List(), "them"),
			func(ctx context.Context, s bind.Select[*box]) ([]*box, error) { return s.Keep(ctx, y.boxes) }),
	}}}
}

func testYard() *yard {
	return &yard{boxes: []*box{
		{"web", "running", 1 << 30, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), map[string]string{"tier": "front", "app": "x"}},
		{"db", "exited", 1 << 20, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), map[string]string{"tier": "back"}},
		{"new", "created", 5, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), nil},
	}}
}

func newState(t testing.TB) *bind.State {
	L := lua.NewState(lua.Options{CallStackSize: 4096, RegistrySize: 256, RegistryMaxSize: 1 << 20, RegistryGrowStep: 1024, MinimizeStackMemory: true})
	t.Cleanup(L.Close)
	st := bind.NewState(L, bind.Effects{Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }})
	st.Harden()
	if err := st.Install(testYard().modules()); err != nil {
		t.Fatal(err)
	}
	return st
}

func run(st *bind.State, src string) error {
	var fn *lua.LFunction
	var err error
	st.Locked(func(L *lua.LState) { fn, err = L.Load(strings.NewReader(src), "test.lua") })
	if err != nil {
		return err
	}
	_, err = st.Call(context.Background(), fn)
	return err
}

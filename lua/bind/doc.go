// Package bind is the vocabulary in which bindings are declared: one
// declaration yields the Lua function, its checks and messages, help,
// completion, annotation and reference page.
//
// It knows gopher-lua, the Lua lock, how values cross the border, and the rules
// of the surface: strict options, filters, lists with verbs, handles, Error
// objects. It does not know any noun, any file, or how text reaches a terminal.
//
// # The border
//
// A body is a Go function that gets a context.Context and typed Go values. It
// runs without the Lua lock, so other tasks of the script go on meanwhile; it
// must heed its context. It never sees Lua: bind converts before and after,
// under the lock. An error it returns is raised as an Error object, by the kinds
// of package fault; a panic in it becomes an Error of kind bug after Effects.Panic
// has been told.
//
// # A class
//
// Facts are fields, read afresh each time; acts are methods. Get is for facts
// that ask somebody (the kernel, a file), Plain for those that the Go value
// holds. Make the class with NewClass first, so that kinds may refer to one
// another, and fill it after:
//
//	box := bind.NewClass[Container]("Container", "A root file system and at most one main process.")
//	box.Text = func(c Container) string { return c.Name() + " (" + c.ShortID() + ")" }
//	box.Same = func(a, b Container) bool { return a.ID() == b.ID() }
//	box.Find = func(ctx context.Context, name string) (Container, error) { return engine.Container(ctx, name) }
//	box.Hints = map[string]string{"status": "state"}
//	box.Columns = []string{"name", "image", "state", "created"}
//	box.Bulk = []string{"stop", "remove"}
//	box.Fields = []bind.Field[Container]{
//		bind.Plain("id", bind.String, "its full identifier", Container.ID),
//		bind.Get("state", bind.OneOf("created", "running", "exited"), "what it does now", Container.State),
//		bind.Get("started", bind.Time, "when it was last started", Container.Started), // zero is nil
//		bind.Get("exit_code", bind.Ptr(bind.Int), "what it ended with", Container.ExitCode),
//		bind.Get("labels", bind.Map, "its labels", Container.Labels),
//	}
//	box.Extra = []bind.Field[Container]{ // filters only
//		bind.Get("label", bind.Map, "a label, or labels that must all be there", Container.Labels),
//	}
//	box.Methods = []bind.Method[Container]{
//		bind.Act1(box, "stop", "Ask it to end; kill it when time is up.", bind.Options(stopOptions),
//			func(ctx context.Context, c Container, o StopOptions) error { return c.Stop(ctx, o.Timeout, o.Signal) },
//		).With(`containers.run{ "box", "sleep", "60" }:stop{ timeout = "1s" }`),
//		bind.Method0("inspect", "All about it, in Docker's form.", bind.Returns(bind.JSON, "the document"),
//			func(ctx context.Context, c Container) (json.RawMessage, error) { return c.Inspect(ctx) }),
//		bind.Method1("lines", "Its log, line by line.", bind.Options(logOptions), bind.Iterates(bind.String, "a line"),
//			func(ctx context.Context, c Container, o LogOptions) (bind.Iterator[string], error) { … }),
//		bind.Method1("while_paused", "Pause, call, thaw.",
//			bind.Req("fn", bind.Passing(bind.Nothing), "what to do meanwhile"), bind.ReturnsAll("what fn returned"),
//			func(ctx context.Context, c Container, fn bind.Callback[bind.Void, []bind.Value]) ([]bind.Value, error) {
//				return fn.Call(ctx, bind.Void{})
//			}),
//	}
//
// Act methods return their object. Method methods return what their Result says:
// Returns, Returns2, ReturnsAll, Iterates, Nothing (with bind.Void in Go).
//
// # Options
//
// A Record is the strict options table and the Go struct it fills. New sets the
// defaults. Array says what the list part means, if anything:
//
//	stopOptions := &bind.Record[StopOptions]{
//		Name: "StopOptions", Doc: "how to stop",
//		New:  func() StopOptions { return StopOptions{Timeout: 10 * time.Second} },
//		Keys: []bind.Key[StopOptions]{
//			bind.K("timeout", bind.Duration, "how long to wait before KILL", func(o *StopOptions) *time.Duration { return &o.Timeout }),
//			bind.K("signal", bind.Text, "instead of the image's stop signal", func(o *StopOptions) *string { return &o.Signal }),
//		},
//	}
//	runOptions := &bind.Record[Spec]{
//		Name: "RunOptions", Doc: "what to run and how",
//		Array: bind.Headed("image", image.Ref(Image.Name), "the image", func(s *Spec) *string { return &s.Image },
//			"the program, instead of the image's", func(s *Spec) *[]string { return &s.Argv }),
//		Keys: []bind.Key[Spec]{
//			bind.K("memory", bind.Size, "the most it may use", func(s *Spec) *int64 { return &s.Memory }),
//			bind.K("env", bind.Pairs, "environment", func(s *Spec) *[]string { return &s.Env }),
//			bind.K("label", bind.Map, "labels", func(s *Spec) *map[string]string { return &s.Labels }),
//			bind.K("publish", bind.Strings, "ports", func(s *Spec) *[]string { return &s.Publish }),
//			bind.K("health_cmd", bind.Ptr(bind.String), "nil if left out", func(s *Spec) **string { return &s.HealthCmd }),
//		},
//		Check: func(s *Spec) error { … }, // options that contradict each other
//	}
//
// A value that is a record inside a record, or "this or that", is made with As
// and friends; a kind that parses text:
//
//	port := bind.As(bind.Text, "string", `a port such as "80/tcp"`, parsePort, Port.String)
//
// # A module, and a filter
//
//	containers := &bind.Module{Name: "containers", Doc: "Make and find containers.", Funcs: []*bind.Func{
//		bind.Func1("run", "Create a container and start it.", bind.Options(runOptions),
//			bind.Returns(box.Kind(), "the running container"),
//			func(ctx context.Context, s Spec) (Container, error) { return engine.Run(ctx, s) },
//		).Change().With(`containers.run{ "box", "sleep", "60", name = "web" }`),
//		bind.Func1("get", "The container of that name or id.", bind.Req("name", bind.String, "name, id or its beginning"),
//			bind.Returns(box.Kind(), "it"), engine.Container),
//		bind.Func1("find", "As get, but nil if there is none.", bind.Req("name", bind.String, "name, id or its beginning"),
//			bind.Returns(box.OrNil(func(c Container) bool { return c == nil }), "it or nil"), engine.FindContainer),
//		bind.Func1("list", "All containers, or those that a filter keeps.",
//			bind.Opt("filter", box.Filter().Kind(), bind.Select[Container]{}, "which ones"),
//			bind.Returns(box.List(), "them, oldest first"),
//			func(ctx context.Context, which bind.Select[Container]) ([]Container, error) {
//				all, err := engine.Containers(ctx)
//				if err != nil {
//					return nil, err
//				}
//				return which.Keep(ctx, all)
//			}),
//	}}
//
// Call Filter and List after the fields are filled, Kind whenever you like. A
// table that holds options and filters at once (prune, events) is With(record,
// filter), which gives a Both. A positional argument beside options is Func2
// with Req and Options. Func and Method take at most three parameters; more
// belong in a Record. Rest declares the remaining ones.
//
// # Errors with objects in them
//
// fault.Batch.Done and Failures, the Detail of kind failed, and what Any and a
// map or list of any return, may hold plain Go values, what Class.Box made of an
// object, and values whose Go type is that of a class known to the state.
//
// # Threads
//
// A State belongs to one tree of Lua states and has one lock. Callbacks and
// State.Call take it; bodies run without it. A protected call runs in a thread
// of its own, since gopher-lua's would detach captured variables of all callers.
package bind

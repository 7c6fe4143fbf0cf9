package std

import (
	"context"
	"errors"
	"sync"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// job is a function of a script that is given nothing.
type job = bind.Callback[bind.Void, []bind.Value]

// part is a function of a script that is given an item and its place.
type part = bind.Callback[bind.Pair[bind.Value, int], []bind.Value]

// atOnce is how many tasks of a map run at once if nobody says.
const atOnce = 16

func tasks() []*bind.Func {
	return append(together(), waits()...)
}

func together() []*bind.Func {
	most := &bind.Record[int]{
		Name: "MapOptions", Doc: "how many at once", New: func() int { return atOnce },
		Keys: []bind.Key[int]{bind.K("max", bind.Int, "how many tasks run at once", func(n *int) *int { return n })},
	}
	fns := bind.Req("fns", bind.ListOf(bind.Passing(bind.Nothing)), "what to do, a task each")
	return []*bind.Func{
		bind.Func3("map", "Call a function for every item of a list, several at once. All are tried; then one partial error has what each returned in err.done and { item, error } in err.failed. Each is a scope of its own.",
			bind.Req("list", bind.Values, "the items"),
			bind.Req("fn", bind.Passing(bind.Returns2("item", bind.Opaque, "index", bind.Int, "")), "what to do with an item"),
			bind.Options(most), bind.Returns(bind.Values, "what each returned first, in order; false for nothing"), mapped,
		).With(`local squares = task.map({ 1, 2, 3 }, function(n) task.sleep(0.001); return n * n end, { max = 2 })
assert(squares[1] == 1 and squares[3] == 9)`),
		bind.Func1("all", "Run functions at once and wait for all. The first error cancels the others and is raised once they have ended.",
			fns, bind.Returns(bind.Values, "what each returned first, in order; false for nothing"), all,
		).With(`local got = task.all{ function() return "a" end, function() task.sleep(0.001); return "b" end }
assert(got[1] == "a" and got[2] == "b")`),
		bind.Func1("race", "Run functions at once and return what the first to succeed returns. The others are canceled and waited for. If none succeeds, the first error is raised.",
			fns, bind.ReturnsAll("what the first returned"), race,
		).With(`local first = task.race{ function() task.sleep(60); return "slow" end, function() return "fast" end }
assert(first == "fast")`),
		bind.Func2("timeout", "Call a function for so long at most: then it is canceled, its defers run, and an error of kind timeout is raised.",
			bind.Req("limit", bind.Duration, "how long"), bind.Req("fn", bind.Passing(bind.Nothing), "what to do"),
			bind.ReturnsAll("what fn returned"), timeout,
		).With(`local _, err = try(task.timeout, 0.01, function() task.sleep(60) end)
assert(err.kind == "timeout")`),
	}
}

// end is how a task ended.
type end struct {
	values []bind.Value
	err    error
}

// first is what stands for a task in a list.
func (e end) first() bind.Value {
	if len(e.values) == 0 || e.values[0].IsNil() {
		return bind.False
	}
	return e.values[0]
}

func firsts(ends []end) []bind.Value {
	values := make([]bind.Value, len(ends))
	for i, e := range ends {
		values[i] = e.first()
	}
	return values
}

// run does a job in a scope of its own.
func run(ctx context.Context, fn job) (e end) {
	e.values, e.err = bind.InScope(ctx, func(ctx context.Context) ([]bind.Value, error) { return fn.Call(ctx, bind.Void{}) })
	return e
}

func mapped(ctx context.Context, items []bind.Value, fn part, most int) ([]bind.Value, error) {
	if most < 1 {
		return nil, fault.New(fault.Invalid, "max is %d, and must be 1 or more", most)
	}
	ends := make([]end, len(items))
	bind.ClockOf(ctx).Together(len(items), most, func(i int) {
		if ends[i].err = context.Cause(ctx); ends[i].err != nil {
			return
		}
		ends[i].values, ends[i].err = bind.InScope(ctx, func(ctx context.Context) ([]bind.Value, error) {
			return fn.Call(ctx, bind.Pair[bind.Value, int]{A: items[i], B: i + 1})
		})
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	batch := &fault.Batch{}
	for i, e := range ends {
		if e.err != nil {
			batch.Failed = append(batch.Failed, fault.Failure{Object: items[i], Err: e.err})
		} else {
			batch.Done = append(batch.Done, e.first())
		}
	}
	if len(batch.Failed) > 0 {
		return nil, bind.Partial("map", len(items), batch, func(item any) string { return bind.Brief(item.(bind.Value)) })
	}
	return firsts(ends), nil
}

func all(ctx context.Context, fns []job) ([]bind.Value, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ends := make([]end, len(fns))
	var once sync.Once
	var failed error
	bind.ClockOf(ctx).Together(len(fns), len(fns), func(i int) {
		if ends[i] = run(ctx, fns[i]); ends[i].err != nil {
			once.Do(func() {
				failed = ends[i].err
				cancel(fault.New(fault.Canceled, "another task failed"))
			})
		}
	})
	return firsts(ends), failed
}

func race(ctx context.Context, fns []job) ([]bind.Value, error) {
	if len(fns) == 0 {
		return nil, fault.New(fault.Invalid, "there is nobody to race")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var won, lost *end
	bind.ClockOf(ctx).Together(len(fns), len(fns), func(i int) {
		e := run(ctx, fns[i])
		mu.Lock()
		defer mu.Unlock()
		switch {
		case e.err == nil && won == nil:
			won = &e
			cancel(fault.New(fault.Canceled, "another task was first"))
		case e.err != nil && lost == nil:
			lost = &e
		}
	})
	if won != nil {
		return won.values, nil
	}
	return nil, lost.err
}

func timeout(ctx context.Context, limit time.Duration, fn job) ([]bind.Value, error) {
	why := fault.New(fault.Timeout, "not done within %s", bind.FormatDuration(limit))
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer bind.ClockOf(ctx).After(limit, func() { cancel(why) })()
	return bind.InScope(inner, func(ctx context.Context) ([]bind.Value, error) {
		got, err := fn.Call(ctx, bind.Void{})
		if errors.Is(context.Cause(ctx), why) {
			return nil, why
		}
		return got, err
	})
}

// poll is how long and how often to ask.
type poll struct{ timeout, every time.Duration }

func waits() []*bind.Func {
	options := &bind.Record[poll]{
		Name: "PollOptions", Doc: "how long and how often",
		New: func() poll { return poll{30 * time.Second, 50 * time.Millisecond} },
		Keys: []bind.Key[poll]{
			bind.K("timeout", bind.Duration, "when to give up", func(p *poll) *time.Duration { return &p.timeout }),
			bind.K("every", bind.Duration, "how long to rest between two tries", func(p *poll) *time.Duration { return &p.every }),
		},
	}
	return []*bind.Func{
		bind.Func1("sleep", "Rest.", bind.Req("duration", bind.Duration, "how long"), bind.Nothing,
			func(ctx context.Context, d time.Duration) (bind.Void, error) {
				return bind.Void{}, bind.ClockOf(ctx).Sleep(ctx, d)
			},
		).With(`task.sleep(0.001)`),
		bind.Func2("poll", "Call a function until it returns something true; raises timeout if it never does.",
			bind.Req("fn", bind.Passing(bind.Nothing), "what to ask"), bind.Options(options), bind.ReturnsAll("what fn returned at last"), polled,
		).With(`local n = 0
assert(task.poll(function() n = n + 1; return n == 3 end, { every = 0.001 }))`),
	}
}

func polled(ctx context.Context, fn job, p poll) ([]bind.Value, error) {
	clock := bind.ClockOf(ctx)
	limit := clock.Now().Add(p.timeout)
	for {
		got, err := fn.Call(ctx, bind.Void{})
		if err != nil || len(got) > 0 && got[0].IsTrue() {
			return got, err
		}
		if clock.Now().After(limit) {
			return nil, fault.New(fault.Timeout, "nothing true came within %s", bind.FormatDuration(p.timeout))
		}
		if err := clock.Sleep(ctx, p.every); err != nil {
			return nil, err
		}
	}
}

package bind

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// bulk is a method as a verb of lists: done to every object at once, a bounded
// number at a time. All are tried; then failures are one partial error.
func (k *Class[S]) bulk(m Method[S]) *Func {
	f := *m.Func
	f.many = nil
	f.call = func(c call) int {
		t := c.listSelf()
		do := m.many(c)
		items := itemsOf(t)
		objects := make([]any, len(items))
		for i, v := range items {
			s, ok := it[S](v)
			if !ok {
				c.usage("item %d must be %s, got %s", i+1, article(k.Name), describe(v))
			}
			objects[i] = s
		}
		outcomes, err := outside(c, func(ctx context.Context) ([]outcome, error) {
			if err := k.agreed(ctx, m, objects); err != nil {
				return nil, err
			}
			return c.spread(ctx, objects, do), nil
		})
		if err != nil {
			c.st.raise(c.L, err)
		}
		return k.gather(c, t, items, outcomes)
	}
	return &f
}

// outcome is what came of one object.
type outcome struct {
	push func(call) int
	err  error
}

// spread does it to all objects, by so many workers; it starts no more once ctx
// has ended.
func (c call) spread(ctx context.Context, objects []any, do each) []outcome {
	outcomes := make([]outcome, len(objects))
	ClockOf(ctx).Together(len(objects), c.st.effects.Workers, func(i int) {
		if outcomes[i].err = canceled(ctx); outcomes[i].err == nil {
			outcomes[i] = c.one(ctx, objects[i], do)
		}
	})
	return outcomes
}

func (c call) one(ctx context.Context, object any, do each) (out outcome) {
	defer func() {
		if p := recover(); p != nil {
			c.st.panicked(c.title(), p, debug.Stack())
			out = outcome{err: bugOf(c.title(), p)}
		}
	}()
	out.push, out.err = do(ctx, object)
	return out
}

// gather returns the list of results or raises the partial error.
func (k *Class[S]) gather(c call, t *lua.LTable, items []lua.LValue, outcomes []outcome) int {
	var done []lua.LValue
	batch := &fault.Batch{}
	for i, out := range outcomes {
		if out.err != nil {
			batch.Failed = append(batch.Failed, fault.Failure{Object: items[i], Err: out.err})
			continue
		}
		result := lua.LValue(lua.LTrue)
		if n := out.push(c); n > 0 {
			result = c.L.Get(-n)
			c.L.Pop(n)
		}
		done = append(done, result)
		batch.Done = append(batch.Done, result)
	}
	if len(batch.Failed) > 0 {
		c.st.raise(c.L, k.partial(c, items, batch))
	}
	if len(done) == 0 {
		return like(c, t, nil)
	}
	c.L.Push(c.st.listFor(done))
	return 1
}

func (k *Class[S]) partial(c call, items []lua.LValue, batch *fault.Batch) error {
	return Partial(c.fn.Name+" all", len(items), batch, func(object any) string {
		s, _ := it[S](object.(lua.LValue))
		return k.text(s)
	})
}

// Partial is the error of a batch out of so many objects, of which name says
// what to call one.
func Partial(op string, total int, batch *fault.Batch, name func(object any) string) error {
	var lines []string
	for i, f := range batch.Failed {
		if i == 3 && len(batch.Failed) > 4 {
			lines = append(lines, "…")
			break
		}
		lines = append(lines, name(f.Object)+": "+f.Err.Error())
	}
	return &fault.Error{
		Kind: fault.Partial, Detail: batch,
		Message: fmt.Sprintf("%d of %d not done: %s", len(batch.Failed), total, strings.Join(lines, "; ")),
		Op:      op,
		Hint:    "what was done is in err.done, what was not in err.failed",
	}
}

package bind_test

import (
	"context"
	"testing"

	"neap/lua/bind"
)

// BenchmarkCalls measures 1000 operations a round, the lock included.
func BenchmarkCalls(b *testing.B) {
	st := newState(b)
	k := bind.NewClass[*box]("Counter", "counts")
	k.Fields = []bind.Field[*box]{
		bind.Plain("plain", bind.Int, "held", func(b *box) int { return int(b.size) }),
		bind.Get("asked", bind.Int, "asked", func(_ context.Context, b *box) (int, error) { return int(b.size), nil }),
	}
	k.Methods = []bind.Method[*box]{
		bind.Method1("add", "Add.", bind.Req("n", bind.Int, "n"), bind.Returns(bind.Int, "sum"), func(_ context.Context, b *box, n int) (int, error) {
			b.size += int64(n)
			return int(b.size), nil
		}),
	}
	module := &bind.Module{Name: "bench", Funcs: []*bind.Func{
		bind.Func0("counter", "One.", bind.Returns(k.Kind(), "it"), func(context.Context) (*box, error) { return &box{}, nil }),
		bind.Func1("add", "Add.", bind.Req("n", bind.Int, "n"), bind.Returns(bind.Int, "n"), func(_ context.Context, n int) (int, error) { return n + 1, nil }),
	}}
	if err := st.Install([]*bind.Module{module}); err != nil {
		b.Fatal(err)
	}
	for _, body := range []string{"local x = c", "bench.add(1)", "c:add(1)", "local x = c.plain", "local x = c.asked", "pcall(f0)", "coroutine.wrap(f0)()"} {
		b.Run(body, func(b *testing.B) {
			fn := mustLoad(st, "local c, bench = bench.counter(), bench; local function f0() end for i = 1, 1000 do "+body+" end")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := st.Call(context.Background(), fn); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/call")
		})
	}
}

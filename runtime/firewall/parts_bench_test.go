package firewall

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// BenchmarkBatch publishes so many ports in one batch, and withdraws them in
// another, whose time is told apart.
func BenchmarkBatch(b *testing.B) {
	for _, n := range []int{1, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, rules := wall(b, "bbbb0001"), some(n, "0.0.0.0")
			var gone time.Duration
			for b.Loop() {
				must(b, f.Publish(context.Background(), rules))
				start := time.Now()
				must(b, f.Withdraw(context.Background(), rules))
				gone += time.Since(start)
			}
			b.ReportMetric(float64(gone.Microseconds())/float64(b.N), "µs/withdraw")
		})
	}
}

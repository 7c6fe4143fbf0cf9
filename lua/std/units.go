package std

import (
	"context"
	"math"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func units() []*bind.Func {
	return []*bind.Func{
		bind.Func1("size", "A number of bytes as text.", bind.Req("bytes", bind.Number, "how many"), bind.Returns(bind.String, "such as \"1.5GiB\""),
			func(_ context.Context, n float64) (string, error) {
				if math.Abs(n) >= math.MaxInt64 {
					return "", fault.New(fault.Invalid, "%g bytes are too many", n)
				}
				return bind.FormatSize(int64(n)), nil
			},
		).With(`assert(units.size(1536 * 1024 * 1024) == "1.5GiB")`),
		bind.Func1("bytes", "A size as a number of bytes.", bind.Req("size", bind.Size, "such as \"1G\""), bind.Returns(bind.Size, "how many"),
			func(_ context.Context, n int64) (int64, error) { return n, nil },
		).With(`assert(units.bytes("1k") == 1024)`),
		bind.Func1("duration", "A number of seconds as text.", bind.Req("seconds", bind.Duration, "how many"), bind.Returns(bind.String, "such as \"1m30s\""),
			func(_ context.Context, d time.Duration) (string, error) { return bind.FormatDuration(d), nil },
		).With(`assert(units.duration(90) == "1m30s")`),
		bind.Func1("seconds", "A duration as a number of seconds.", bind.Req("duration", bind.Duration, "such as \"14d\""), bind.Returns(bind.Duration, "how many"),
			func(_ context.Context, d time.Duration) (time.Duration, error) { return d, nil },
		).With(`assert(units.seconds("1d") == 86400)`),
		bind.Func1("span", "A number of seconds as people say it.", bind.Req("seconds", bind.Duration, "how many"), bind.Returns(bind.String, "such as \"2 hours\""),
			func(_ context.Context, d time.Duration) (string, error) { return bind.Span(d), nil },
		).With(`assert(units.span(7200) == "2 hours")`),
	}
}

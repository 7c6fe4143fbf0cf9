// Package std is the helpers that know no container: time, units, json, fs,
// http, task, and exec on the host.
//
// It knows files, processes and HTTP of the machine it runs on. It does not
// know any noun, nor Lua beyond the vocabulary of bind.
package std

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// Effects are what the helpers take from outside.
type Effects struct {
	Now            func() time.Time // time.Now if nil
	Stdin          io.Reader        // what exec{ stdin = "inherit" } hands on
	Stdout, Stderr io.Writer        // where exec{ stdout = "inherit" } writes
}

// Modules lists the helpers in the order people should read them.
func Modules(e Effects) []*bind.Module {
	if e.Now == nil {
		e.Now = time.Now
	}
	return []*bind.Module{
		e.execModule(),
		{Name: "units", Doc: "Sizes and durations, for people and for sums.", Make: units},
		{Name: "time", Doc: "Times are UTC text with nine decimals; such texts compare as the times do.", Make: e.timeFuncs},
		{Name: "json", Doc: "JSON text and plain tables.", Make: jsonFuncs},
		{Name: "fs", Doc: "Files of the host.", Make: files},
		{Name: "http", Doc: "Talk HTTP.", Make: web},
		{Name: "task", Doc: "Several things at once, limits of time, and waiting. Lua itself runs in one place at a time: other tasks go on while this one is inside a neap call.", Make: tasks},
	}
}

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
	}
}

func (e Effects) timeFuncs() []*bind.Func {
	return []*bind.Func{
		bind.Func0("now", "The time now.", bind.Returns(bind.Time, "it"),
			func(context.Context) (time.Time, error) { return e.Now(), nil },
		).With(`assert(#time.now() == 30)`),
		bind.Func1("since", "How long ago a time was.", bind.Req("time", bind.Time, "a time"), bind.Returns(bind.Number, "seconds; negative for what is to come"),
			func(_ context.Context, t time.Time) (float64, error) { return e.Now().Sub(t).Seconds(), nil },
		).With(`assert(time.since("2026-01-01") ~= 0)`),
		bind.Func1("unix", "A time as seconds since 1970.", bind.Req("time", bind.Time, "a time"), bind.Returns(bind.Number, "seconds"),
			func(_ context.Context, t time.Time) (float64, error) { return float64(t.UnixNano()) / 1e9, nil },
		).With(`assert(time.unix("1970-01-02") == 86400)`),
		bind.Func1("at", "Seconds since 1970 as a time.", bind.Req("seconds", bind.Number, "how many"), bind.Returns(bind.Time, "the time"),
			func(_ context.Context, s float64) (time.Time, error) {
				if math.Abs(s) > 1e11 {
					return time.Time{}, fault.New(fault.Invalid, "%g is out of range", s)
				}
				whole, part := math.Modf(s)
				return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
			},
		).With(`assert(time.at(0) == "1970-01-01T00:00:00.000000000Z")`),
	}
}

func jsonFuncs() []*bind.Func {
	pretty := &bind.Record[string]{Name: "JSONOptions", Doc: "how to write it", Keys: []bind.Key[string]{
		bind.K("indent", bind.String, "spreads it over lines with this before each level", func(s *string) *string { return s }),
	}}
	return []*bind.Func{
		bind.Func2("encode", "A plain value as JSON. What came out of JSON keeps its order, its empty lists and its nulls.",
			bind.Req("value", bind.JSON, "what to write"), bind.Options(pretty), bind.Returns(bind.String, "the text"), encode,
		).With(`assert(json.encode({ 1, "two", { three = 3 } }) == '[1,"two",{"three":3}]')`),
		bind.Func1("decode", "JSON as a plain value; null is nil.", bind.Req("text", bind.String, "the JSON"), bind.Returns(bind.JSON, "the value"),
			func(_ context.Context, text string) (json.RawMessage, error) {
				if !json.Valid([]byte(text)) {
					var v any
					return nil, fault.New(fault.Invalid, "no JSON: %v", json.Unmarshal([]byte(text), &v))
				}
				return json.RawMessage(text), nil
			},
		).With(`assert(json.decode('{ "a": [ 1, null ] }').a[1] == 1)`),
	}
}

func encode(_ context.Context, raw json.RawMessage, indent string) (string, error) {
	if indent == "" {
		return string(raw), nil
	}
	return bind.Indent(raw, indent)
}

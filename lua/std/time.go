package std

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// zone is a place of the tz database.
var zone = bind.As(bind.String, "string", `a zone such as "Europe/Berlin", "UTC" or "local"`, func(name string) (*time.Location, error) {
	if name == "local" {
		return time.Local, nil
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "there is no zone %q", name).WithHint("zones are those of /usr/share/zoneinfo (the package tzdata)")
	}
	return l, nil
}, (*time.Location).String)

// step is how far time.add goes: forwards, or with a minus back.
type step struct {
	years, months, days int
	rest                time.Duration
}

var stepKind = bind.As(bind.Any, "number|string|table", `a duration such as "14d" or "-1h", or { months = 1, days = -2 }`, readStep, nil)

func readStep(v any) (s step, err error) {
	switch v := v.(type) {
	case float64:
		if math.Abs(v) > 1e10 {
			return s, fault.New(fault.Invalid, "%g seconds are too many", v)
		}
		s.rest = seconds(v)
		return s, nil
	case string:
		back := strings.HasPrefix(v, "-")
		s.rest, err = bind.ParseDuration(strings.TrimPrefix(v, "-"))
		if back {
			s.rest = -s.rest
		}
		return s, err
	case map[string]any:
		return stepOf(v)
	}
	return s, fault.New(fault.Invalid, `must be a duration such as "14d", or a table such as { months = 1 }`)
}

func stepOf(m map[string]any) (s step, err error) {
	for key, v := range m {
		n, ok := v.(float64)
		if !ok || n != math.Trunc(n) || math.Abs(n) > 1e6 {
			return s, fault.New(fault.Invalid, "%s must be a whole number", key)
		}
		switch key {
		case "years":
			s.years = int(n)
		case "months":
			s.months = int(n)
		case "weeks":
			s.days += 7 * int(n)
		case "days":
			s.days += int(n)
		case "hours":
			s.rest += seconds(n * 3600)
		case "minutes":
			s.rest += seconds(n * 60)
		case "seconds":
			s.rest += seconds(n)
		default:
			return s, fault.New(fault.Invalid, "there is no %q to add; there are years, months, weeks, days, hours, minutes, seconds", key)
		}
	}
	return s, nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// to adds a step in a zone: a day is a day of the calendar there, also when the
// clocks change, and the 31st plus a month is the month's last day.
func (s step) to(t time.Time, where *time.Location) time.Time {
	t = t.In(where)
	moved := t.AddDate(s.years, s.months, 0)
	if s.years != 0 || s.months != 0 {
		if moved.Day() != t.Day() {
			moved = moved.AddDate(0, 0, -moved.Day())
		}
	}
	return moved.AddDate(0, 0, s.days).Add(s.rest).UTC()
}

// clock is where and how a time is read or written.
type clock struct {
	zone   *time.Location
	format string
}

func clockRecord(name string, more ...bind.Key[clock]) *bind.Record[clock] {
	return &bind.Record[clock]{
		Name: name, Doc: "where", New: func() clock { return clock{zone: time.UTC} },
		Keys: append([]bind.Key[clock]{
			bind.K("zone", zone, "whose clock; UTC if left out", func(c *clock) **time.Location { return &c.zone }),
		}, more...),
		Hints: map[string]string{"tz": "zone", "timezone": "zone"},
	}
}

func (e Effects) timeFuncs() []*bind.Func {
	when := bind.Req("time", bind.Time, "a time")
	return []*bind.Func{
		bind.Func0("now", "The time now.", bind.Returns(bind.Time, "it"),
			func(context.Context) (time.Time, error) { return e.Now(), nil },
		).With(`assert(#time.now() == 30)`),
		bind.Func1("since", "How long ago a time was.", when, bind.Returns(bind.Number, "seconds; negative for what is to come"),
			func(_ context.Context, t time.Time) (float64, error) { return e.Now().Sub(t).Seconds(), nil },
		).With(`assert(time.since("2026-01-01") ~= 0)`),
		bind.Func1("ago", "How long ago a time was, for people.", when, bind.Returns(bind.String, "such as \"2 hours ago\""),
			func(_ context.Context, t time.Time) (string, error) { return bind.Ago(e.Now().Sub(t)), nil },
		).With(`assert(time.ago(time.add(time.now(), "-2h")) == "2 hours ago")`),
		bind.Func2("diff", "How long it is from one time to another.", bind.Req("from", bind.Time, "the one"), bind.Req("to", bind.Time, "the other"),
			bind.Returns(bind.Number, "seconds; negative if the other comes first"),
			func(_ context.Context, from, to time.Time) (float64, error) { return to.Sub(from).Seconds(), nil },
		).With(`assert(time.diff("2026-01-01", "2026-01-02") == 86400)`),
		bind.Func1("unix", "A time as seconds since 1970.", when, bind.Returns(bind.Number, "seconds"),
			func(_ context.Context, t time.Time) (float64, error) { return float64(t.UnixNano()) / 1e9, nil },
		).With(`assert(time.unix("1970-01-02") == 86400)`),
		bind.Func1("at", "Seconds since 1970 as a time.", bind.Req("seconds", bind.Number, "how many"), bind.Returns(bind.Time, "the time"), at).
			With(`assert(time.at(0) == "1970-01-01T00:00:00.000000000Z")`),
		bind.Func3("add", "A time that is later, or with a minus earlier. A day is one of the calendar, and the 31st plus a month is the last of the month.",
			when, bind.Req("step", stepKind, `"14d", "-1h30m", seconds, or { years, months, weeks, days, hours, minutes, seconds }`),
			bind.Options(clockRecord("AddOptions")), bind.Returns(bind.Time, "the time"),
			func(_ context.Context, t time.Time, s step, c clock) (time.Time, error) { return s.to(t, c.zone), nil },
		).With(`assert(time.add("2026-01-31", { months = 1 }) == "2026-02-28T00:00:00.000000000Z")`),
		bind.Func3("format", "A time as text.", when, bind.Req("format", bind.String, `as strftime has it: "%Y-%m-%d %H:%M"`), bind.Options(clockRecord("FormatOptions")),
			bind.Returns(bind.String, "the text"),
			func(_ context.Context, t time.Time, format string, c clock) (string, error) {
				return strftime.Format(format, t.In(c.zone)), nil
			},
		).With(`assert(time.format("2026-11-23T10:05:00Z", "%d.%m.%Y %H:%M") == "23.11.2026 10:05")`),
		bind.Func2("parse", "Text as a time.", bind.Req("text", bind.String, "the text"), bind.Options(clockRecord("ParseOptions",
			bind.K("format", bind.String, "how it is written, as strftime has it; as neap writes times if left out", func(c *clock) *string { return &c.format }))),
			bind.Returns(bind.Time, "the time"), parseTime,
		).With(`assert(time.parse("23.11.2026", { format = "%d.%m.%Y" }) == "2026-11-23T00:00:00.000000000Z")`),
		bind.Func2("parts", "What a calendar and a clock show at a time.", when, bind.Options(clockRecord("PartsOptions")),
			bind.Returns(bind.Any, "a table: year month day hour minute second weekday (1 is Monday) yearday week zone offset"), parts,
		).With(`assert(time.parts("2026-11-23").weekday == 1)`),
	}
}

func at(_ context.Context, s float64) (time.Time, error) {
	if math.Abs(s) > 1e11 {
		return time.Time{}, fault.New(fault.Invalid, "%g is out of range", s)
	}
	whole, part := math.Modf(s)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
}

func parseTime(_ context.Context, text string, c clock) (time.Time, error) {
	if c.format == "" {
		t, err := bind.ParseTime(text)
		if err != nil {
			return t, fault.New(fault.Invalid, "%s", err).WithHint("say how it is written: { format = \"%%d.%%m.%%Y\" }")
		}
		return t, nil
	}
	layout, err := strftime.Layout(c.format)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "format %q: %s", c.format, err)
	}
	t, err := time.ParseInLocation(layout, text, c.zone)
	if err != nil {
		return t, fault.New(fault.Invalid, "%q is not written as %s", text, c.format)
	}
	return t, nil
}

func parts(_ context.Context, t time.Time, c clock) (any, error) {
	t = t.In(c.zone)
	name, offset := t.Zone()
	_, week := t.ISOWeek()
	return map[string]any{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "minute": t.Minute(), "second": t.Second(),
		"weekday": (int(t.Weekday())+6)%7 + 1, "yearday": t.YearDay(), "week": week, "zone": name, "offset": offset,
	}, nil
}

package bind

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Stamp is how a time reads in Lua: UTC, nine decimals. Such texts compare and
// sort as the times do.
const Stamp = "2006-01-02T15:04:05.000000000Z"

// Size is a number of bytes, or text such as "512m" (units of 1024).
var Size = Kind[int64]{
	Name: "number|string", Want: `a size such as 1048576 (bytes) or "512m"`, shape: shapeSize,
	from: func(_ call, v lua.LValue) (int64, error) {
		switch v := v.(type) {
		case lua.LNumber:
			if n := float64(v); n >= 0 && n <= exact && n == math.Trunc(n) {
				return int64(n), nil
			}
		case lua.LString:
			if n, err := ParseSize(string(v)); err == nil {
				return n, nil
			}
		}
		return 0, errOther
	},
	to:    func(_ call, n int64) lua.LValue { return lua.LNumber(n) },
	plain: func(n int64) any { return float64(n) },
	show:  func(n int64) string { return strconv.FormatInt(n, 10) },
}

// Duration is a number of seconds, or text such as "1m30s" or "14d".
var Duration = Kind[time.Duration]{
	Name: "number|string", Want: `a duration such as 10 (seconds) or "1m30s"`, shape: shapeDuration,
	from: func(_ call, v lua.LValue) (time.Duration, error) {
		switch v := v.(type) {
		case lua.LNumber:
			if s := float64(v); s >= 0 && s < math.MaxInt64/1e9 {
				return time.Duration(s * float64(time.Second)), nil
			}
		case lua.LString:
			if d, err := ParseDuration(string(v)); err == nil {
				return d, nil
			}
		}
		return 0, errOther
	},
	to:    func(_ call, d time.Duration) lua.LValue { return lua.LNumber(d.Seconds()) },
	plain: func(d time.Duration) any { return d.Seconds() },
	show:  func(d time.Duration) string { return strconv.Quote(FormatDuration(d)) },
}

// Time goes out as UTC text with nine decimals, and as nil when it is zero. In:
// such a text, a shorter one ("2026-11-23", with or without a time of day), or
// a duration, which means that long ago.
var Time = Kind[time.Time]{
	Name: "string", Want: `a time such as "2026-11-23T10:00:00Z", or a duration such as "14d" for that long ago`, shape: shapeTime,
	from: func(c call, v lua.LValue) (time.Time, error) { return timeFrom(c.st.now(), v) },
	to: func(_ call, t time.Time) lua.LValue {
		if t.IsZero() {
			return lua.LNil
		}
		return lua.LString(t.UTC().Format(Stamp))
	},
	plain: func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.UTC().Format(Stamp)
	},
	show: func(t time.Time) string { return strconv.Quote(t.UTC().Format(Stamp)) },
}

func timeFrom(now time.Time, v lua.LValue) (time.Time, error) {
	if s, ok := v.(lua.LString); ok {
		if t, err := ParseTime(string(s)); err == nil {
			return t, nil
		}
	}
	ago, err := Duration.from(call{}, v)
	if err != nil {
		return time.Time{}, errOther
	}
	return now.Add(-ago), nil
}

// ParseTime reads RFC 3339, a date with a time of day, or a date alone; what
// names no zone is UTC.
func ParseTime(s string) (time.Time, error) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", s)
}

// ParseSize reads a number of bytes with an optional unit of 1024: b k m g t p,
// also written kb or kib, in either case.
func ParseSize(s string) (int64, error) {
	number := strings.TrimRight(strings.ToLower(strings.TrimSpace(s)), "abcdefghijklmnopqrstuvwxyz ")
	unit := strings.TrimSpace(strings.ToLower(strings.TrimSpace(s))[len(number):])
	n, err := strconv.ParseFloat(number, 64)
	letter := strings.TrimSuffix(strings.TrimSuffix(unit, "b"), "i")
	power := strings.Index("kmgtp", letter) + 1
	switch {
	case err != nil, n < 0, math.IsInf(n, 0), math.IsNaN(n), len(letter) > 1:
		return 0, fmt.Errorf("%q is no size", s)
	case letter == "":
		power = 0
	case power == 0:
		return 0, fmt.Errorf("%q is no size", s)
	}
	if n *= math.Pow(1024, float64(power)); n >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return int64(n), nil
}

// FormatSize is a size for people: "512MiB".
func FormatSize(n int64) string {
	f, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if math.Abs(f) < 1024 {
			break
		}
		f, unit = f/1024, next
	}
	return strconv.FormatFloat(f, 'g', 4, 64) + unit
}

// ParseDuration reads what time.ParseDuration does, and d for days and w for
// weeks of 24 and 168 hours. It refuses negative ones.
func ParseDuration(s string) (time.Duration, error) {
	total, rest := time.Duration(0), s
	for _, long := range []struct {
		unit string
		hour int64
	}{{"w", 168}, {"d", 24}} {
		head, tail, found := strings.Cut(rest, long.unit)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(head, 64)
		if err != nil || n < 0 || n > 1e6 {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		total += time.Duration(n * float64(long.hour) * float64(time.Hour))
		if rest = tail; rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || total+d < 0 {
		return 0, fmt.Errorf("%q is no duration", s)
	}
	return total + d, nil
}

// FormatDuration is a duration that ParseDuration reads: "1h30m", "14d".
func FormatDuration(d time.Duration) string {
	days := ""
	if d >= 24*time.Hour {
		days = strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
		if d %= 24 * time.Hour; d < time.Second {
			return days
		}
	}
	if d >= time.Second {
		d = d.Round(time.Millisecond)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return days + s
}

package bindings

import (
	"context"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// limit is a size, or -1 for none.
var limit = bind.As(bind.Any, "number|string", `a size such as 1048576 (bytes) or "512m", or -1 for no limit`, func(v any) (int64, error) {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && v >= -1 && v < 1<<53 {
			return int64(v), nil
		}
	case string:
		if v == "-1" {
			return -1, nil
		}
		if n, err := bind.ParseSize(v); err == nil {
			return n, nil
		}
	}
	return 0, wanted(`a size such as 1048576 (bytes) or "512m", or -1 for no limit`, v)
}, nil)

// whole is a whole number of 64 bits.
var whole = bind.As(bind.Int, "integer", bind.Int.Want, func(n int) (int64, error) { return int64(n), nil }, nil)

// swappiness is a whole number of 0 or more.
var swappiness = bind.As(bind.Int, "integer", "a whole number from 0 to 100", func(n int) (uint64, error) {
	if n < 0 || n > 100 {
		return 0, wanted("a whole number from 0 to 100", n)
	}
	return uint64(n), nil
}, nil)

// weight is a whole number of 16 bits.
var weight = bind.As(bind.Int, "integer", "a whole number from 10 to 1000", func(n int) (uint16, error) {
	if n < 10 || n > 1000 {
		return 0, wanted("a whole number from 10 to 1000", n)
	}
	return uint16(n), nil
}, nil)

// cpus is a number of processors, in billionths.
var cpus = bind.As(bind.Any, "number|string", "a number of processors such as 1.5", func(v any) (int64, error) {
	if s, ok := v.(string); ok {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, wanted("a number of processors such as 1.5", v)
		}
		v = n
	}
	n, ok := v.(float64)
	if !ok || n < 0 || n > 1e6 || math.IsNaN(n) {
		return 0, wanted("a number of processors such as 1.5", v)
	}
	return int64(math.Round(n * 1e9)), nil
}, nil)

// patience is a duration, or -1 for waiting for ever.
var patience = bind.As(bind.Any, "number|string", `a duration such as 10 (seconds) or "1m30s", or -1 to wait for ever`, func(v any) (*time.Duration, error) {
	d, err := span(v)
	if err != nil {
		return nil, err
	}
	return &d, nil
}, nil)

func span(v any) (time.Duration, error) {
	switch v := v.(type) {
	case float64:
		if v == -1 || v >= 0 && v < math.MaxInt64/1e9 {
			return time.Duration(v * float64(time.Second)), nil
		}
	case string:
		if v == "-1" {
			return -1, nil
		}
		if d, err := bind.ParseDuration(v); err == nil {
			return d, nil
		}
	}
	return 0, wanted(`a duration such as 10 (seconds) or "1m30s", or -1 to wait for ever`, v)
}

func wanted(want string, got any) error {
	if s, ok := got.(string); ok {
		got = strconv.Quote(s)
	}
	return fault.New(fault.Invalid, "must be %s, got %v", want, got)
}

// entrypoint is a program and its first arguments; an empty text or list drops
// the image's.
var entrypoint = bind.As(bind.Strings, "string|string[]", bind.Strings.Want, func(words []string) (*[]string, error) {
	if len(words) == 1 && words[0] == "" {
		words = nil
	}
	return &words, nil
}, nil)

// restartKind is a restart policy: Docker's text, or a table.
var restartKind = bind.As(bind.Any, "string|table", `a policy such as "on-failure:3", or { policy, max, min_delay, max_delay, reset_after }`, policy, nil)

func policy(v any) (container.Policy, error) {
	switch v := v.(type) {
	case string:
		return policyText(v)
	case map[string]any:
		return policyTable(v)
	case []any:
		if name, ok := first(v).(string); ok && len(v) == 1 {
			return policyText(name)
		}
	}
	return container.Policy{}, wanted(`a policy such as "on-failure:3" or a table`, v)
}

func first(all []any) any {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func policyText(text string) (container.Policy, error) {
	name, count, found := strings.Cut(text, ":")
	p := container.Policy{Name: name}
	if !found {
		return p, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return p, fault.New(fault.Invalid, "%q is no restart policy such as on-failure:3", text)
	}
	p.Max = n
	return p, nil
}

func policyTable(m map[string]any) (p container.Policy, err error) {
	for key, v := range m {
		switch key {
		case "policy":
			name, ok := v.(string)
			if !ok {
				return p, fault.New(fault.Invalid, "policy must be a string")
			}
			p.Name = name
		case "max":
			n, ok := v.(float64)
			if !ok || n < 1 || n != math.Trunc(n) {
				return p, fault.New(fault.Invalid, "max must be a whole number of 1 or more")
			}
			p.Max = int(n)
		case "min_delay", "max_delay", "reset_after":
			d, err := span(v)
			if err != nil || d < 0 {
				return p, fault.New(fault.Invalid, "%s must be a duration", key)
			}
			*map[string]*float64{"min_delay": &p.MinDelay, "max_delay": &p.MaxDelay, "reset_after": &p.ResetAfter}[key] = d.Seconds()
		default:
			return p, fault.New(fault.Invalid, "a restart policy has no %q; there are policy, max, min_delay, max_delay, reset_after", key)
		}
	}
	return p, nil
}

// policyShown is a policy as Docker writes it.
func policyShown(p container.Policy) string {
	switch {
	case p.Name == "":
		return container.No
	case p.Max > 0:
		return p.Name + ":" + strconv.Itoa(p.Max)
	}
	return p.Name
}

// finished is a Result as scripts see it.
func finished(r engine.Result) *bind.Finished {
	f := &bind.Finished{
		ExitCode: r.ExitCode, Stdout: string(r.Stdout), Stderr: string(r.Stderr), OOMKilled: r.OOMKilled, Duration: r.Duration,
	}
	if r.Signal != 0 {
		f.Signal = signalName(r.Signal)
	}
	return f
}

func signalName(n int) string {
	if name := unix.SignalName(unix.Signal(n)); name != "" {
		return name
	}
	return "signal " + strconv.Itoa(n)
}

// checked is what came of a program, as an error of kind failed unless it went
// well or nobody asks.
func checked(r engine.Result, check bool, op, object string) (*bind.Finished, error) {
	f := finished(r)
	fail := &fault.Error{Kind: fault.Failed, Op: op, Object: object, Detail: f, Hint: lastLine(f.Stderr)}
	switch {
	case !check:
		return f, nil
	case r.Unknown:
		fail.Message = "it ended, and nobody saw its exit code"
	case r.OOMKilled && r.ExitCode != 0:
		fail.Message = "it needed more memory than it may use"
	case r.Signal != 0:
		fail.Message = "it was ended by " + f.Signal
	case r.ExitCode != 0:
		fail.Message = "it ended with exit code " + strconv.Itoa(r.ExitCode)
	default:
		return f, nil
	}
	return nil, fail
}

// lastLine is the last line of a text that is not empty.
func lastLine(text string) string {
	text = strings.TrimRight(text, "\r\n\t ")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// marked is put before an expression to tell it from plain text on its way
// through a kind of strings.
const marked = "\x00"

// logKind is a plain text or an re, as an expression.
var logKind = bind.As(bind.RegexpClass().Ref(func(re *regexp.Regexp) string { return marked + re.String() }),
	"string|Regexp", `a text or re("…")`, func(s string) (*regexp.Regexp, error) {
		if expr, found := strings.CutPrefix(s, marked); found {
			return regexp.Compile(expr)
		}
		return regexp.Compile(regexp.QuoteMeta(s))
	}, nil)

// document is a value as the JSON that tools for Docker read.
func document[S any](of func(context.Context, S) (any, error)) func(context.Context, S) (json.RawMessage, error) {
	return func(ctx context.Context, s S) (json.RawMessage, error) {
		v, err := of(ctx, s)
		if err != nil {
			return nil, err
		}
		return json.Marshal(v)
	}
}

package std

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// logging is what log.setup was told.
type logging struct {
	level  string
	format string
	file   string
	time   bool
	fields map[string]any
}

// journal is where the messages of a script go: at first its standard error.
type journal struct {
	mu   sync.Mutex
	to   *slog.Logger
	file *os.File
}

func (e Effects) logFuncs() []*bind.Func {
	j := &journal{}
	j.to = j.logger(e.errors(), logging{level: "info", format: "text", time: true})
	message := bind.Req("message", bind.Text, "what there is to say")
	fields := bind.Opt("fields", bind.As(bind.Any, "table", "a table with names", fieldsOf, nil), nil, "a table of what belongs to it: { container = c.name }")
	at := func(name, doc string, level slog.Level) *bind.Func {
		return bind.Func2(name, doc, message, fields, bind.Nothing, func(ctx context.Context, text string, fields map[string]any) (bind.Void, error) {
			return bind.Void{}, j.say(ctx, level, text, fields)
		}).With(`log.` + name + `("done", { count = 3 })`)
	}
	return []*bind.Func{
		at("debug", "Say what only helps to find a mistake.", slog.LevelDebug),
		at("info", "Say what happened.", slog.LevelInfo),
		at("warn", "Say what is not as it should be.", slog.LevelWarn),
		at("error", "Say what went wrong. It raises nothing.", slog.LevelError),
		bind.Func1("setup", "Say where messages go and which, from now on.", bind.Options(logRecord()), bind.Nothing,
			func(_ context.Context, l logging) (bind.Void, error) { return bind.Void{}, j.setup(e.errors(), l) },
		).With(`log.setup{ level = "debug", format = "json", fields = { script = "example" } }`),
	}
}

func logRecord() *bind.Record[logging] {
	return &bind.Record[logging]{
		Name: "LogSetup", Doc: "where and which", New: func() logging { return logging{level: "info", format: "text", time: true} },
		Keys: []bind.Key[logging]{
			bind.K("level", bind.OneOf("debug", "info", "warn", "error"), "what is less than that is not said", func(l *logging) *string { return &l.level }),
			bind.K("format", bind.OneOf("text", "json"), "words with key=value behind them, or one JSON object a line", func(l *logging) *string { return &l.format }),
			bind.K("file", bind.String, "the end of this file instead of standard error", func(l *logging) *string { return &l.file }),
			bind.K("time", bind.Bool, "false leaves the times out", func(l *logging) *bool { return &l.time }),
			bind.K("fields", bind.As(bind.Any, "table", "a table with names", fieldsOf, nil), "what belongs to every message", func(l *logging) *map[string]any { return &l.fields }),
		},
		Hints: map[string]string{"output": "file", "path": "file", "json": `format = "json"`},
	}
}

// fieldsOf is a table with names; an empty one has none.
func fieldsOf(v any) (map[string]any, error) {
	if list, ok := v.([]any); ok && len(list) == 0 {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.Invalid, "must be a table with names: { container = c.name }")
	}
	return m, nil
}

// errors is where messages go if nobody says otherwise.
func (e Effects) errors() io.Writer {
	if e.Stderr == nil {
		return io.Discard
	}
	return e.Stderr
}

func (j *journal) logger(to io.Writer, l logging) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.level)) // it is one of the four
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) > 0 || a.Key != slog.TimeKey {
			return a
		}
		if !l.time {
			return slog.Attr{}
		}
		return slog.String(slog.TimeKey, a.Value.Time().UTC().Format(time.RFC3339Nano))
	}}
	var h slog.Handler = slog.NewTextHandler(to, o)
	if l.format == "json" {
		h = slog.NewJSONHandler(to, o)
	}
	return slog.New(h.WithAttrs(attributes(l.fields)))
}

// attributes are fields in the order of their names.
func attributes(fields map[string]any) []slog.Attr {
	var all []slog.Attr
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, slog.Any(name, fields[name]))
	}
	return all
}

func (j *journal) say(ctx context.Context, level slog.Level, text string, fields map[string]any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.to.Enabled(ctx, level) {
		return nil
	}
	return fault.Wrap("write to", "the log", j.write(ctx, level, text, attributes(fields)))
}

func (j *journal) write(ctx context.Context, level slog.Level, text string, all []slog.Attr) error {
	r := slog.NewRecord(time.Now(), level, text, 0)
	r.AddAttrs(all...)
	return j.to.Handler().Handle(ctx, r)
}

// setup changes the journal, or leaves it as it is on an error.
func (j *journal) setup(to io.Writer, l logging) error {
	var file *os.File
	if l.file != "" {
		var err error
		if file, err = os.OpenFile(l.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640); err != nil {
			return wrap("log to", l.file, err)
		}
		to = file
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		_ = j.file.Close() // each message was written when it was said
	}
	j.to, j.file = j.logger(to, l), file
	return nil
}

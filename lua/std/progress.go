package std

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// progress tells how far something is: a bar on a terminal, lines elsewhere.
type progress struct {
	title string
	extent

	to       io.Writer
	terminal bool
	columns  func() int
	start    time.Time

	mu    sync.Mutex
	at    float64
	said  int // the tenths that were told, elsewhere
	frame int
	over  bool
	stop  chan struct{} // ends the drawing
	drawn sync.WaitGroup
}

// extent is how much there is to do.
type extent struct {
	total float64 // 0 if nobody knows
	unit  string
}

func progressClass() *bind.Class[*progress] {
	k := bind.NewClass[*progress]("Progress", "How far something is: a bar on a terminal, lines elsewhere. It ends with the scope at the latest.")
	k.Text = func(p *progress) string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.state()
	}
	k.Fields = []bind.Field[*progress]{
		bind.Plain("value", bind.Number, "how much is done", func(p *progress) float64 {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.at
		}),
		bind.Plain("total", bind.Number, "how much there is to do; 0 if nobody knows", func(p *progress) float64 { return p.total }),
	}
	amount := bind.Opt("amount", bind.Number, 1, "how much")
	k.Methods = []bind.Method[*progress]{
		bind.Method1("add", "Say that so much more is done.", amount, bind.Returns(k.Kind(), "itself"), func(_ context.Context, p *progress, n float64) (*progress, error) {
			return p, p.change(func() { p.at += n })
		}).With(`ui.progress("copying", { total = 3 }):add(2)`),
		bind.Method1("set", "Say how much is done.", amount, bind.Returns(k.Kind(), "itself"), func(_ context.Context, p *progress, n float64) (*progress, error) {
			return p, p.change(func() { p.at = n })
		}).With(`assert(ui.progress("copying", { total = 3 }):set(2).value == 2)`),
		bind.Method1("say", "Change its title.", bind.Req("title", bind.Text, "what is done now"), bind.Returns(k.Kind(), "itself"), func(_ context.Context, p *progress, title string) (*progress, error) {
			return p, p.change(func() { p.title = title })
		}).With(`ui.spinner("waiting"):say("still waiting")`),
		bind.Method1("done", "End it.", bind.Opt("message", bind.Text, "done", "what came of it"), bind.Nothing, func(_ context.Context, p *progress, message string) (bind.Void, error) {
			return bind.Void{}, p.finish(message)
		}).With(`ui.spinner("waiting"):done("there it is")`),
	}
	return k
}

// showing are the functions that show how far something is.
func (e Effects) showing(k *bind.Class[*progress]) []*bind.Func {
	title := bind.Req("title", bind.Text, "what is done")
	return []*bind.Func{
		bind.Func2("progress", "Show how far something is: a bar on a terminal, lines on standard error elsewhere.", title,
			bind.Options(&bind.Record[extent]{
				Name: "ProgressOptions", Doc: "how much",
				Keys: []bind.Key[extent]{
					bind.K("total", bind.Number, "how much there is to do", func(x *extent) *float64 { return &x.total }).Must(),
					bind.K("unit", bind.OneOf("bytes"), "what is counted; things if left out", func(x *extent) *string { return &x.unit }),
				},
				Check: func(x *extent) error {
					if x.total <= 0 {
						return fault.New(fault.Invalid, "total must be more than 0")
					}
					return nil
				},
			}), bind.Returns(k.Kind(), "the bar"),
			func(ctx context.Context, title string, x extent) (*progress, error) {
				return e.begin(ctx, &progress{title: title, extent: x})
			}).With(`local bar = ui.progress("copying", { total = 10 })
for i = 1, 10 do bar:add() end
bar:done()`),
		bind.Func1("spinner", "Show that something goes on whose end nobody knows.", title, bind.Returns(k.Kind(), "the spinner"),
			func(ctx context.Context, title string) (*progress, error) {
				return e.begin(ctx, &progress{title: title})
			},
		).With(`local s = ui.spinner("waiting")
s:say("still waiting")
s:done("there it is")`),
	}
}

func (e Effects) begin(ctx context.Context, p *progress) (*progress, error) {
	p.to, p.columns, p.start, p.stop = e.errors(), e.Columns, time.Now(), make(chan struct{})
	p.terminal = e.Terminal != nil && e.Terminal()
	p.title = bind.Printable(p.title)
	bind.ScopeOf(ctx).Add(func(context.Context) error { return p.finish("ended") })
	if p.terminal {
		p.drawn.Go(p.draw)
		return p, nil
	}
	_, err := fmt.Fprintln(p.to, p.title)
	return p, fault.Wrap("show", p.title, err)
}

// often is how often a bar is drawn.
const often = 100 * time.Millisecond

// draw shows the bar until it ends.
func (p *progress) draw() {
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		p.mu.Lock()
		line := p.line()
		p.frame++
		p.mu.Unlock()
		_, _ = io.WriteString(p.to, "\r"+line+"\x1b[K") // who closed the terminal sees no bar
		select {
		case <-tick.C:
		case <-p.stop:
			return
		}
	}
}

// change does something to it under its lock, and tells of a tenth more where
// there is no bar.
func (p *progress) change(do func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return fault.New(fault.Conflict, "it is over")
	}
	do()
	p.title = bind.Printable(p.title)
	tenth := int(10 * p.at / max(p.total, math.SmallestNonzeroFloat64))
	if p.terminal || p.total == 0 || tenth <= p.said || tenth >= 10 {
		return nil
	}
	p.said = tenth
	_, err := fmt.Fprintln(p.to, p.title+": "+p.state())
	return err
}

func (p *progress) finish(message string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil
	}
	p.over = true
	close(p.stop)
	p.mu.Unlock()
	p.drawn.Wait()
	p.mu.Lock()
	line := fmt.Sprintf("%s: %s, %s", p.title, bind.Printable(message), bind.FormatDuration(time.Since(p.start).Round(often)))
	if p.terminal {
		line = "\r" + line + "\x1b[K"
	}
	_, err := io.WriteString(p.to, line+"\n")
	return err
}

// state is how far it is, in words.
func (p *progress) state() string {
	show := func(n float64) string { return fmt.Sprintf("%g", n) }
	if p.unit == "bytes" {
		show = func(n float64) string { return bind.FormatSize(int64(n)) }
	}
	if p.total == 0 {
		return bind.FormatDuration(time.Since(p.start).Round(time.Second))
	}
	return fmt.Sprintf("%d%% (%s of %s)", int(100*p.at/p.total), show(p.at), show(p.total))
}

// line is the bar as wide as the terminal lets it be.
func (p *progress) line() string {
	width := 80
	if p.columns != nil && p.columns() > 0 {
		width = p.columns()
	}
	end := " " + p.state()
	if p.total == 0 {
		spin := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		end = " " + string(spin[p.frame%len(spin)]) + end
	}
	title := runewidth.Truncate(p.title, max(width-len(end)-1, 8), "…")
	room := min(width-runewidth.StringWidth(title)-runewidth.StringWidth(end)-4, 40)
	if p.total == 0 || room < 10 {
		return title + end
	}
	full := int(float64(room) * max(0, min(p.at/p.total, 1)))
	return title + " [" + strings.Repeat("#", full) + strings.Repeat("-", room-full) + "]" + end
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"neap/lua/bind"
	"neap/runtime/image"
)

// progress tells people how a pull goes: with a bar on a terminal, elsewhere in
// lines, one for each step and none for each piece, and for programs as JSON,
// one object a line for each event.
type progress struct {
	to    io.Writer
	json  bool
	width func() int // of the terminal, 0 if to is none
	now   func() time.Time

	mu    sync.Mutex
	order []string               // the layers, as they came
	parts map[string]image.Event // the last of each layer
	drawn time.Time              // when the bar was drawn; zero if there is none
}

// bars is how often a bar is drawn at most.
const bars = 100 * time.Millisecond

// show is told what happened; it may be called from several goroutines.
func (p *progress) show(e image.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		p.object(e)
		return
	}
	before := p.note(e)
	switch {
	case e.Layer == "":
		p.clear()
		p.whole(e)
	case p.width() > 0:
		p.draw()
	case before.Status != e.Status:
		fmt.Fprintf(p.to, "%s: %s\n", e.Layer, e.Status)
	}
}

// object is an event as programs read it.
func (p *progress) object(e image.Event) {
	line, err := json.Marshal(struct {
		Ref    string       `json:"ref"`
		Layer  string       `json:"layer,omitempty"`
		Status image.Status `json:"status"`
		Done   int64        `json:"done,omitempty"`
		Total  int64        `json:"total,omitempty"`
	}(e))
	if err == nil {
		fmt.Fprintf(p.to, "%s\n", line)
	}
}

// note remembers what a layer came to, and gives what was known of it before.
// The end of an image ends the memory of its layers.
func (p *progress) note(e image.Event) image.Event {
	if e.Layer == "" {
		p.order, p.parts = nil, map[string]image.Event{}
		return image.Event{}
	}
	before, known := p.parts[e.Layer]
	if !known {
		p.order = append(p.order, e.Layer)
	}
	p.parts[e.Layer] = e
	return before
}

// whole says what became of an image.
func (p *progress) whole(e image.Event) {
	switch e.Status {
	case image.Failed: // the error says it
	case image.Downloaded, image.UpToDate:
		fmt.Fprintf(p.to, "Status: %s %s\n", e.Status, e.Ref)
	default:
		fmt.Fprintf(p.to, "%s %s\n", e.Status, e.Ref)
	}
}

// draw draws the bar anew: over all layers, in one line.
func (p *progress) draw() {
	now := p.now()
	if now.Sub(p.drawn) < bars {
		return
	}
	p.drawn = now
	var done, total int64
	ready := 0
	for _, layer := range p.order {
		e := p.parts[layer]
		done, total = done+e.Done, total+e.Total
		if e.Status == image.Complete || e.Status == image.Present {
			ready++
		}
	}
	text := fmt.Sprintf("%d of %d layers, %s of %s ", ready, len(p.order), bind.FormatSize(done), bind.FormatSize(total))
	room := p.width() - 1
	text += barOf(done, total, room-len(text))
	fmt.Fprintf(p.to, "\r\x1b[K%s", text[:min(len(text), max(room, 0))])
}

// barOf is a bar of so many columns, nothing where there is no room for one.
func barOf(done, total int64, columns int) string {
	columns = min(columns-2, 40)
	if columns < 5 || total <= 0 {
		return ""
	}
	full := int(int64(columns) * min(done, total) / total)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", columns-full) + "]"
}

// clear takes the bar away.
func (p *progress) clear() {
	if !p.drawn.IsZero() {
		p.drawn = time.Time{}
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}

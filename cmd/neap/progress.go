package main

import (
	"fmt"
	"io"
	"sync"

	"neap/runtime/image"
)

// progress tells people how a pull goes, in lines: one for each step, none for
// each piece.
type progress struct {
	to io.Writer

	mu   sync.Mutex
	said map[string]image.Status // by layer
}

func newProgress(to io.Writer) *progress {
	return &progress{to: to, said: map[string]image.Status{}}
}

// show is told what happened; it may be called from several goroutines.
func (p *progress) show(e image.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said[e.Layer] == e.Status {
		return
	}
	p.said[e.Layer] = e.Status
	switch {
	case e.Layer != "":
		fmt.Fprintf(p.to, "%s: %s\n", e.Layer, e.Status)
	case e.Status == image.Downloaded || e.Status == image.UpToDate:
		fmt.Fprintf(p.to, "Status: %s %s\n", e.Status, e.Ref)
	default:
		fmt.Fprintf(p.to, "%s %s\n", e.Status, e.Ref)
	}
}

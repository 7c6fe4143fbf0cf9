package main

import (
	"strings"
	"testing"
	"time"

	"neap/runtime/image"
)

// pulling is how a pull of two layers goes, one of which is here already.
func pulling() []image.Event {
	return []image.Event{
		{Ref: "web:1", Status: image.Pulling},
		{Ref: "web:1", Layer: "aaa", Status: image.Waiting, Total: 1 << 20},
		{Ref: "web:1", Layer: "bbb", Status: image.Present, Done: 1 << 20, Total: 1 << 20},
		{Ref: "web:1", Layer: "aaa", Status: image.Downloading, Done: 1 << 19, Total: 1 << 20},
		{Ref: "web:1", Layer: "aaa", Status: image.Downloading, Done: 3 << 18, Total: 1 << 20},
		{Ref: "web:1", Layer: "aaa", Status: image.Complete, Done: 1 << 20, Total: 1 << 20},
		{Ref: "web:1", Status: image.Downloaded},
	}
}

func tell(columns int, asJSON bool, events []image.Event) string {
	var out strings.Builder
	now := time.Unix(0, 0)
	p := &progress{to: &out, json: asJSON, width: func() int { return columns }, now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}}
	for _, e := range events {
		p.show(e)
	}
	return out.String()
}

func TestProgress(t *testing.T) {
	lines := "Pulling from web:1\naaa: Waiting\nbbb: Already exists\naaa: Downloading\naaa: Pull complete\nStatus: Downloaded newer image for web:1\n"
	if got := tell(0, false, pulling()); got != lines {
		t.Errorf("lines:\n%s", got)
	}
	objects := strings.Split(tell(80, true, pulling()), "\n")
	if want := `{"ref":"web:1","layer":"aaa","status":"Downloading","done":524288,"total":1048576}`; len(objects) != 8 || objects[3] != want {
		t.Errorf("%q", objects)
	}
	shown := strings.Split(tell(60, false, pulling()), "\r\x1b[K")
	if want := "1 of 2 layers, 1.5MiB of 2MiB [====================       ]"; len(shown) != 7 || shown[3] != want {
		t.Errorf("bar: %q", shown)
	}
	if want := "Status: Downloaded newer image for web:1\n"; shown[len(shown)-1] != want {
		t.Errorf("the bar stays: %q", shown)
	}
	failed := tell(60, false, append(pulling()[:4:4], image.Event{Ref: "web:1", Status: image.Failed}))
	if !strings.HasSuffix(failed, "]\r\x1b[K") {
		t.Errorf("the bar of a pull that failed stays: %q", failed)
	}
	for _, columns := range []int{1, 20, 34, 35} {
		for line := range strings.SplitSeq(tell(columns, false, pulling()), "\r\x1b[K") {
			if strings.HasPrefix(line, "1 of") && len(line) >= columns {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
	}
}

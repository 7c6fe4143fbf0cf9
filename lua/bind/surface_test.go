package bind_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"neap/lua/bind"
)

var expected = regexp.MustCompile(`(?m)-- error: (.*)$`)

// TestSurface runs the chunks of testdata, which are parted by ---. A comment
// "-- error: …" says what the chunk must raise.
func TestSurface(t *testing.T) {
	src, err := os.ReadFile("testdata/surface.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, chunk := range strings.Split(string(src), "\n---\n") {
		title, _, _ := strings.Cut(strings.TrimSpace(chunk), "\n")
		t.Run(title, func(t *testing.T) {
			err := run(newState(t), chunk)
			want := expected.FindStringSubmatch(chunk)
			switch {
			case want == nil && err != nil:
				t.Errorf("raised %v", placed(err))
			case want != nil && err == nil:
				t.Errorf("raised nothing, want %q", want[1])
			case want != nil && !strings.Contains(err.Error(), want[1]):
				t.Errorf("raised %s, want %q", placed(err), want[1])
			}
		})
	}
}

func placed(err error) string {
	var r *bind.Raised
	if errors.As(err, &r) {
		return r.Place.String() + " " + r.Error()
	}
	return err.Error()
}

package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWrap(t *testing.T) {
	plain := errors.New("no space left")
	for _, x := range []struct {
		err  error
		want string
		kind Kind
	}{
		{Wrap("remove volume", "www", plain), `cannot remove volume "www": no space left`, Failed},
		{Wrap("remove volume", "www", New(Busy, "in use by %s", "web")), `cannot remove volume "www": in use by web`, Busy},
		{Wrap("a", "b", Wrap("stop container", "web", fs.ErrNotExist)), `cannot stop container "web": file does not exist`, NotFound},
		{Wrap("find", "a\nb", context.Canceled), `cannot find "a\nb": context canceled`, Canceled},
		{Wrap("mount", "", fmt.Errorf("overlay: %w", unix.EBUSY)), `cannot mount: overlay: device or resource busy`, Busy},
	} {
		if x.err.Error() != x.want || KindOf(x.err) != x.kind {
			t.Errorf("%q (%s), want %q (%s)", x.err, KindOf(x.err), x.want, x.kind)
		}
	}
	if Wrap("x", "y", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestHintStays(t *testing.T) {
	e := New(Conflict, "it runs").WithHint("stop it").WithHint("or not")
	if e.Hint != "stop it" {
		t.Error(e.Hint)
	}
	var known *Error
	if err := Wrap("remove", "web", e); !errors.As(err, &known) || known.Hint != "stop it" {
		t.Error(err)
	}
}

func TestNear(t *testing.T) {
	known := []string{"network", "name", "volume", "volumes_from"}
	for word, want := range map[string]string{"netwrok": "network", "nmae": "name", "vol": "volume", "zebra": ""} {
		if got := Near(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

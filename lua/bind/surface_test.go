package bind_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

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

// TestDeclarations refuses classes that contradict themselves, also those that
// are only spoken of.
func TestDeclarations(t *testing.T) {
	for name, spoil := range map[string]func(*bind.Class[*box]){
		"both a fact and an act": func(k *bind.Class[*box]) {
			k.Fields = append(k.Fields, bind.Plain("stop", bind.String, "", func(*box) string { return "" }))
		},
		"no act of it":  func(k *bind.Class[*box]) { k.Bulk = append(k.Bulk, "fly") },
		"no fact of it": func(k *bind.Class[*box]) { k.Columns = append(k.Columns, "wings") },
	} {
		k := testYard().class()
		spoil(k)
		L := lua.NewState()
		defer L.Close()
		st := bind.NewState(L, bind.Effects{})
		module := &bind.Module{Name: "m", Funcs: []*bind.Func{
			bind.Func0("all", "All.", bind.Returns(k.List(), "them"), func(context.Context) ([]*box, error) { return nil, nil }),
		}}
		if err := st.Install([]*bind.Module{module}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

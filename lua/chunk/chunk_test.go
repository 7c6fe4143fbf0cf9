package chunk_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/chunk"
)

func compiled(tb testing.TB, src string) *lua.FunctionProto {
	tb.Helper()
	parsed, err := parse.Parse(strings.NewReader(src), "test.lua")
	if err != nil {
		tb.Fatal(err)
	}
	p, err := lua.Compile(parsed, "test.lua")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// sources are all scripts of this source tree, and what they leave out.
func sources(tb testing.TB) map[string]string {
	tb.Helper()
	all := map[string]string{"empty": "", "constants": `local a, b, c = 1.5e300, -0.25, 1/0
		local t = { [true] = false, ["ä\0\r\n"] = nil, 12345678901234, "", "" }
		goto done
		for i = 1, 10 do local f = function(...) return i, ..., a, select("#", ...) end t[i] = f end
		::done::
		function t.method(self) return self end
		return t:method(), b, c`}
	for _, pattern := range []string{"../../scripts/*/*.lua", "../../scripts/lib/*/*.lua"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			tb.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			all[file] = strings.Replace(string(src), "#!", "--", 1)
		}
	}
	if len(all) < 40 {
		tb.Fatalf("only %d scripts", len(all))
	}
	return all
}

func TestReadsWhatWasWritten(t *testing.T) {
	for name, src := range sources(t) {
		want := compiled(t, src)
		if got := chunk.Read("test.lua", chunk.Write(want)); !same(reflect.ValueOf(got), reflect.ValueOf(want)) {
			t.Errorf("%s: another function:\n%v\n%v", name, got, want)
		}
	}
}

// same compares everything, also what the library keeps for itself; no elements
// are as good as no slice.
func same(a, b reflect.Value) bool {
	if a.Kind() != b.Kind() || !a.IsValid() {
		return a.Kind() == b.Kind()
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		return a.IsNil() == b.IsNil() && (a.IsNil() || same(a.Elem(), b.Elem()))
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if a.Type() != b.Type() {
			return false
		}
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	default:
		return a.Equal(b)
	}
}

// BenchmarkChunk reads the largest library of the commands, and compiles it.
func BenchmarkChunk(b *testing.B) {
	src := sources(b)["../../scripts/lib/cli/options.lua"]
	written := chunk.Write(compiled(b, src))
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			chunk.Read("test.lua", written)
		}
	})
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			compiled(b, src)
		}
	})
	b.ReportMetric(float64(len(written)), "bytes")
}

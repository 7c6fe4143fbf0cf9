package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/chunk"
)

// Compile makes of a script what Options.Compiled may hold, and the name of the
// file there. The name tells one text from every other.
func Compile(src string) (file string, compiled []byte, err error) {
	parsed, err := parseChunk("script", src)
	if err != nil {
		return "", nil, err
	}
	proto, err := lua.Compile(parsed, "script")
	if err != nil {
		return "", nil, syntax("script", err)
	}
	return compiledFile(src), chunk.Write(proto), nil
}

func compiledFile(src string) string {
	sum := sha256.Sum256([]byte(src))
	return hex.EncodeToString(sum[:16])
}

// RunBundled is RunString of a script that came with the program.
func (h *Host) RunBundled(ctx context.Context, name, src string, args []string) error {
	fn, err := h.bundled(name, src)
	if err != nil {
		return err
	}
	return h.runScript(ctx, name, fn, args)
}

// bundled is the function of a script that came with the program, which may have
// been compiled before.
func (h *Host) bundled(name, src string) (*lua.LFunction, error) {
	if proto := h.compiled(name, src); proto != nil {
		return h.function(proto), nil
	}
	return h.load(name, src)
}

// compiled is what was made of a script before, or nil.
func (h *Host) compiled(name, src string) *lua.FunctionProto {
	if h.options.Compiled == nil {
		return nil
	}
	b, err := fs.ReadFile(h.options.Compiled, compiledFile(src))
	if err != nil {
		return nil
	}
	proto := chunk.Read(name, b)
	h.remember(name, text{src: src, code: proto})
	return proto
}

package bindings

import (
	"io"
	"os"

	"neap/runtime/fault"
)

// Archive is a file that is read from its beginning to its end.
type Archive struct {
	Path  string    // "-" is Stdin
	Stdin io.Reader // nil for none
}

// Read opens the archive for as long as do takes.
func (a Archive) Read(do func(io.Reader) error) error {
	if a.Path == "-" {
		if a.Stdin == nil {
			return fault.New(fault.Invalid, "there is no standard input")
		}
		return do(a.Stdin)
	}
	f, err := os.Open(a.Path)
	if err != nil {
		return fault.Wrap("read", a.Path, err)
	}
	defer f.Close()
	return do(f)
}

// archive is a file, or the standard input of the script.
func (d *doors) archive(path string) Archive {
	a := Archive{Path: path}
	if in := d.Terminal.Stdin(); in != nil {
		a.Stdin = in
	}
	return a
}

package rootfs

import (
	"context"
	"io"
	"os"
)

// Limits bound what an archive may unpack to. A zero field has no bound.
type Limits struct {
	Bytes   int64 // of all files
	Entries int64
	Depth   int // components of a path
}

// Sane is the bounds for archives from strangers.
func Sane() Limits { return Limits{Bytes: 64 << 30, Entries: 500_000, Depth: 256} }

// Extraction says how an archive is unpacked.
type Extraction struct {
	Limits
	Whiteouts bool // it is an image layer: .wh. entries become overlay whiteouts, and files may replace directories
	Through   bool // parents that are links are followed, inside dir only; else such an entry is refused
}

// Tally is what an extraction made.
type Tally struct{ Entries, Bytes int64 }

// Extract unpacks the plain tar r into the directory dir.
func Extract(ctx context.Context, r io.Reader, dir *os.File, opt Extraction) (Tally, error) {
	return Tally{}, nil
}

package plan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"neap/bindings"
	"neap/lua/std"
	"neap/runtime/fault"
)

// format is the number in the files that this package writes.
const format = 1

const about = "what neap recorded instead of doing it; neap apply does exactly this"

// document is a plan as it is written down.
type document struct {
	Format  int               `json:"format"`
	About   string            `json:"about"`
	Version string            `json:"version"`
	Root    string            `json:"root"`
	Made    time.Time         `json:"made"`
	Changes []bindings.Change `json:"changes"`
	Seen    []Seen            `json:"seen"`
	Sum     string            `json:"sum"` // of all the rest: nobody changed it
}

// Plan is what was recorded. It is a bindings.Plan.
type Plan struct {
	p *Planner

	mu       sync.Mutex
	doc      document
	path     string // where it was saved or read
	applying sync.Mutex
}

// Changes lists them in their order.
func (pl *Plan) Changes() []bindings.Change {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return slices.Clone(pl.doc.Changes)
}

func (pl *Plan) add(c bindings.Change) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.doc.Changes = append(pl.doc.Changes, c)
}

// amend gives change n other options.
func (pl *Plan) amend(n int, options any) error {
	raw, err := json.Marshal(options)
	if err != nil || n == 0 {
		return err
	}
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.doc.Changes[n-1].Options = raw
	return nil
}

// makes says what stands for what change n makes.
func (pl *Plan) makes(n int, ref string) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.doc.Changes[n-1].Makes = []string{ref}
}

// saw keeps what was first seen of a thing; of what a later change minds more,
// that too.
func (pl *Plan) saw(s Seen) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	for i, old := range pl.doc.Seen {
		if old.thing() != s.thing() {
			continue
		}
		if by, minded := s.Facts[users]; minded && old.Facts != nil {
			if _, had := old.Facts[users]; !had {
				pl.doc.Seen[i].Facts[users] = by
			}
		}
		return
	}
	pl.doc.Seen = append(pl.doc.Seen, s)
}

// absent says whether a name was seen to be nobody's.
func (pl *Plan) absent(kind, name string) bool {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return slices.ContainsFunc(pl.doc.Seen, func(s Seen) bool { return s.Kind == kind && s.Name == name && s.ID == "" })
}

// Save writes it to a file of its owner's.
func (pl *Plan) Save(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if err := pl.write(path); err != nil {
		return fault.Wrap("write plan", path, err)
	}
	pl.path = path
	return nil
}

func (pl *Plan) write(path string) error {
	doc := pl.doc
	doc.Sum = doc.sum()
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
	}
	return std.Whole(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(append(body, '\n'))
		return err
	})
}

// sum is a digest of the document but for its own place in it.
func (d document) sum() string {
	d.Sum = ""
	body, err := json.Marshal(d)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Open reads a plan that was saved.
func (p *Planner) Open(_ context.Context, path string) (bindings.Plan, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	body, err := read(path)
	if err != nil {
		return nil, fault.Wrap("read plan", path, err)
	}
	pl := &Plan{p: p, path: path}
	if err := pl.decode(body); err != nil {
		return nil, fault.Wrap("read plan", path, err)
	}
	for _, c := range pl.doc.Changes {
		for i, made := range c.Made {
			if i < len(c.Makes) {
				p.became(c.Makes[i], made)
			}
		}
	}
	return pl, nil
}

// read gives the bytes of a file that only its owner, who is us, can have
// written: what it says is done with all our rights.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if owner, ok := st.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() || st.Mode().Perm()&0o022 != 0 {
		return nil, fault.New(fault.Denied, "others can write to it").WithHint("a plan is done as it stands: it must be yours, of mode 0600")
	}
	return io.ReadAll(f)
}

func (pl *Plan) decode(body []byte) error {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return damaged("it is no whole plan: %v", err)
	}
	if head.Format != format {
		return fault.New(fault.Unsupported, "it has the format %d, and this neap knows %d", head.Format, format)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&pl.doc); err != nil {
		return damaged("%v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return damaged("something follows its end")
	}
	compact(pl.doc.Changes)
	if pl.doc.Sum != pl.doc.sum() {
		return damaged("it was changed by hand")
	}
	if pl.doc.Root != pl.p.opt.Root {
		return fault.New(fault.Invalid, "it is for the root %q, not %q", pl.doc.Root, pl.p.opt.Root)
	}
	for i, c := range pl.doc.Changes {
		if c.Number != i+1 || c.Within >= c.Number || c.Within < 0 {
			return damaged("change %d is not in its place", c.Number)
		}
		if actOf(c) == nil {
			return damaged("it knows a change %s %s that neap does not", c.Verb, c.Kind)
		}
	}
	return nil
}

// compact takes from options the blanks that they were written with.
func compact(changes []bindings.Change) {
	for i := range changes {
		var b bytes.Buffer
		if err := json.Compact(&b, changes[i].Options); err == nil && b.Len() > 0 {
			changes[i].Options = b.Bytes()
		}
	}
}

func damaged(format string, args ...any) error {
	return fault.New(fault.Damaged, format, args...).WithHint("make the plan anew")
}

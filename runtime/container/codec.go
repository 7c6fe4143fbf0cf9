package container

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"time"

	"neap/runtime/store"
)

// The index is a head, the boot, the notes one after the other in the order of
// their fields, and the checksum of all that. Numbers are varints; a text, a
// list, is its length and what is in it.

// head names the form. Who changes a field of Brief changes the number.
const head = "neap index 1\n"

type writer struct{ b []byte }

func (w *writer) int(n int64)      { w.b = binary.AppendVarint(w.b, n) }
func (w *writer) text(s string)    { w.int(int64(len(s))); w.b = append(w.b, s...) }
func (w *writer) time(t time.Time) { w.int(nanos(t)) }

func (w *writer) bool(is bool) {
	if is {
		w.int(1)
	} else {
		w.int(0)
	}
}

func (w *writer) texts(all []string) {
	w.int(int64(len(all)))
	for _, s := range all {
		w.text(s)
	}
}

func (w *writer) stamp(s store.Stamp) {
	w.int(int64(s.Inode)) //nolint:gosec // comes back as it went
	w.int(s.Time)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func encode(all store.Stamp, notes []*note, boot string) []byte {
	w := &writer{append(make([]byte, 0, 320*len(notes)+128), head...)}
	w.text(boot)
	w.stamp(all)
	w.int(int64(len(notes)))
	for _, n := range notes {
		w.note(n)
	}
	return binary.LittleEndian.AppendUint32(w.b, sum(w.b))
}

// whole says whether a text ends with the checksum of what is before.
func whole(body string) bool {
	var buf [4096]byte
	var have uint32
	end := len(body) - 4
	for at := 0; at < end; {
		n := copy(buf[:], body[at:end])
		have = crc32.Update(have, crc32.MakeTable(crc32.Castagnoli), buf[:n])
		at += n
	}
	return have == binary.LittleEndian.Uint32([]byte(body[end:]))
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func (w *writer) note(n *note) {
	w.stamp(n.lib)
	w.stamp(n.run)
	for _, s := range []string{n.ID, n.Name, n.Image, n.ImageID} {
		w.text(s)
	}
	w.time(n.Created)
	w.texts(n.Entrypoint)
	w.texts(n.Cmd)
	w.texts(n.Exposed)
	for _, i := range []int{n.Starts, n.Restarts, n.Code, n.Pid} {
		w.int(int64(i))
	}
	w.bool(n.Unknown)
	w.bool(n.Due)
	w.bool(n.Keeps)
	w.bool(n.Passing)
	w.time(n.Started)
	w.time(n.Ends)
	w.time(n.Since)
	w.int(int64(n.Ticks)) //nolint:gosec // comes back as it went
	w.text(n.IP)
	w.int(int64(len(n.Ports)))
	for _, p := range n.Ports {
		w.text(p.HostIP)
		w.int(int64(p.HostPort))
		w.int(int64(p.HostLast))
		w.int(int64(p.ContainerPort))
		w.text(p.Protocol)
	}
}

// reader reads what writer wrote. After something that cannot be it gives
// zeros.
type reader struct {
	s     string
	bad   bool
	spare []string // for lists: one piece of memory for many
}

func (r *reader) int() int64 {
	var n uint64
	for i := 0; i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		n |= uint64(r.s[i]&0x7f) << (7 * i)
		if r.s[i] < 0x80 {
			r.s = r.s[i+1:]
			return int64(n>>1) ^ -int64(n&1) //nolint:gosec // a varint's sign
		}
	}
	r.s, r.bad = "", true
	return 0
}

func (r *reader) length() int {
	n := r.int()
	if n < 0 || n > int64(len(r.s)) {
		r.s, r.bad = "", true
		return 0
	}
	return int(n)
}

func (r *reader) text() (s string) {
	n := r.length()
	s, r.s = r.s[:n], r.s[n:]
	return s
}

func (r *reader) texts() []string {
	n := r.length()
	if n == 0 {
		return nil
	}
	if n > len(r.spare) {
		r.spare = make([]string, max(n, 4096))
	}
	all := r.spare[:n:n]
	r.spare = r.spare[n:]
	for i := range all {
		all[i] = r.text()
	}
	return all
}

func (r *reader) bool() bool { return r.int() != 0 }

func (r *reader) time() time.Time {
	n := r.int()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func (r *reader) stamp() store.Stamp {
	return store.Stamp{Inode: uint64(r.int()), Time: r.int()} //nolint:gosec // as it went
}

// decode gives the index of this boot, an empty one if it is no such thing.
func decode(body, boot string) index {
	rest, found := strings.CutPrefix(body, head)
	if !found || len(rest) < 4 || !whole(body) {
		return index{}
	}
	r := &reader{s: rest[:len(rest)-4]}
	if r.text() != boot {
		return index{}
	}
	read := index{all: r.stamp()}
	read.notes = make([]note, r.length())
	for i := range read.notes {
		r.note(&read.notes[i])
	}
	if r.bad {
		return index{}
	}
	return read
}

func (r *reader) note(n *note) {
	n.lib, n.run = r.stamp(), r.stamp()
	for _, s := range []*string{&n.ID, &n.Name, &n.Image, &n.ImageID} {
		*s = r.text()
	}
	n.Created = r.time()
	n.Entrypoint, n.Cmd, n.Exposed = r.texts(), r.texts(), r.texts()
	for _, i := range []*int{&n.Starts, &n.Restarts, &n.Code, &n.Pid} {
		*i = int(r.int())
	}
	n.Unknown, n.Due, n.Keeps, n.Passing = r.bool(), r.bool(), r.bool(), r.bool()
	n.Started, n.Ends, n.Since = r.time(), r.time(), r.time()
	n.Ticks = uint64(r.int()) //nolint:gosec // as it went
	n.IP = r.text()
	if count := r.length(); count > 0 {
		n.Ports = make([]Port, count)
		for i := range n.Ports {
			n.Ports[i] = Port{HostIP: r.text(), HostPort: uint16(r.int()), HostLast: uint16(r.int()), ContainerPort: uint16(r.int()), Protocol: r.text()} //nolint:gosec // as they went
		}
	}
}

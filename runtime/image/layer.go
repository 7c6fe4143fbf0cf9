package image

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/rootfs"
	"neap/runtime/store"
)

// layer is what is known of a layer beside its files. Until its files are known
// to survive power loss it counts only for the boot that made them.
type layer struct {
	Size   int64  // of its files
	Plain  int64  // of its tar
	Spoilt bool   `json:",omitempty"` // its tar cannot be made again
	Boot   string `json:",omitempty"`
}

// delivery is layers on their way to an image: it holds them, new and old,
// until the image is recorded, so that no removal takes one away between.
type delivery struct {
	s    *Images
	boot string

	mu    sync.Mutex
	held  []*store.Lock
	young []string // not known to survive power loss
}

func (s *Images) deliver() (*delivery, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return &delivery{s: s, boot: strings.TrimSpace(string(boot))}, err
}

// close lets the layers go. Those of no image are then Sweep's.
func (d *delivery) close() {
	for _, lock := range d.held {
		_ = lock.Unlock() // closing a lock file loses nothing
	}
}

// source opens the packed or plain tar of a layer from its beginning.
type source func() (io.ReadCloser, error)

// layer makes sure of the layer with this diff id: from open, unless it is
// there. Of several processes that want one layer, one makes it.
func (d *delivery) layer(ctx context.Context, diffID string, open source) (made bool, err error) {
	hex, _ := digits(diffID)
	if err := d.hold(ctx, hex); err != nil {
		return false, err
	}
	if _, ok := d.ready(hex); ok {
		return false, nil
	}
	making := ".make-" + hex
	lock, err := patient(ctx, d.s.layers, making, store.Exclusive)
	if err != nil {
		return false, err
	}
	defer lock.Unlock()
	if _, ok := d.ready(hex); ok {
		return false, nil
	}
	if err := d.make(ctx, hex, open); err != nil {
		return false, err
	}
	return true, d.s.layers.Remove(making)
}

func (d *delivery) make(ctx context.Context, hex string, open source) error {
	draft := ".new-" + hex
	if err := errors.Join(d.s.scrap(draft), d.s.layers.RemoveAll(hex)); err != nil {
		return err
	}
	body, err := open()
	if err != nil {
		return err
	}
	made, err := d.s.unpack(ctx, draft, body)
	err = errors.Join(err, body.Close())
	if err == nil && made.hex != hex {
		err = fault.New(fault.Invalid, "its content is sha256:%s, not sha256:%s as was promised", made.hex, hex)
	}
	if err != nil {
		return errors.Join(err, d.s.scrap(draft))
	}
	return d.settle(draft, made)
}

// settle gives a finished draft its name.
func (d *delivery) settle(draft string, made unpacked) error {
	l := layer{Size: made.Bytes, Plain: made.plain, Spoilt: made.Spoilt, Boot: d.boot}
	if err := d.s.layers.Save(made.hex+".json", l, store.Quick); err != nil {
		return err
	}
	if err := d.s.layers.Rename(draft+recipeEnd, made.hex+recipeEnd); err != nil {
		return err
	}
	if err := d.s.layers.Rename(draft, made.hex); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.young = append(d.young, made.hex)
	return nil
}

// adopt takes a draft whose digest is known only now.
func (d *delivery) adopt(ctx context.Context, draft string, made unpacked) error {
	_, err := d.layer(ctx, algorithm+made.hex, func() (io.ReadCloser, error) { return nil, errAbsent })
	if !errors.Is(err, errAbsent) {
		return err
	}
	lock, err := patient(ctx, d.s.layers, ".make-"+made.hex, store.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, ok := d.ready(made.hex); ok {
		return nil
	}
	if err := d.s.layers.RemoveAll(made.hex); err != nil {
		return err
	}
	return errors.Join(d.settle(draft, made), d.s.layers.Remove(".make-"+made.hex))
}

var errAbsent = errors.New("the layer is not there")

func (d *delivery) hold(ctx context.Context, hex string) error {
	lock, err := patient(ctx, d.s.layers, ".use-"+hex, store.Shared)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = append(d.held, lock)
	return nil
}

// patient waits for a lock as long as ctx does: a download takes its time.
func patient(ctx context.Context, dir store.Dir, name string, mode store.Mode) (*store.Lock, error) {
	for {
		lock, err := dir.Lock(ctx, name, mode)
		if fault.Is(err, fault.Busy) && ctx.Err() == nil {
			continue
		}
		return lock, err
	}
}

// ready says whether the layer is there, whole, and will stay so.
func (d *delivery) ready(hex string) (layer, bool) {
	var l layer
	if !d.s.layers.Exists(hex) || d.s.layers.Load(hex+".json", &l) != nil {
		return l, false
	}
	switch l.Boot {
	case "":
		return l, true
	case d.boot:
		d.mu.Lock()
		defer d.mu.Unlock()
		d.young = append(d.young, hex)
		return l, true
	}
	return l, false
}

// sync makes the layers survive power loss, with one syncfs for all.
func (d *delivery) sync(ctx context.Context) error {
	if len(d.young) == 0 {
		return nil
	}
	top, err := d.s.layers.Open(".")
	if err != nil {
		return err
	}
	defer top.Close()
	if err := unix.Syncfs(int(top.Fd())); err != nil {
		return os.NewSyscallError("syncfs", err)
	}
	lock, err := d.s.layers.Lock(ctx, ".lock", store.Exclusive) // two may share a layer
	if err != nil {
		return err
	}
	defer lock.Unlock()
	for _, hex := range d.young {
		if err := d.age(hex); err != nil {
			return err
		}
	}
	return nil
}

// age notes that the layer now survives power loss.
func (d *delivery) age(hex string) error {
	var l layer
	if err := d.s.layers.Load(hex+".json", &l); err != nil || l.Boot == "" {
		return err
	}
	l.Boot = ""
	return d.s.layers.Save(hex+".json", l, store.Quick)
}

// unpacked is what came of an archive.
type unpacked struct {
	rootfs.Tally
	hex   string // the digest of the plain tar
	plain int64  // its length
}

// unpack unpacks a layer into a new directory, with its recipe beside it. A
// draft half made is the caller's to remove.
func (s *Images) unpack(ctx context.Context, draft string, body io.Reader) (unpacked, error) {
	dir, err := s.place(draft)
	if err != nil {
		return unpacked{}, err
	}
	defer dir.Close()
	if err := dir.Chmod(0o755); err != nil {
		return unpacked{}, err
	}
	recipe, err := s.layers.OpenFile(draft+recipeEnd, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return unpacked{}, err
	}
	plain, err := readAhead(body)
	if err != nil {
		return unpacked{}, errors.Join(err, recipe.Close())
	}
	defer plain.Close()
	tally, err := rootfs.Extract(ctx, plain, dir, rootfs.Extraction{
		Limits: s.opt.Limits, Whiteouts: true, Through: true, Recipe: recipe,
	})
	if err = errors.Join(err, recipe.Close()); err != nil {
		return unpacked{}, err
	}
	return unpacked{Tally: tally, hex: hex.EncodeToString(plain.sum.Sum(nil)), plain: plain.size}, nil
}

// recipeEnd is the ending of the file with which a layer's tar is made again.
const recipeEnd = ".recipe"

// scrap removes a draft and its recipe.
func (s *Images) scrap(draft string) error {
	err := s.layers.Remove(draft + recipeEnd)
	if missing(err) {
		err = nil
	}
	return errors.Join(err, s.layers.RemoveAll(draft))
}

// missing says whether err is only that something was not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

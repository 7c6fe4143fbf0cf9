package sim

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/keeper"
)

// picture is one image. Its exported methods take the world's lock; all others
// want it held.
type picture struct {
	w *World
	image.Image
	tagged  time.Time
	builtin bool
}

// builtin makes the image that is there.
func (w *World) builtin(name string, c image.Config) *picture {
	p := w.picture(digest("image", name), c)
	p.builtin = true
	p.Size = int64(len(w.opt.Builtin.Tar))
	p.tag(name)
	return p
}

func (w *World) picture(hex string, c image.Config) *picture {
	p := &picture{w: w, tagged: w.now, Image: image.Image{
		ID: "sha256:" + hex, Created: w.now, Architecture: "amd64", OS: "linux", Config: c,
		Layers: []string{"sha256:" + digest("layer", hex)}, Size: 10 << 20,
	}}
	w.images[p.Image.ID] = p
	return p
}

// tag gives it a name, which whoever had it loses.
func (p *picture) tag(name string) {
	for _, other := range p.w.images {
		other.Tags = slices.DeleteFunc(other.Tags, func(t string) bool { return t == name })
	}
	p.Tags = append(p.Tags, name)
	slices.Sort(p.Tags)
	p.tagged = p.w.now
}

// Image puts an image into the world that a test describes: with changes as
// image.Config.Apply takes them.
func (w *World) Image(name string, changes []string, size int64, created time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	full, err := image.Normalize(name)
	if err != nil {
		return err
	}
	c := served()
	if err := c.Apply(changes); err != nil {
		return err
	}
	p := w.picture(digest("image", full), c)
	if p.tag(full); size > 0 {
		p.Size = size
	}
	if !created.IsZero() {
		p.Created = created.UTC()
	}
	return nil
}

// served is what an image that nobody described runs: a service.
func served() image.Config { return image.Config{Cmd: []string{"serve"}} }

// findImage is the image called ref, nil if there is none.
func (w *World) findImage(ref string) (*picture, error) {
	name, bad := image.Normalize(ref)
	if bad == nil && w.struck("image_missing", ref) || w.struck("image_missing", name) {
		return nil, nil
	}
	var ids []string
	start := strings.TrimPrefix(ref, "sha256:")
	hex := start != "" && strings.Trim(start, "0123456789abcdef") == ""
	for id, p := range w.images {
		switch digits := strings.TrimPrefix(id, "sha256:"); {
		case digits == start, bad == nil && (slices.Contains(p.Tags, name) || slices.Contains(p.Digests, name)):
			return p, nil
		case hex && strings.HasPrefix(digits, start):
			ids = append(ids, digits)
		}
	}
	switch {
	case hex && len(ids) == 1:
		return w.images["sha256:"+ids[0]], nil
	case hex && len(ids) > 1:
		slices.Sort(ids)
		return nil, image.Several(start, ids)
	case hex:
		return nil, nil
	}
	return nil, bad
}

func (w *World) getImage(ref string) (*picture, error) {
	p, err := w.findImage(ref)
	if err == nil && p == nil {
		err = image.Absent(ref, w.tags())
	}
	return p, err
}

func (w *World) tags() (all []string) {
	for _, p := range w.images {
		all = append(all, p.Tags...)
	}
	slices.Sort(all)
	return all
}

// pull gets an image from a registry that has all of them.
func (w *World) pull(ctx context.Context, ref string, o image.PullOptions) (*picture, error) {
	name, err := image.Normalize(ref)
	if err != nil {
		return nil, err
	}
	if w.struck("image_missing", ref) || w.hit("image_missing", name) != nil {
		return nil, fault.Wrap("pull image", name, fault.New(fault.NotFound, "the registry has no such image"))
	}
	if f := cmpOr(w.hit("slow_pull", ref), w.hit("slow_pull", name)); f != nil {
		if w.wait(ctx, w.now.Add(f.Takes), func() bool { return false }) == ended {
			return nil, fault.Wrap("pull image", name, context.Cause(ctx))
		}
	}
	if err := w.strike("disk_full", name); err != nil {
		return nil, fault.Wrap("pull image", name, err)
	}
	p, err := w.findImage(name)
	if err != nil || p != nil {
		return p, err
	}
	p = w.picture(digest("image", name), served())
	if repo, _, pinned := strings.Cut(name, "@"); pinned {
		p.Digests = []string{name}
	} else {
		p.tag(name)
		p.Digests = []string{repo[:strings.LastIndexByte(repo, ':')] + "@sha256:" + digest("manifest", name)}
	}
	if o.Progress != nil {
		o.Progress(image.Event{Ref: name, Status: image.Downloaded})
	}
	return p, nil
}

// cmpOr is the first that is not nil.
func cmpOr(a, b *Fault) *Fault {
	if a != nil {
		return a
	}
	return b
}

// supply is where containers get their images from.
type supply struct{ w *World }

func viewOf(p *picture, err error) (*image.Image, error) {
	if err != nil || p == nil {
		return nil, err
	}
	view := p.Image
	view.Tags = slices.Clone(p.Tags)
	return &view, nil
}

func (s supply) Find(_ context.Context, ref string) (*image.Image, error) {
	return viewOf(s.w.findImage(ref))
}

func (s supply) Get(_ context.Context, ref string) (*image.Image, error) {
	return viewOf(s.w.getImage(ref))
}

func (s supply) Pull(ctx context.Context, ref string, o image.PullOptions) (*image.Image, error) {
	return viewOf(s.w.pull(ctx, ref, o))
}

// present is the error of a start whose image lacks the program.
func (w *World) present(c *cell) error {
	argv := append(slices.Clone(c.plan.Entrypoint), c.plan.Cmd...)
	return w.has(c, argv[0])
}

func (w *World) has(c *cell, program string) error {
	p := w.images[c.plan.ImageID]
	if p == nil || !p.builtin || known(path.Base(program), []string{"1"}) {
		return nil
	}
	if all := w.programs(); len(all) == 0 || slices.Contains(all, path.Base(program)) || w.told(c, []string{program}) != nil {
		return nil
	}
	search := ""
	for _, kv := range c.plan.Env {
		if value, found := strings.CutPrefix(kv, "PATH="); found {
			search = value
		}
	}
	return keeper.Missing(127, "\""+program+"\": no such program in "+search, "")
}

// readPrograms lists what lies in the bin directories of an archive.
func readPrograms(archive []byte) (names []string) {
	unpacked, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil
	}
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if err != nil {
			return names
		}
		if strings.HasSuffix(path.Dir(path.Clean("/"+h.Name)), "bin") {
			names = append(names, path.Base(h.Name))
		}
	}
}

// users are the containers made from it.
func (p *picture) users() []image.Use {
	var all []image.Use
	for _, c := range p.w.order {
		if c.plan.ImageID == p.Image.ID {
			s := c.state()
			all = append(all, image.Use{Container: c.wish.Name, Running: s == container.Running || s == container.Paused || s == container.Restarting})
		}
	}
	return all
}

// ID is the full id.
func (p *picture) ID() string { return p.Image.ID }

// Look is what it is now.
func (p *picture) Look(context.Context) (*image.Image, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return viewOf(p.w.getImage(p.Image.ID))
}

// UsedBy is the names of the containers made from it.
func (p *picture) UsedBy(context.Context) ([]string, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	var names []string
	for _, u := range p.users() {
		names = append(names, u.Container)
	}
	slices.Sort(names)
	return names, nil
}

// Tag gives it another name.
func (p *picture) Tag(ctx context.Context, name string) error {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	full, err := image.Normalize(name)
	if err == nil && strings.Contains(full, "@") {
		err = &fault.Error{Kind: fault.Invalid, Op: "read image name", Object: name, Message: "a digest cannot be given"}
	}
	if err == nil {
		_, err = p.w.getImage(p.Image.ID)
	}
	if err == nil {
		p.w.tick()
		if !slices.Contains(p.Tags, full) {
			note(ctx, named{p, full})
		}
		p.tag(full)
	}
	return fault.Wrap("tag image", name, err)
}

// Untag takes a name from it.
func (p *picture) Untag(_ context.Context, name string) error {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	full, err := image.Normalize(name)
	if err == nil {
		_, err = p.w.getImage(p.Image.ID)
	}
	if err == nil && !slices.Contains(p.Tags, full) {
		err = fault.Wrap("untag image", full, fault.New(fault.NotFound, "this image has no such tag"))
	}
	if err != nil {
		return err
	}
	p.Tags = slices.DeleteFunc(p.Tags, func(t string) bool { return t == full })
	return nil
}

// Remove removes it by its id.
func (p *picture) Remove(ctx context.Context, force bool) (image.Removal, error) {
	return images{p.w}.Remove(ctx, p.Image.ID, force)
}

// Inspect is all about it, in Docker's form.
func (p *picture) Inspect(context.Context) (any, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	img, err := viewOf(p.w.getImage(p.Image.ID))
	if err != nil {
		return nil, err
	}
	return image.Describe(img, p.tagged), nil
}

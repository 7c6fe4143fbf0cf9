package sim

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"neap/bindings"
	"neap/lua/std"
	"neap/runtime/fault"
	"neap/runtime/image"
)

type images struct{ w *World }

func (n images) give(p *picture, err error) (bindings.Image, error) {
	if err != nil || p == nil {
		return nil, err
	}
	return p, nil
}

// Pull gets an image.
func (n images) Pull(ctx context.Context, ref string, o image.PullOptions) (bindings.Image, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	n.w.tick()
	before := len(n.w.images)
	p, err := n.w.pull(ctx, ref, o)
	if err == nil && len(n.w.images) > before {
		p.noted(ctx)
	}
	return n.give(p, err)
}

// noted remembers that it was made, with its names.
func (p *picture) noted(ctx context.Context) {
	note(ctx, p)
	for _, name := range p.Tags {
		note(ctx, named{p, name})
	}
}

// Find is the image called ref, or nil.
func (n images) Find(_ context.Context, ref string) (bindings.Image, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	return n.give(n.w.findImage(ref))
}

// Get is the image called ref.
func (n images) Get(_ context.Context, ref string) (bindings.Image, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	return n.give(n.w.getImage(ref))
}

// List is all images, the newest first.
func (n images) List(context.Context) (all []bindings.Image, err error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for _, p := range n.w.pictures() {
		all = append(all, p)
	}
	return all, nil
}

func (w *World) pictures() (all []*picture) {
	for _, p := range w.images {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *picture) int {
		if newer := b.Created.Compare(a.Created); newer != 0 {
			return newer
		}
		return strings.Compare(a.Image.ID, b.Image.ID)
	})
	return all
}

// Remove removes an image, or a name of it, by Docker's rules.
func (n images) Remove(_ context.Context, ref string, force bool) (image.Removal, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	n.w.tick()
	p, err := n.w.getImage(ref)
	if err != nil {
		return image.Removal{}, fault.Wrap("remove image", ref, err)
	}
	view := p.Image
	o := image.RemoveOptions{Force: force, UsedBy: func(string) []image.Use { return p.users() }}
	names, whole, err := o.Decide(&view, ref)
	if err != nil {
		return image.Removal{}, fault.Wrap("remove image", ref, err)
	}
	done := image.Removal{Untagged: slices.Clone(names)}
	p.Tags = slices.DeleteFunc(slices.Clone(p.Tags), func(t string) bool { return slices.Contains(done.Untagged, t) })
	if whole {
		delete(n.w.images, p.Image.ID)
		done.Untagged = append(done.Untagged, p.Digests...)
		done.Deleted = append([]string{p.Image.ID}, p.Layers...)
	}
	return done, nil
}

// Push sends an image to a registry that takes all.
func (n images) Push(_ context.Context, ref string, _ image.PushOptions) (string, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if _, err := n.w.getImage(ref); err != nil {
		return "", fault.Wrap("push image", ref, err)
	}
	return "sha256:" + digest("manifest", ref), nil
}

// archive is how images are saved here.
type archive struct {
	About  string
	Images []image.Image
}

const about = "images of a simulation"

// Save writes images.
func (n images) Save(_ context.Context, refs []string, path string) error {
	err := std.Whole(path, 0o600, func(to io.Writer) error { return n.save(refs, to) })
	return fault.Wrap("write", path, err)
}

func (n images) save(refs []string, to io.Writer) error {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	a := archive{About: about}
	for _, ref := range refs {
		p, err := n.w.getImage(ref)
		if err != nil {
			return fault.Wrap("save image", ref, err)
		}
		a.Images = append(a.Images, p.Image)
	}
	return json.NewEncoder(to).Encode(a)
}

// Load takes images that Save wrote.
func (n images) Load(ctx context.Context, from bindings.Archive) (all []bindings.Image, err error) {
	err = from.Read(func(r io.Reader) (err error) {
		all, err = n.load(ctx, r)
		return err
	})
	return all, err
}

func (n images) load(ctx context.Context, r io.Reader) (all []bindings.Image, err error) {
	var a archive
	if err := json.NewDecoder(r).Decode(&a); err != nil || a.About != about {
		return nil, fault.Wrap("load images", "", fault.New(fault.Unsupported, "a simulation loads only what it saved"))
	}
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for _, img := range a.Images {
		p := n.w.images[img.ID]
		if p == nil {
			p = &picture{w: n.w, Image: img}
			p.Tags = nil
			n.w.images[img.ID] = p
		}
		for _, name := range img.Tags {
			p.tag(name)
		}
		p.noted(ctx)
		if !slices.Contains(all, bindings.Image(p)) {
			all = append(all, p)
		}
	}
	return all, nil
}

// Import makes an image of the tar of a root file system.
func (n images) Import(ctx context.Context, from bindings.Archive, o image.ImportOptions) (made bindings.Image, err error) {
	err = from.Read(func(r io.Reader) (err error) {
		made, err = n.plant(ctx, r, o)
		return err
	})
	return made, err
}

func (n images) plant(ctx context.Context, r io.Reader, o image.ImportOptions) (bindings.Image, error) {
	var c image.Config
	if err := c.Apply(o.Changes); err != nil {
		return nil, err
	}
	name, err := "", error(nil)
	if o.Tag != "" {
		if name, err = image.Normalize(o.Tag); err != nil {
			return nil, err
		}
	}
	body, err := io.ReadAll(r)
	if err == nil && len(body) == 0 {
		err = fault.New(fault.Invalid, "the archive is empty")
	}
	if err != nil {
		return nil, fault.Wrap("import image", o.Tag, err)
	}
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	n.w.tick()
	p := n.w.picture(digest("import", string(body), n.w.now.String()), c)
	p.Size, p.Comment = int64(len(body)), orElse(o.Message, "Imported from -")
	if name != "" {
		p.tag(name)
	}
	p.noted(ctx)
	return p, nil
}

package plan

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"neap/bindings"
	"neap/runtime/fault"
	"neap/runtime/image"
)

// images records, or hands on.
type images struct{ p *Planner }

// imageShadow is an image as it would be.
type imageShadow struct {
	seen image.Image
	made bool // by the plan: only its names are known
	gone bool
}

// has says whether a name is one of its names.
func (s *imageShadow) has(name string) bool {
	full, err := image.Normalize(name)
	return err == nil && !s.gone && slices.Contains(s.seen.Tags, full)
}

func (n images) hold(i bindings.Image, err error) (bindings.Image, error) {
	if err != nil || i == nil {
		return nil, err
	}
	return &picture{p: n.p, id: i.ID(), inner: i}, nil
}

func (n images) list(all []bindings.Image, err error) ([]bindings.Image, error) {
	held := make([]bindings.Image, len(all))
	for i, img := range all {
		held[i] = &picture{p: n.p, id: img.ID(), inner: img}
	}
	return held, err
}

type (
	pullOptions struct {
		Ref     string            `json:"ref"`
		Options image.PullOptions `json:"options,omitzero"`
	}
	loadOptions struct {
		Path string `json:"path"`
	}
	importOptions struct {
		Path    string              `json:"path"`
		Options image.ImportOptions `json:"options,omitzero"`
	}
	saveOptions struct {
		Refs []string `json:"refs"`
		Path string   `json:"path"`
	}
	pushOptions struct {
		Ref     string            `json:"ref"`
		Options image.PushOptions `json:"options,omitzero"`
	}
	nameOptions struct {
		Name string `json:"name"`
	}
	untagOptions struct {
		Names []string `json:"names"`
	}
	removeOptions struct {
		Ref   string `json:"ref"`
		Force bool   `json:"force,omitzero"`
	}
)

func (n images) Pull(ctx context.Context, ref string, o image.PullOptions) (bindings.Image, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Images.Pull(ctx, ref, o))
	}
	full, err := image.Normalize(ref)
	if err != nil {
		return nil, err
	}
	return r.makeImage(ctx, bindings.Change{Verb: "pull", Object: ref}, pullOptions{ref, o}, full)
}

func (n images) Load(ctx context.Context, from bindings.Archive) ([]bindings.Image, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.list(n.p.real.Images.Load(ctx, from))
	}
	path, err := r.archive(from)
	if err != nil {
		return nil, err
	}
	i, err := r.makeImage(ctx, bindings.Change{Verb: "load", Object: from.Path}, loadOptions{path}, "")
	return []bindings.Image{i}, err
}

func (n images) Import(ctx context.Context, from bindings.Archive, o image.ImportOptions) (bindings.Image, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Images.Import(ctx, from, o))
	}
	path, err := r.archive(from)
	if err != nil {
		return nil, err
	}
	full := ""
	if o.Tag != "" {
		if full, err = image.Normalize(o.Tag); err != nil {
			return nil, err
		}
	}
	return r.makeImage(ctx, bindings.Change{Verb: "import", Object: from.Path}, importOptions{path, o}, full)
}

// archive is the path of an archive, which must be as it is now when the plan
// is applied.
func (r *recording) archive(from bindings.Archive) (string, error) {
	if from.Path == "-" {
		return "-", nil
	}
	path, err := filepath.Abs(from.Path)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if facts := fileFacts(path); facts["file"] == "absent" && r.last[thing{"file", path}] == 0 {
		return "", fault.Wrap("read", from.Path, fault.New(fault.NotFound, "no such file"))
	}
	r.seeFile(path)
	return path, nil
}

// makeImage records what brings an image here, of which only the name is known;
// "" for none.
func (r *recording) makeImage(ctx context.Context, c bindings.Change, options any, name string) (bindings.Image, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &imageShadow{made: true}
	ref := r.p.placeholder()
	s.seen.ID = ref
	var touched []thing
	if name != "" {
		touched = append(touched, r.seeImageName(ctx, name))
		r.takeName(ctx, name)
		s.seen.Tags = []string{name}
	}
	c.Kind, c.Makes = "image", []string{ref}
	if _, err := r.note(ctx, step{Change: c, options: options, touches: touched}); err != nil {
		return nil, err
	}
	r.images[ref] = s
	r.within(ctx, thing{"image", ref})
	return &picture{p: r.p, id: ref}, nil
}

// takeName takes a name from the image that has it. The caller holds r.mu.
func (r *recording) takeName(ctx context.Context, name string) {
	if i, err := r.p.nouns.Images.Find(r.under(ctx), name); err == nil && i != nil {
		if c, ok := i.(*picture); ok {
			_, _ = r.imageShadow(ctx, c) // what cannot be seen has no name to lose
		}
	}
	for _, s := range r.images {
		s.seen.Tags = slices.DeleteFunc(slices.Clone(s.seen.Tags), func(t string) bool { return t == name })
	}
}

func (n images) Save(ctx context.Context, refs []string, path string) error {
	r := recordingOf(ctx)
	if r == nil {
		return n.p.real.Images.Save(ctx, refs, path)
	}
	var size int64
	var used []thing
	for _, ref := range refs {
		i, err := n.Get(ctx, ref)
		if err != nil {
			return err
		}
		if img, err := i.Look(ctx); err == nil {
			size += img.Size
		}
		used = append(used, thing{"image", i.ID()})
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ref := range refs {
		r.seeImageName(ctx, ref)
	}
	r.seeFile(path)
	_, err = r.note(ctx, step{
		Change:  bindings.Change{Verb: "save", Kind: "image", Object: strings.Join(refs, " "), Size: &size},
		options: saveOptions{refs, path}, uses: used, touches: r.files(path),
	})
	return err
}

func (n images) Push(ctx context.Context, ref string, o image.PushOptions) (string, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.p.real.Images.Push(ctx, ref, o)
	}
	if _, err := n.Get(ctx, ref); err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	used := r.seeImageName(ctx, ref)
	digest := r.p.placeholder()
	_, err := r.note(ctx, step{
		Change:  bindings.Change{Verb: "push", Kind: "image", Object: ref, Makes: []string{digest}},
		options: pushOptions{ref, o}, uses: []thing{used},
	})
	return digest, err
}

func (n images) Find(ctx context.Context, ref string) (bindings.Image, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Images.Find(ctx, n.p.resolved(ref)))
	}
	if id, ok := r.imageNamed(ref); ok {
		return &picture{p: n.p, id: id}, nil
	}
	i, err := n.Find(r.under(ctx), ref)
	if err != nil || i == nil {
		return nil, err
	}
	if s := r.knownImage(i.ID()); s != nil && (s.gone || !s.has(ref) && i.(*picture).had(r.under(ctx), ref)) {
		return nil, nil
	}
	return i, nil
}

// had says whether an image has the name in ctx.
func (i *picture) had(ctx context.Context, ref string) bool {
	img, err := i.Look(ctx)
	full, wrong := image.Normalize(ref)
	return err == nil && wrong == nil && slices.Contains(img.Tags, full)
}

func (r *recording) imageNamed(ref string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.images {
		if s.has(ref) || s.made && !s.gone && id == ref {
			return id, true
		}
	}
	return "", false
}

func (r *recording) knownImage(id string) *imageShadow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return snapshot(r.images[id])
}

func (n images) Get(ctx context.Context, ref string) (bindings.Image, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Images.Get(ctx, n.p.resolved(ref)))
	}
	return got(ctx, r, "image", ref, n.Find, n.Get)
}

func (n images) List(ctx context.Context) ([]bindings.Image, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.list(n.p.real.Images.List(ctx))
	}
	base, err := n.List(r.under(ctx))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []bindings.Image
	for id, s := range r.images {
		if s.made && !s.gone {
			all = append(all, &picture{p: n.p, id: id})
		}
	}
	slices.SortFunc(all, func(a, b bindings.Image) int { return strings.Compare(a.ID(), b.ID()) })
	for _, i := range base {
		if s := r.images[i.ID()]; s == nil || !s.gone {
			all = append(all, i)
		}
	}
	return all, nil
}

func (n images) Remove(ctx context.Context, ref string, force bool) (image.Removal, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.p.real.Images.Remove(ctx, n.p.resolved(ref), force)
	}
	i, err := n.Get(ctx, ref)
	if err != nil {
		return image.Removal{}, err
	}
	return r.removeImage(ctx, i.(*picture), ref, force)
}

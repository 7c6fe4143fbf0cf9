package bindings

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
	"neap/runtime/image"
)

// imageName is a name of it, else its id: what a container is made from.
func imageName(i Image) string {
	if img, err := i.Look(context.Background()); err == nil && len(img.Tags) > 0 {
		return img.Tags[0]
	}
	return i.ID()
}

func imageFact[T any](name string, k bind.Kind[T], doc string, of func(*image.Image) T) bind.Field[Image] {
	return bind.Get(name, k, doc, func(ctx context.Context, i Image) (t T, err error) {
		if err := foresee(ctx, i, name); err != nil {
			return t, err
		}
		img, err := i.Look(ctx)
		if err != nil {
			return t, imageGone(i, err)
		}
		return of(img), nil
	})
}

// imageGone says of an image that cannot be found that it was removed.
func imageGone(i Image, err error) error {
	if fault.Is(err, fault.NotFound) {
		return &fault.Error{Kind: fault.NotFound, Op: "use image", Object: shortDigest(i.ID()), Message: "it was removed"}
	}
	return err
}

func (d *doors) fillImage() {
	k := d.image
	k.Text = func(i Image) string { return imageName(i) + " (" + shortDigest(i.ID()) + ")" }
	k.Same = func(a, b Image) bool { return a.ID() == b.ID() }
	k.Find = d.getImage
	k.Hints = map[string]string{"name": "tags", "tag_list": "tags", "os_type": "os", "arch": "architecture", "history": "inspect()"}
	k.Columns = []string{"tags", "short_id", "created", "size"}
	k.Bulk = []string{"remove", "untag"}
	k.Fields = []bind.Field[Image]{
		bind.Plain("id", bind.String, "its full id: sha256: and 64 digits", Image.ID),
		bind.Plain("short_id", bind.String, "the first twelve digits", func(i Image) string { return shortDigest(i.ID()) }),
		imageFact("tags", bind.Strings, "its names", func(i *image.Image) []string { return i.Tags }),
		imageFact("digests", bind.Strings, "repository@digest, as it was pulled", func(i *image.Image) []string { return i.Digests }),
		imageFact("repository", bind.Maybe(bind.String), "of its first name", repository),
		imageFact("size", bind.Size, "of the files in its layers", func(i *image.Image) int64 { return i.Size }),
		imageFact("created", bind.Time, "when it was built", func(i *image.Image) time.Time { return i.Created }),
		imageFact("architecture", bind.String, "the processors it is for", func(i *image.Image) string { return i.Architecture }),
		imageFact("os", bind.String, "the system it is for", func(i *image.Image) string { return i.OS }),
		imageFact("config", bind.JSON, "what it asks of a container", imageConfig),
		imageFact("layers", bind.Strings, "the diff ids of its layers, lowest first", func(i *image.Image) []string { return i.Layers }),
		imageFact("labels", bind.Map, "its labels", func(i *image.Image) map[string]string { return i.Config.Labels }),
		bind.Get("used_by", bind.Strings, "containers made from it", func(ctx context.Context, i Image) ([]string, error) {
			if _, err := i.Look(ctx); err != nil {
				return nil, err
			}
			return i.UsedBy(ctx)
		}),
	}
	k.Extra = []bind.Field[Image]{
		imageFact("label", bind.Map, "a label, or labels that must all be there", func(i *image.Image) map[string]string { return i.Config.Labels }),
		imageFact("tag", bind.Strings, "a name of it", func(i *image.Image) []string { return i.Tags }),
		imageFact("dangling", bind.Bool, "whether it has no name", func(i *image.Image) bool { return len(i.Tags) == 0 }),
	}
	k.Methods = d.imageActs()
}

func imageConfig(i *image.Image) json.RawMessage {
	raw, err := json.Marshal(i.Config)
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

// repository is a name without its tag.
func repository(i *image.Image) string {
	if len(i.Tags) == 0 {
		return ""
	}
	name := i.Tags[0]
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		return name[:at]
	}
	return name
}

// tagged is the beginning of examples with an image of their own.
const tagged = `images.get("box"):tag("mine:1")
`

func (d *doors) imageActs() []bind.Method[Image] {
	k := d.image
	return []bind.Method[Image]{
		bind.Act1(k, "tag", "Give it another name; whoever had it loses it.", bind.Req("name", bind.Text, "NAME[:TAG]"),
			func(ctx context.Context, i Image, name string) error { return i.Tag(ctx, name) },
		).With(tagged + `assert(images.get("mine:1") == images.get("box"))
images.get("box"):untag("mine:1")`),
		bind.Act1(k, "untag", "Take a name from it, or all of them; it stays.", bind.Opt("name", bind.Text, "", "NAME[:TAG]; all if left out"), untag).
			With(tagged + `images.get("box"):untag("mine:1")
assert(images.find("mine:1") == nil)`),
		bind.Method1("remove", "Remove it with the layers that no other image has; one that is gone is no error.",
			bind.Options(imageRemoval()), bind.Returns(d.removal.Kind(), "what is gone"),
			func(ctx context.Context, i Image, o forceOptions) (image.Removal, error) {
				r, err := i.Remove(ctx, o.Force)
				if fault.Is(err, fault.NotFound) {
					return r, nil
				}
				return r, err
			}).Change(),
		bind.Method0("inspect", "All about it, in Docker's form.", bind.Returns(bind.JSON, "the document"),
			document(func(ctx context.Context, i Image) (any, error) { return i.Inspect(ctx) }),
		).With(`assert(images.get("box"):inspect().Os == "linux")`),
	}
}

func untag(ctx context.Context, i Image, name string) error {
	if name != "" {
		return i.Untag(ctx, name)
	}
	img, err := i.Look(ctx)
	if err != nil {
		return imageGone(i, err)
	}
	for _, name := range img.Tags {
		if err := i.Untag(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// forceOptions is what remove of an image takes.
type forceOptions struct{ Force bool }

func imageRemoval() *bind.Record[forceOptions] {
	return &bind.Record[forceOptions]{
		Name: "RemoveImageOptions", Doc: "how to remove it",
		Keys: []bind.Key[forceOptions]{
			bind.K("force", bind.Bool, "with all its names, and although stopped containers use it", func(o *forceOptions) *bool { return &o.Force }),
		},
		Hints: map[string]string{"f": "force"},
	}
}

func (d *doors) fillRemoval() {
	k := d.removal
	k.Text = removalText
	k.Fields = []bind.Field[image.Removal]{
		bind.Plain("untagged", bind.Strings, "the names that are gone", func(r image.Removal) []string { return r.Untagged }),
		bind.Plain("deleted", bind.Strings, "the image's id and its layers, if they are gone", func(r image.Removal) []string { return r.Deleted }),
	}
}

// removalText is what docker rmi prints.
func removalText(r image.Removal) string {
	lines := make([]string, 0, len(r.Untagged)+len(r.Deleted))
	for _, name := range r.Untagged {
		lines = append(lines, "Untagged: "+name)
	}
	for _, id := range r.Deleted {
		lines = append(lines, "Deleted: "+id)
	}
	return strings.Join(lines, "\n")
}

func (d *doors) imagesFuncs() []*bind.Func { return append(d.imageMoves(), d.imageSearches()...) }

// imageMoves bring images here and elsewhere.
func (d *doors) imageMoves() []*bind.Func {
	k := d.image
	return []*bind.Func{
		bind.Func2("pull", "Get an image from its registry, or see that it is up to date.",
			bind.Req("name", bind.Text, "[REGISTRY/]NAME[:TAG|@DIGEST]"), bind.Options(pullRecord()), bind.Returns(k.Kind(), "the image"),
			func(ctx context.Context, ref string, o pullOptions) (Image, error) {
				if !o.Quiet {
					o.Progress = d.Progress
				}
				return d.Images.Pull(ctx, ref, o.PullOptions)
			},
		).Change(),
		bind.Func1("load", "Take the images of an archive that docker save wrote, or of an OCI layout in a tar.",
			bind.Req("path", bind.Text, "the archive; - is standard input"), bind.Returns(k.List(), "its images"),
			func(ctx context.Context, path string) ([]Image, error) {
				return d.Images.Load(ctx, d.archive(path))
			}).Change(),
		bind.Func2("import", "Make an image of one layer from the tar of a root file system.",
			bind.Req("path", bind.Text, "the tar; - is standard input"), bind.Options(importOptions()), bind.Returns(k.Kind(), "the image"),
			func(ctx context.Context, path string, o image.ImportOptions) (Image, error) {
				return d.Images.Import(ctx, d.archive(path), o)
			}).Change(),
		bind.Func2("save", "Write images into an archive that load and docker load take, with the names that they are given by.",
			bind.Req("images", bind.ListOf(k.Ref(imageName)), "which"), bind.Req("path", bind.Text, "the file; one that is there is replaced"), bind.Nothing,
			func(ctx context.Context, refs []string, path string) (bind.Void, error) {
				return bind.Void{}, d.Images.Save(ctx, refs, path)
			}).Change(),
		bind.Func2("push", "Send an image to the registry in its name.",
			bind.Req("name", k.Ref(imageName), "REGISTRY/NAME[:TAG]"), bind.Options(pushOptions()), bind.Returns(bind.String, "its digest there"),
			func(ctx context.Context, ref string, o image.PushOptions) (string, error) {
				return d.Images.Push(ctx, ref, o)
			},
		).Change(),
	}
}

// imageSearches find images that are here, and remove them.
func (d *doors) imageSearches() []*bind.Func {
	k := d.image
	return []*bind.Func{
		bind.Func1("get", "The image of that name or id; an error of kind not_found if it is not here.",
			bind.Req("name", k.Ref(Image.ID), "name, digest, id, or how the id begins"), bind.Returns(k.Kind(), "it"), d.getImage,
		).With(`assert(images.get("box").os == "linux")`),
		bind.Func1("find", "The image of that name or id, or nil.",
			bind.Req("name", k.Ref(Image.ID), "name, digest, id, or how the id begins"),
			bind.Returns(k.OrNil(func(i Image) bool { return i == nil }), "it, or nil"), d.findImage,
		).With(`assert(images.find("nothing") == nil)`),
		bind.Func1("list", "All images, or those that a filter keeps; the newest first.",
			bind.Opt("filter", k.Filter().Kind(), bind.Select[Image]{}, "which ones"), bind.Returns(k.List(), "them"),
			func(ctx context.Context, which bind.Select[Image]) ([]Image, error) {
				all, err := d.Images.List(ctx)
				if err != nil {
					return nil, err
				}
				return which.Keep(ctx, all)
			}).With(`for _, image in ipairs(images.list{ size = { over = "1k" } }) do print(image.tags[1]) end`),
		bind.Func1("prune", "Remove the images that have no name and no container, or with all = true all without a container.",
			bind.Opt("options", bind.With(pruneImages(), k.Filter()), bind.Both[pruneOptions, Image]{}, "which ones"),
			bind.Returns(d.removal.Kind(), "what is gone"), d.pruneImages,
		).Change().With(`print(images.prune())`),
		bind.Func2("remove", "Remove an image by a name or id: by a name that is not its last it only loses that.",
			bind.Req("name", k.Ref(Image.ID), "name or id"), bind.Options(imageRemoval()), bind.Returns(d.removal.Kind(), "what is gone"),
			func(ctx context.Context, ref string, o forceOptions) (image.Removal, error) {
				return d.Images.Remove(ctx, ref, o.Force)
			}).Change().With(tagged + `assert(images.remove("mine:1").untagged[1] == "mine:1")`),
	}
}

// pullOptions is what pull takes.
type pullOptions struct {
	image.PullOptions
	Quiet bool
}

func pullRecord() *bind.Record[pullOptions] {
	return &bind.Record[pullOptions]{
		Name: "PullOptions", Doc: "how to get it",
		Keys: []bind.Key[pullOptions]{
			bind.K("platform", bind.Text, "os/architecture[/variant]; this machine's if left out", func(o *pullOptions) *string { return &o.Platform }),
			bind.K("insecure", bind.Bool, "plain HTTP and unknown certificates will do", func(o *pullOptions) *bool { return &o.Insecure }),
			bind.K("quiet", bind.Bool, "do not show how it goes", func(o *pullOptions) *bool { return &o.Quiet }),
		},
	}
}

func pushOptions() *bind.Record[image.PushOptions] {
	return &bind.Record[image.PushOptions]{
		Name: "PushOptions", Doc: "how to send it",
		Keys: []bind.Key[image.PushOptions]{
			bind.K("insecure", bind.Bool, "plain HTTP and unknown certificates will do", func(o *image.PushOptions) *bool { return &o.Insecure }),
		},
	}
}

func importOptions() *bind.Record[image.ImportOptions] {
	return &bind.Record[image.ImportOptions]{
		Name: "ImportOptions", Doc: "what becomes of it",
		Keys: []bind.Key[image.ImportOptions]{
			bind.K("tag", bind.Text, "NAME[:TAG]", func(o *image.ImportOptions) *string { return &o.Tag }),
			bind.K("change", bind.Strings, "instructions of a Dockerfile: CMD, ENV, …", func(o *image.ImportOptions) *[]string { return &o.Changes }),
			bind.K("message", bind.Text, "a comment", func(o *image.ImportOptions) *string { return &o.Message }),
		},
	}
}

func pruneImages() *bind.Record[pruneOptions] {
	return &bind.Record[pruneOptions]{
		Name: "PruneImages", Doc: "which",
		Keys: []bind.Key[pruneOptions]{
			bind.K("all", bind.Bool, "those with a name too", func(o *pruneOptions) *bool { return &o.All }),
		},
	}
}

func (d *doors) pruneImages(ctx context.Context, o bind.Both[pruneOptions, Image]) (gone image.Removal, err error) {
	all, err := d.Images.List(ctx)
	if err == nil {
		all, err = o.Select.Keep(ctx, all)
	}
	if err != nil {
		return gone, err
	}
	_, err = sweep(all, Image.ID, func(i Image) (bool, error) {
		img, err := i.Look(ctx)
		if err != nil || len(img.Tags) > 0 && !o.Options.All {
			return false, err
		}
		if users, err := i.UsedBy(ctx); err != nil || len(users) > 0 {
			return false, err
		}
		r, err := i.Remove(ctx, true)
		gone.Untagged, gone.Deleted = append(gone.Untagged, r.Untagged...), append(gone.Deleted, r.Deleted...)
		return true, err
	})
	return gone, err
}

func (d *doors) getImage(ctx context.Context, ref string) (Image, error) {
	return d.Images.Get(ctx, ref)
}

func (d *doors) findImage(ctx context.Context, ref string) (Image, error) {
	return d.Images.Find(ctx, ref)
}

package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"neap/runtime/fault"
	"neap/runtime/rootfs"
)

// Save writes an archive of the images that refs call, with the names that are
// among refs: one that docker load and every reader of OCI layouts takes. On an
// error what was written is not one.
func (s *Images) Save(ctx context.Context, refs []string, w io.Writer) error {
	out := &saving{s: s, tar: tar.NewWriter(w), ctx: ctx, written: map[string]bool{}}
	for _, ref := range refs {
		if err := out.add(ref); err != nil {
			return fault.Wrap("save image", ref, err)
		}
	}
	return fault.Wrap("save images", "", out.finish())
}

type saving struct {
	s        *Images
	ctx      context.Context // of this one archive
	tar      *tar.Writer
	written  map[string]bool
	contents []content
	index    []offer
}

// content is an entry of docker save's table of contents.
type content struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// offer is a descriptor as it is written: those read have fields that nothing
// here has to say.
type offer struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

const (
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar"
	ociIndex    = "application/vnd.oci.image.index.v1+json"
)

func (o *saving) add(ref string) (err error) {
	img, err := o.s.Get(o.ctx, ref)
	if err != nil {
		return err
	}
	release, err := o.s.Hold(o.ctx, img)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	tag := ""
	if name, err := parse(ref); err == nil && slices.Contains(img.Tags, name.String()) {
		tag = name.String()
	}
	id, _ := digits(img.ID)
	config, err := o.s.config(id)
	if err != nil {
		return err
	}
	if err := o.blob(config); err != nil {
		return err
	}
	offers, err := o.layers(img)
	if err != nil {
		return err
	}
	return o.list(img, tag, offer{MediaType: ociConfig, Digest: img.ID, Size: int64(len(config))}, offers)
}

func (o *saving) layers(img *Image) ([]offer, error) {
	var offers []offer
	for _, diffID := range img.Layers {
		hex, _ := digits(diffID)
		size, err := o.s.plainSize(hex)
		if err != nil {
			return nil, err
		}
		offers = append(offers, offer{MediaType: ociLayer, Digest: diffID, Size: size})
		fresh, err := o.head("blobs/sha256/"+hex, size)
		if err != nil || !fresh {
			if err != nil {
				return nil, err
			}
			continue
		}
		if err := o.s.plain(o.ctx, hex, o.tar); err != nil {
			return nil, err
		}
	}
	return offers, nil
}

// list notes an image in both tables of contents.
func (o *saving) list(img *Image, tag string, config offer, layers []offer) error {
	raw, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": ociManifest, "config": config, "layers": layers})
	if err != nil {
		return err
	}
	if err := o.blob(raw); err != nil {
		return err
	}
	entry := offer{MediaType: ociManifest, Digest: algorithm + digest(raw), Size: int64(len(raw))}
	if tag != "" {
		entry.Annotations = map[string]string{"io.containerd.image.name": tag}
	}
	o.index = append(o.index, entry)
	id, _ := digits(img.ID)
	c := content{Config: "blobs/sha256/" + id, RepoTags: []string{}}
	for _, l := range layers {
		hex, _ := digits(l.Digest)
		c.Layers = append(c.Layers, "blobs/sha256/"+hex)
	}
	at := slices.IndexFunc(o.contents, func(have content) bool { return have.Config == c.Config })
	if at < 0 {
		at = len(o.contents)
		o.contents = append(o.contents, c)
	}
	if tag != "" {
		o.contents[at].RepoTags = append(o.contents[at].RepoTags, tag)
	}
	return nil
}

func (o *saving) finish() error {
	documents := []struct {
		name string
		v    any
	}{
		{"index.json", map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": o.index}},
		{"manifest.json", o.contents},
		{"oci-layout", map[string]string{"imageLayoutVersion": "1.0.0"}},
	}
	for _, d := range documents {
		raw, err := json.Marshal(d.v)
		if err != nil {
			return err
		}
		if err := o.member(d.name, raw); err != nil {
			return err
		}
	}
	return o.tar.Close()
}

func (o *saving) blob(raw []byte) error { return o.member("blobs/sha256/"+digest(raw), raw) }

func (o *saving) member(name string, raw []byte) error {
	fresh, err := o.head(name, int64(len(raw)))
	if err == nil && fresh {
		_, err = o.tar.Write(raw)
	}
	return err
}

// head begins a member, unless it was written before.
func (o *saving) head(name string, size int64) (fresh bool, err error) {
	if o.written[name] {
		return false, nil
	}
	o.written[name] = true
	return true, o.tar.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size})
}

// plainSize is the length of a layer's tar.
func (s *Images) plainSize(hex string) (int64, error) {
	var l layer
	if err := s.layers.Load(hex+".json", &l); err != nil {
		return 0, err
	}
	if l.Spoilt {
		return 0, fault.New(fault.Unsupported, "the layer sha256:%s holds a name twice and cannot be packed again", hex)
	}
	return l.Plain, nil
}

// plain writes the tar of a layer, byte for byte as it came. It is
// fault.Damaged if its files were changed since.
func (s *Images) plain(ctx context.Context, diffHex string, w io.Writer) error {
	recipe, err := s.layers.Open(diffHex + recipeEnd)
	if err != nil {
		return err
	}
	defer recipe.Close()
	dir, err := s.layers.Open(diffHex)
	if err != nil {
		return err
	}
	defer dir.Close()
	sum := sha256.New()
	if err := rootfs.Repack(recipe, dir, &watched{ctx, io.MultiWriter(w, sum)}); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != diffHex {
		return fault.New(fault.Damaged, "the files of layer sha256:%s are not what they were", diffHex)
	}
	return nil
}

// watched refuses to write once its context is done.
type watched struct {
	ctx context.Context
	io.Writer
}

func (w *watched) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

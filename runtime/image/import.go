package image

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// Import makes an image of one layer from the tar of a root file system, plain
// or packed. A change that cannot be read is fault.Invalid before anything is
// read from r.
func (s *Images) Import(ctx context.Context, r io.Reader, opt ImportOptions) (*Image, error) {
	p := planting{comment: opt.Message, created: s.opt.Clock().UTC()}
	if p.comment == "" {
		p.comment = "Imported from -"
	}
	if err := p.config.Apply(opt.Changes); err != nil {
		return nil, err
	}
	if opt.Tag != "" {
		name, err := parse(opt.Tag)
		if err != nil {
			return nil, err
		}
		if name.digest != "" {
			return nil, badReference(opt.Tag, "a digest cannot be given")
		}
		p.names = []reference{name}
	}
	img, err := s.plant(ctx, r, p)
	return img, fault.Wrap("import image", opt.Tag, err)
}

// planting is what is said of a root file system that becomes an image.
type planting struct {
	config  Config
	names   []reference
	builtin string
	comment string
	created time.Time // the zero value is left out: the same archive gives the same id
}

// plant makes an image of one layer.
func (s *Images) plant(ctx context.Context, r io.Reader, p planting) (*Image, error) {
	d, err := s.deliver()
	if err != nil {
		return nil, err
	}
	defer d.close()
	hex, size, err := d.unknown(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := d.sync(ctx); err != nil {
		return nil, err
	}
	config, err := p.document(algorithm + hex).compose()
	if err != nil {
		return nil, err
	}
	img, _, err := s.commit(ctx, draft{config: config, size: size, names: p.names, builtin: p.builtin})
	return img, err
}

// unknown unpacks a layer whose digest nobody promised.
func (d *delivery) unknown(ctx context.Context, r io.Reader) (hex string, size int64, err error) {
	draft := ".new-" + rand.Text()
	lock, err := d.s.layers.Lock(ctx, draft+".lock", store.Exclusive)
	if err != nil {
		return "", 0, err
	}
	defer func() {
		err = errors.Join(err, d.s.scrap(draft), d.s.layers.Remove(draft+".lock"), lock.Unlock())
	}()
	made, err := d.s.unpack(ctx, draft, r)
	if err != nil {
		return "", 0, err
	}
	if made.Entries == 0 {
		return "", 0, fault.New(fault.Invalid, "the archive is empty")
	}
	return made.hex, made.Bytes, d.adopt(ctx, draft, made)
}

func (p planting) document(diffID string) *document {
	system, arch := platform()
	doc := &document{
		Architecture: arch, OS: system, Config: p.config.settings(),
		RootFS:  rootFS{Type: "layers", DiffIDs: []string{diffID}},
		History: []History{{Created: p.created, Comment: p.comment}},
	}
	if !p.created.IsZero() {
		doc.Created = &p.created
	}
	return doc
}

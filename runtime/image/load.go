package image

import (
	"cmp"
	"context"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"neap/runtime/fault"
)

// Load reads an archive as docker save writes it, or an OCI layout in a tar,
// plain or packed. All its images and names are taken, or none. Moved tells
// which names other images had. An archive that is neither, is damaged, or does
// not hold what it promises is fault.Invalid.
func (s *Images) Load(ctx context.Context, r io.Reader) (Loading, error) {
	loading, err := s.load(ctx, r)
	return loading, fault.Wrap("load images", "", err)
}

func (s *Images) load(ctx context.Context, r io.Reader) (Loading, error) {
	a, err := s.openArchive(ctx, r)
	if err != nil {
		return Loading{}, err
	}
	defer a.close()
	var parcels []parcel
	switch {
	case a.has("manifest.json"):
		parcels, err = a.docker()
	case a.has("index.json"):
		parcels, err = a.layout()
	default:
		err = fault.New(fault.Invalid, "the archive has neither manifest.json nor index.json").
			WithHint("import takes the tar of a root file system")
	}
	if err != nil {
		return Loading{}, err
	}
	d, err := s.deliver()
	if err != nil {
		return Loading{}, err
	}
	defer d.close()
	for i := range parcels {
		if err := d.parcel(ctx, a, &parcels[i]); err != nil {
			return Loading{}, err
		}
	}
	_ = a.close() // a copy of the archive need not reach the disk
	if err := d.sync(ctx); err != nil {
		return Loading{}, err
	}
	return s.accept(ctx, parcels)
}

// parcel is one image of an archive.
type parcel struct {
	config []byte
	layers []string // members, lowest first
	names  []reference
	doc    *document
	size   int64
}

func (s *Images) accept(ctx context.Context, parcels []parcel) (Loading, error) {
	var done Loading
	for _, p := range parcels {
		img, moves, err := s.commit(ctx, draft{config: p.config, size: p.size, names: p.names})
		if err != nil {
			return done, err
		}
		done.Images = append(done.Images, img)
		done.Moved = append(done.Moved, moves...)
		for _, name := range p.names {
			done.Names = append(done.Names, name.String())
		}
	}
	return done, nil
}

func (d *delivery) parcel(ctx context.Context, a *archive, p *parcel) (err error) {
	if p.doc, err = readDocument(p.config); err != nil {
		return err
	}
	diffIDs := p.doc.RootFS.DiffIDs
	if len(diffIDs) != len(p.layers) {
		return fault.New(fault.Invalid, "its configuration has %d layers, its manifest %d", len(diffIDs), len(p.layers))
	}
	weigh := func(i int) int64 { return a.size(p.layers[i]) }
	p.size, err = d.layers(ctx, diffIDs, weigh, func(ctx context.Context, i int) error {
		_, err := d.layer(ctx, diffIDs[i], func() (io.ReadCloser, error) {
			r, err := a.open(p.layers[i])
			return io.NopCloser(r), err
		})
		return fault.Wrap("unpack layer", p.layers[i], err)
	})
	return err
}

// layers does for every distinct layer what is to be done, several at a time
// and the largest first, and sums up their sizes.
func (d *delivery) layers(ctx context.Context, diffIDs []string, weigh func(i int) int64, do func(ctx context.Context, i int) error) (int64, error) {
	var order []int
	for i, id := range diffIDs {
		if slices.Index(diffIDs, id) == i {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weigh(b), weigh(a)) })
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers())
	for _, i := range order {
		group.Go(func() error { return do(ctx, i) })
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var size int64
	for _, id := range diffIDs {
		hex, _ := digits(id)
		l, ok := d.ready(hex)
		if !ok {
			return 0, fault.New(fault.Bug, "the layer %s was made and is gone", id)
		}
		size += l.Size
	}
	return size, nil
}

// docker reads the table of contents of docker save.
func (a *archive) docker() ([]parcel, error) {
	var contents []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := a.decode("manifest.json", &contents); err != nil {
		return nil, err
	}
	if len(contents) == 0 || len(contents) > layerLimit {
		return nil, fault.New(fault.Invalid, "the archive has %d images", len(contents))
	}
	var parcels []parcel
	for _, c := range contents {
		raw, err := a.read(c.Config, configLimit)
		if err != nil {
			return nil, err
		}
		p := parcel{config: raw, layers: c.Layers}
		for _, tag := range c.RepoTags {
			if err := p.name(tag); err != nil {
				return nil, err
			}
		}
		parcels = append(parcels, p)
	}
	return parcels, nil
}

func (p *parcel) name(tag string) error {
	name, err := parse(tag)
	if err != nil {
		return err
	}
	if name.digest == "" {
		p.names = append(p.names, name)
	}
	return nil
}

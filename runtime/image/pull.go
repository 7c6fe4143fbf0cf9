package image

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"neap/runtime/fault"
)

// Pull fetches ref from its registry, or sees that it is here. Nothing is
// listed before all of it is here and is what its digests say; layers that are
// here already, or that another pull fetches at this moment, are not fetched.
// It is fault.NotFound if the registry has no such image or none for the
// platform, fault.Denied if it wants another login, fault.Invalid if what it
// sends is not what it promised.
func (s *Images) Pull(ctx context.Context, ref string, opt PullOptions) (*Image, error) {
	from, err := parse(ref)
	if err != nil {
		return nil, err
	}
	want, err := readTarget(opt.Platform)
	if err != nil {
		return nil, err
	}
	p := &pull{s: s, from: from, want: want, opt: opt}
	img, err := p.run(ctx)
	if err != nil {
		p.tell(Event{Status: Failed})
	}
	return img, fault.Wrap("pull image", from.String(), translate(err))
}

type pull struct {
	s      *Images
	from   reference
	want   target
	opt    PullOptions
	repo   name.Repository
	puller *remote.Puller

	mu sync.Mutex // of opt.Progress
}

func (p *pull) run(ctx context.Context) (*Image, error) {
	wire := p.s.wire(p.from.host, p.opt.Insecure)
	defer wire.close()
	if err := p.connect(ctx, wire); err != nil {
		return nil, err
	}
	p.tell(Event{Status: Pulling})
	digest, m, err := p.resolve(ctx)
	if err != nil {
		return nil, err
	}
	config, err := p.blob(ctx, m.Config)
	if err != nil {
		return nil, err
	}
	doc, err := readDocument(config)
	if err != nil {
		return nil, err
	}
	if have := (target{doc.OS, doc.Architecture, doc.Variant}); p.opt.Platform != "" && (have.OS != p.want.OS || have.Architecture != p.want.Architecture) {
		return nil, fault.New(fault.NotFound, "the image is for %s, not for %s", have, p.want)
	}
	return p.fetch(ctx, draft{config: config, digests: []string{p.from.repository() + "@" + digest}}, doc, m)
}

func (p *pull) connect(ctx context.Context, wire *wire) error {
	repo, ready, err := p.s.dial(ctx, wire, p.from, transport.PullScope, p.opt.Insecure)
	if err != nil {
		return err
	}
	p.repo = repo
	p.puller, err = remote.NewPuller(remote.WithTransport(ready), remote.WithJobs(workers()))
	return err
}

// resolve is the digest that ref stands for, and the manifest of the image for
// the platform.
func (p *pull) resolve(ctx context.Context) (string, *manifest, error) {
	var ref name.Reference = p.repo.Tag(p.from.tag)
	if p.from.digest != "" {
		ref = p.repo.Digest(p.from.digest)
	}
	digest := ""
	for range depthLimit + 1 {
		desc, err := p.puller.Get(ctx, ref)
		if err != nil {
			return "", nil, err
		}
		if len(desc.Manifest) > documentLimit {
			return "", nil, fault.New(fault.Invalid, "the manifest is larger than %d bytes", documentLimit)
		}
		m, err := readManifest(desc.Manifest, string(desc.MediaType))
		if err != nil {
			return "", nil, err
		}
		if digest == "" {
			digest = desc.Digest.String()
		}
		if len(m.Manifests) == 0 {
			return digest, m, nil
		}
		part, err := m.choose(p.want)
		if err != nil {
			return "", nil, err
		}
		ref = p.repo.Digest(part.Digest)
	}
	return "", nil, fault.New(fault.Invalid, "indexes lie deeper in each other than %d", depthLimit)
}

func (p *pull) open(ctx context.Context, d descriptor) (io.ReadCloser, error) {
	layer, err := p.puller.Layer(ctx, p.repo.Digest(d.Digest))
	if err != nil {
		return nil, err
	}
	body, err := layer.Compressed() // checks the digest at its end
	if err != nil {
		return nil, err
	}
	return &bounded{ReadCloser: body, left: d.Size}, nil
}

// bounded is a body that may be no longer than was promised.
type bounded struct {
	io.ReadCloser
	left int64
	told func(n int)
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fault.New(fault.Invalid, "the registry sends more than it promised")
	}
	if b.told != nil {
		b.told(n)
	}
	return n, err
}

func (p *pull) blob(ctx context.Context, d descriptor) ([]byte, error) {
	body, err := p.open(ctx, d)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(body)
	return raw, errors.Join(err, body.Close())
}

func (p *pull) fetch(ctx context.Context, img draft, doc *document, m *manifest) (*Image, error) {
	diffIDs := doc.RootFS.DiffIDs
	if len(diffIDs) != len(m.Layers) {
		return nil, fault.New(fault.Invalid, "its configuration has %d layers, its manifest %d", len(diffIDs), len(m.Layers))
	}
	d, err := p.s.deliver()
	if err != nil {
		return nil, err
	}
	defer d.close()
	weigh := func(i int) int64 { return m.Layers[i].Size }
	img.size, err = d.layers(ctx, diffIDs, weigh, func(ctx context.Context, i int) error {
		return p.layer(ctx, d, diffIDs[i], m.Layers[i])
	})
	if err != nil {
		return nil, err
	}
	if err := d.sync(ctx); err != nil {
		return nil, err
	}
	before := ""
	if p.from.digest == "" {
		img.names = []reference{p.from}
		if before, err = p.s.tagged(p.from); err != nil {
			return nil, err
		}
	}
	done, _, err := p.s.commit(ctx, img)
	if err != nil {
		return nil, err
	}
	if done.ID == algorithm+before {
		p.tell(Event{Status: UpToDate})
	} else {
		p.tell(Event{Status: Downloaded})
	}
	return done, nil
}

func (p *pull) layer(ctx context.Context, d *delivery, diffID string, part descriptor) error {
	short := strings.TrimPrefix(part.Digest, algorithm)[:12]
	p.tell(Event{Layer: short, Status: Waiting, Total: part.Size})
	made, err := d.layer(ctx, diffID, func() (io.ReadCloser, error) {
		body, err := p.open(ctx, part)
		if err != nil {
			return nil, err
		}
		body.(*bounded).told = p.meter(short, part.Size)
		return body, nil
	})
	if err != nil {
		return fault.Wrap("fetch layer", short, translate(err))
	}
	status := Present
	if made {
		status = Complete
	}
	p.tell(Event{Layer: short, Status: status, Done: part.Size, Total: part.Size})
	return nil
}

// meter tells of progress now and then.
func (p *pull) meter(layer string, total int64) func(n int) {
	const step = 256 << 10
	var done, told int64
	return func(n int) {
		if done += int64(n); n > 0 && done-told >= step {
			told = done
			p.tell(Event{Layer: layer, Status: Downloading, Done: done, Total: total})
		}
	}
}

func (p *pull) tell(e Event) {
	if p.opt.Progress == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Ref = p.from.String()
	p.opt.Progress(e)
}

// translate gives a registry's refusal its kind.
func translate(err error) error {
	var refusal *transport.Error
	var ours *fault.Error
	switch {
	case errors.As(err, &ours):
		return ours // from below a request: its words and hint, not the URL's
	case !errors.As(err, &refusal):
		return err
	}
	e := &fault.Error{Kind: fault.Failed, Cause: err}
	switch refusal.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Kind, e.Message = fault.Denied, "the registry refuses it, or has no such image"
		e.Hint = "log in to the registry if the image is private"
	case http.StatusNotFound:
		e.Kind, e.Message = fault.NotFound, "the registry has no such image"
	case http.StatusTooManyRequests:
		e.Kind, e.Message = fault.Busy, "the registry answers no more for now"
	}
	if codes := refusal.Errors; slices.ContainsFunc(codes, func(d transport.Diagnostic) bool { return d.Code == transport.ManifestUnknownErrorCode }) {
		e.Kind, e.Message = fault.NotFound, "the registry has no such image"
	}
	return e
}

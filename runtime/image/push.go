package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// PushOptions say how an image is pushed.
type PushOptions struct {
	Insecure bool `json:"insecure,omitzero"` // as in PullOptions
}

// Push sends the image that has the name ref to the registry in that name, and
// gives the digest it has there. What the registry has already is not sent.
func (s *Images) Push(ctx context.Context, ref string, opt PushOptions) (string, error) {
	to, err := parse(ref)
	if err != nil {
		return "", err
	}
	if to.digest != "" {
		return "", badReference(ref, "an image is pushed by a tag")
	}
	there, err := s.push(ctx, to, opt)
	return there, fault.Wrap("push image", to.String(), translate(err))
}

func (s *Images) push(ctx context.Context, to reference, opt PushOptions) (there string, err error) {
	img, err := s.Get(ctx, to.String())
	if err != nil {
		return "", err
	}
	release, err := s.Hold(ctx, img)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	wire := s.wire(to.host, opt.Insecure)
	defer wire.close()
	repo, ready, err := s.dial(ctx, wire, to, transport.PushScope, opt.Insecure)
	if err != nil {
		return "", err
	}
	load, err := s.pack(ctx, img)
	if err != nil {
		return "", err
	}
	defer load.close()
	whole, err := partial.CompressedToImage(load)
	if err != nil {
		return "", err
	}
	if err := remote.Write(repo.Tag(to.tag), whole, remote.WithContext(ctx), remote.WithTransport(ready), remote.WithJobs(workers())); err != nil {
		return "", err
	}
	there = algorithm + digest(load.manifest)
	return there, s.pin(ctx, img, to.repository()+"@"+there)
}

// pin notes the digest that a registry knows the image by.
func (s *Images) pin(ctx context.Context, img *Image, name string) error {
	id, _ := digits(img.ID)
	return s.change(ctx, func() error {
		rec, _, err := s.read(id)
		if err != nil {
			return err
		}
		for _, have := range rec.Digests {
			if have == name {
				return nil
			}
		}
		rec.Digests = append(rec.Digests, name)
		return s.images.Save(id+"/"+recordFile, rec, store.Durable)
	})
}

// cargo is an image packed for a registry.
type cargo struct {
	config, manifest []byte
	layers           map[v1.Hash]*crate
}

// crate is a layer packed into a file without a name.
type crate struct {
	file *os.File
	hash v1.Hash
	size int64
}

func (s *Images) pack(ctx context.Context, img *Image) (c *cargo, err error) {
	id, _ := digits(img.ID)
	c = &cargo{layers: map[v1.Hash]*crate{}}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.config, err = s.config(id); err != nil {
		return c, err
	}
	crates := make([]*crate, len(img.Layers))
	group, packing := errgroup.WithContext(ctx)
	group.SetLimit(workers())
	for i, diffID := range img.Layers {
		group.Go(func() (err error) {
			hex, _ := digits(diffID)
			crates[i], err = s.crate(packing, hex)
			return err
		})
	}
	err = group.Wait()
	parts := make([]offer, len(crates))
	for i, part := range crates {
		if part == nil {
			continue
		}
		if twin := c.layers[part.hash]; twin != nil {
			twin.file.Close()
		}
		c.layers[part.hash] = part
		parts[i] = offer{MediaType: string(types.DockerLayer), Digest: part.hash.String(), Size: part.size}
	}
	if err != nil {
		return c, err
	}
	c.manifest, err = json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": types.DockerManifestSchema2, "layers": parts,
		"config": offer{MediaType: string(types.DockerConfigJSON), Digest: img.ID, Size: int64(len(c.config))},
	})
	return c, err
}

func (s *Images) crate(ctx context.Context, diffHex string) (*crate, error) {
	if _, err := s.plainSize(diffHex); err != nil {
		return nil, err
	}
	fd, err := unix.Open(s.layers.Path, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, os.NewSyscallError("open temporary file", err)
	}
	file := os.NewFile(uintptr(fd), "layer")
	sum := sha256.New()
	z := gzip.NewWriter(io.MultiWriter(file, sum))
	if err := errors.Join(s.plain(ctx, diffHex, z), z.Close()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &crate{file, v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}, size}, nil
}

func (c *cargo) close() {
	for _, part := range c.layers {
		part.file.Close()
	}
}

// The five methods that make a cargo an image to the library.

func (c *cargo) RawConfigFile() ([]byte, error)      { return c.config, nil }
func (c *cargo) RawManifest() ([]byte, error)        { return c.manifest, nil }
func (c *cargo) MediaType() (types.MediaType, error) { return types.DockerManifestSchema2, nil }
func (c *crate) Digest() (v1.Hash, error)            { return c.hash, nil }
func (c *crate) Size() (int64, error)                { return c.size, nil }
func (c *crate) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }
func (c *crate) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(c.file, 0, c.size)), nil
}

func (c *cargo) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if part := c.layers[h]; part != nil {
		return part, nil
	}
	return nil, fault.New(fault.Bug, "the layer %s was not packed", h)
}

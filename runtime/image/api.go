package image

import (
	"context"
	"io"
)

// Images is the images of one root.
type Images struct{ opt Options }

// Open opens the images of a root. The caller closes it.
func Open(opt Options) (*Images, error) { return &Images{opt}, nil }

// Close gives up the directories.
func (s *Images) Close() error { return nil }

// Find is the image called ref: name[:tag], name@digest, id or the start of an
// id. It is nil if there is none, fault.Conflict if the start fits several.
func (s *Images) Find(ctx context.Context, ref string) (*Image, error) { return nil, nil }

// Get is Find where absence is fault.NotFound and damage fault.Damaged.
func (s *Images) Get(ctx context.Context, ref string) (*Image, error) { return nil, nil }

// List is all images, newest first.
func (s *Images) List(ctx context.Context) ([]*Image, error) { return nil, nil }

// Lower is the directories of the image's layers, topmost first, as
// rootfs.Overlay wants them.
func (s *Images) Lower(img *Image) []string { return nil }

// Hold keeps the image from being removed until release is called. It is
// fault.NotFound if the image is gone.
func (s *Images) Hold(ctx context.Context, img *Image) (release func() error, err error) {
	return nil, nil
}

// Pull fetches ref from its registry.
func (s *Images) Pull(ctx context.Context, ref string, opt PullOptions) (*Image, error) {
	return nil, nil
}

// Load reads an archive made by docker save or an OCI layout in a tar.
func (s *Images) Load(ctx context.Context, r io.Reader, progress func(Event)) (Loading, error) {
	return Loading{}, nil
}

// Import makes an image of one layer from the tar of a root file system.
func (s *Images) Import(ctx context.Context, r io.Reader, opt ImportOptions) (*Image, error) {
	return nil, nil
}

// Tag gives the image another name, and says from which image it was taken.
func (s *Images) Tag(ctx context.Context, img *Image, name string) (Move, error) {
	return Move{}, nil
}

// Untag takes one name from its image and leaves the image.
func (s *Images) Untag(ctx context.Context, name string) error { return nil }

// Remove removes by Docker's rules.
func (s *Images) Remove(ctx context.Context, ref string, opt RemoveOptions) (Removal, error) {
	return Removal{}, nil
}

// Inspect has the fields of docker image inspect.
func (s *Images) Inspect(img *Image) any { return nil }

// Normalize is the familiar full form of a reference: httpd is httpd:latest.
func Normalize(ref string) (string, error) { return ref, nil }

// Sweep removes what interrupted work left: half-made layers, layers of no image.
func (s *Images) Sweep(ctx context.Context) (freed []string, err error) { return nil, nil }

// Package boximage holds the built-in image: the root file system with the program of cmd/box, and its settings.
//
// It knows nothing of images as runtime/image keeps them; whoever opens the engine hands these bytes on. The archive is made by
// `make generate` (package make below) and committed, so that a fresh clone builds with the go command alone.
package boximage

//go:generate go run ./make -arch amd64 -o box_amd64.tar.gz -version go-version

// Config is what the image says about how to run it, in Docker's words.
type Config struct {
	Cmd, Env, ExposedPorts []string
	WorkingDir             string
	Labels                 map[string]string
}

// Tar gives the root file system as a gzipped tar. It is empty in a build for an architecture without a committed archive (all but
// amd64) unless that was made with `make build GOARCH=…`, which generates one first. The bytes are shared: do not change them.
func Tar() []byte { return archive }

// Settings gives the image's configuration, a fresh copy each time.
func Settings() Config {
	return Config{
		Cmd:          []string{"sh"},
		Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		ExposedPorts: []string{"80/tcp"},
		WorkingDir:   "/",
		Labels:       map[string]string{"org.opencontainers.image.title": "box", "org.opencontainers.image.description": "neap's built-in image"},
	}
}

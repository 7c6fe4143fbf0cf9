// Package image keeps images: their records, names and unpacked layers, and how
// they come from a registry, an archive or a root file system.
//
// It knows references, manifests, configurations and layer directories. It does
// not know containers: who uses an image is told to it by its caller. It trusts
// nothing that it reads from a registry or an archive.
package image

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"neap/runtime/rootfs"
	"neap/runtime/store"
)

// Image is what is known of one image at the moment it was looked up.
type Image struct {
	ID           string // sha256: and 64 digits, the digest of its configuration
	Tags         []string
	Digests      []string // repository@sha256:…, as it was pulled
	Created      time.Time
	Architecture string
	Variant      string
	OS           string
	Author       string
	Comment      string
	Size         int64    // bytes of the files in its layers
	Layers       []string // diff ids (sha256:…), lowest first
	Config       Config
	History      []History
	Damage       error // not nil: the record cannot be believed; only ID and Tags hold

	builtin string // what built-in archive it was made of
}

// Config is what an image asks of a container. Labels are data, never control.
type Config struct {
	Env          []string
	Entrypoint   []string
	Cmd          []string
	Workdir      string
	User         string
	Volumes      []string // sorted
	ExposedPorts []string // "80/tcp", sorted by number
	Labels       map[string]string
	StopSignal   string
	Healthcheck  *Healthcheck
	Shell        []string
	OnBuild      []string
}

// Healthcheck is an image's own probe. A zero duration or count is the default.
type Healthcheck struct {
	Test          []string
	Interval      time.Duration `json:",omitempty"`
	Timeout       time.Duration `json:",omitempty"`
	StartPeriod   time.Duration `json:",omitempty"`
	StartInterval time.Duration `json:",omitempty"`
	Retries       int           `json:",omitempty"`
}

// History is one step of how the image was made, oldest first.
type History struct {
	Created    time.Time `json:"created,omitzero"`
	CreatedBy  string    `json:"created_by,omitempty"`
	Author     string    `json:"author,omitempty"`
	Comment    string    `json:"comment,omitempty"`
	EmptyLayer bool      `json:"empty_layer,omitempty"`
}

// Short is the id as people see it: its first twelve digits.
func (i *Image) Short() string {
	hex := strings.TrimPrefix(i.ID, "sha256:")
	return hex[:min(12, len(hex))]
}

// Options are what Open needs.
type Options struct {
	Store   *store.Store
	Builtin *Builtin         // nil: none
	Clock   func() time.Time // nil: time.Now
	Docker  string           // path of Docker's config.json; "" or absent: anonymous
	Limits  rootfs.Limits    // of one layer; the zero value is rootfs.Sane()
	Backoff time.Duration    // pause before a failed request is sent again, doubling; 0: 500 ms
	// Proxy says how a registry is reached; nil: directly.
	Proxy func(*http.Request) (*url.URL, error)
}

// Builtin is the image inside the binary. It answers to Name without a registry.
type Builtin struct {
	Name   string // "box:latest"
	Tar    []byte // its root file system, plain or compressed
	Config Config
}

// Event is progress of one pull.
type Event struct {
	Ref    string
	Layer  string // first twelve digits of the layer's digest, "" for the whole
	Status Status
	Done   int64 // bytes
	Total  int64 // bytes; 0 unknown
}

// Status is a word for where a layer or an image is.
type Status string

// The statuses, with Docker's words.
const (
	Pulling     Status = "Pulling from"
	Waiting     Status = "Waiting"
	Downloading Status = "Downloading"
	Retrying    Status = "Retrying"
	Present     Status = "Already exists"
	Complete    Status = "Pull complete"
	Downloaded  Status = "Downloaded newer image for"
	UpToDate    Status = "Image is up to date for"
	Failed      Status = "Pull failed for"
)

// PullOptions say how an image is pulled.
type PullOptions struct {
	Platform string      `json:"platform,omitzero"` // os/arch[/variant]; "" is this machine's
	Insecure bool        `json:"insecure,omitzero"` // plain HTTP and unknown certificates of this registry are accepted
	Progress func(Event) `json:"-"`                 // may be nil; called from several goroutines, one at a time
}

// Loading is what Load did.
type Loading struct {
	Images []*Image
	Names  []string // names given, in the order of the archive
	Moved  []Move   // names that another image had
}

// Move is a name that went from one image to another.
type Move struct{ Name, From, To string }

// ImportOptions say what becomes of a root file system.
type ImportOptions struct {
	Tag     string   `json:"tag,omitzero"`     // "": none
	Changes []string `json:"changes,omitzero"` // CMD ENV ENTRYPOINT EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR
	Message string   `json:"message,omitzero"`
}

// RemoveOptions say who is in the way of a removal.
type RemoveOptions struct {
	Force  bool
	UsedBy func(imageID string) []Use // nil: nobody
}

// Use is a container made from an image.
type Use struct {
	Container string
	Running   bool // also paused or restarting
}

// Removal is what a removal did.
type Removal struct {
	Untagged []string
	Deleted  []string // the image's id, then its layers that nobody else needs
}

package image

import (
	"encoding/json"
	"runtime"
	"strings"

	"neap/runtime/fault"
)

// manifest is an image's list of parts, or a list of such lists. Docker's and
// the OCI's read alike.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
	Manifests     []descriptor `json:"manifests"`
	FSLayers      []any        `json:"fsLayers"` // of the first schema
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	URLs        []string          `json:"urls"`
	Annotations map[string]string `json:"annotations"`
	Platform    *target           `json:"platform"`
}

// target is a kind of machine.
type target struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

func (t target) String() string {
	return strings.TrimSuffix(t.OS+"/"+t.Architecture+"/"+t.Variant, "/")
}

func readTarget(text string) (target, error) {
	if text == "" {
		system, arch := platform()
		return target{OS: system, Architecture: arch}, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) == 1 {
		parts = append([]string{"linux"}, parts...)
	}
	if len(parts) > 3 || strings.Contains("/"+strings.Join(parts, "/")+"/", "//") {
		return target{}, fault.New(fault.Invalid, "%q is not os/architecture[/variant]", clip(text))
	}
	t := target{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		t.Variant = parts[2]
	}
	return t, nil
}

// fits says whether an image for have runs where t is asked for.
func (t target) fits(have target) bool {
	return t.OS == have.OS && t.Architecture == have.Architecture && (t.Variant == "" || t.Variant == have.Variant)
}

func workers() int { return max(1, runtime.NumCPU()) }

// readManifest believes nothing. typ is what the sender called it, "" if it did
// not say. A document that could be taken for two things is refused: one reader
// would verify one and run the other.
func readManifest(raw []byte, typ string) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Message: "the manifest is not one", Cause: err}
	}
	typ, _, _ = strings.Cut(typ, ";")
	switch {
	case m.SchemaVersion == 1 || len(m.FSLayers) > 0:
		return nil, fault.New(fault.Unsupported, "the image has a manifest of the first schema, which Docker left in 2019")
	case m.MediaType != "" && typ != "" && m.MediaType != typ:
		return nil, fault.New(fault.Invalid, "the manifest says it is %s, its sender that it is %s", clip(m.MediaType), clip(typ))
	case len(m.Manifests) > 0 && (len(m.Layers) > 0 || m.Config.Digest != ""):
		return nil, fault.New(fault.Invalid, "the manifest is both an image's and an index")
	case len(m.Manifests) == 0 && m.Config.Digest == "":
		return nil, fault.New(fault.Invalid, "the manifest has neither a configuration nor other manifests")
	case len(m.Manifests) > layerLimit || len(m.Layers) > layerLimit:
		return nil, fault.New(fault.Invalid, "the manifest has more than the limit of %d parts", layerLimit)
	case isIndex(typ+m.MediaType) && len(m.Manifests) == 0:
		return nil, fault.New(fault.Invalid, "the manifest says it is an index and is not one")
	}
	return m, m.check()
}

func isIndex(typ string) bool {
	return strings.Contains(typ, "image.index") || strings.Contains(typ, "manifest.list")
}

func (m *manifest) check() error {
	for _, d := range append(append([]descriptor{m.Config}, m.Layers...), m.Manifests...) {
		if d.Digest == "" && d.Size == 0 && len(m.Manifests) > 0 {
			continue // the configuration that an index has not
		}
		if _, ok := digits(d.Digest); !ok || !strings.HasPrefix(d.Digest, algorithm) || d.Size < 0 {
			return fault.New(fault.Invalid, "the manifest has %q of %d bytes for a part", clip(d.Digest), d.Size)
		}
		if len(d.URLs) > 0 || strings.Contains(d.MediaType, "foreign") {
			return fault.New(fault.Unsupported, "a part of the image is not kept by its registry but elsewhere")
		}
		if strings.Contains(d.MediaType, "encrypted") {
			return fault.New(fault.Unsupported, "a layer of the image is encrypted")
		}
	}
	if m.Config.Size > configLimit {
		return fault.New(fault.Invalid, "the image's configuration is larger than %d bytes", configLimit)
	}
	return nil
}

// choose is the first part of an index that runs on want.
func (m *manifest) choose(want target) (descriptor, error) {
	var offered []string
	for _, d := range m.Manifests {
		if d.Platform == nil {
			if len(m.Manifests) == 1 {
				return d, nil
			}
			continue
		}
		if want.fits(*d.Platform) {
			return d, nil
		}
		if d.Platform.OS != "unknown" {
			offered = append(offered, d.Platform.String())
		}
	}
	return descriptor{}, fault.New(fault.NotFound, "there is no image for %s", want).
		WithHint("there is one for %s", clip(strings.Join(offered, ", ")))
}

// layout reads the index of an OCI layout.
func (a *archive) layout() ([]parcel, error) {
	var index manifest
	if err := a.decode("index.json", &index); err != nil {
		return nil, err
	}
	if len(index.Manifests) == 0 || len(index.Manifests) > layerLimit {
		return nil, fault.New(fault.Invalid, "the archive has %d images", len(index.Manifests))
	}
	var parcels []parcel
	for _, d := range index.Manifests {
		if d.Platform != nil && d.Platform.OS == "unknown" {
			continue // an attestation
		}
		p, err := a.image(d, 0)
		if err != nil {
			return nil, err
		}
		if name := title(d.Annotations); name != "" {
			if err := p.name(name); err != nil {
				return nil, err
			}
		}
		parcels = append(parcels, p)
	}
	return parcels, nil
}

// title is the name that an index gives an image: a whole one, as containerd
// writes it. A tag alone is no name.
func title(annotations map[string]string) string {
	if name := annotations["io.containerd.image.name"]; name != "" {
		return name
	}
	if name := annotations["org.opencontainers.image.ref.name"]; strings.ContainsAny(name, ":/") {
		return name
	}
	return ""
}

// depthLimit bounds indexes in indexes.
const depthLimit = 3

func (a *archive) image(d descriptor, depth int) (parcel, error) {
	raw, err := a.blob(d, documentLimit)
	if err != nil {
		return parcel{}, err
	}
	m, err := readManifest(raw, d.MediaType)
	if err != nil {
		return parcel{}, err
	}
	if len(m.Manifests) > 0 {
		if depth == depthLimit {
			return parcel{}, fault.New(fault.Invalid, "indexes lie deeper in each other than %d", depthLimit)
		}
		system, arch := platform()
		part, err := m.choose(target{OS: system, Architecture: arch})
		if err != nil {
			return parcel{}, err
		}
		return a.image(part, depth+1)
	}
	p := parcel{}
	if p.config, err = a.blob(m.Config, configLimit); err != nil {
		return parcel{}, err
	}
	for _, l := range m.Layers {
		p.layers = append(p.layers, blobName(l))
	}
	return p, nil
}

func blobName(d descriptor) string {
	return "blobs/sha256/" + strings.TrimPrefix(d.Digest, algorithm)
}

// blob is a part of the archive that is what its digest says.
func (a *archive) blob(d descriptor, limit int64) ([]byte, error) {
	if _, ok := digits(d.Digest); !ok {
		return nil, fault.New(fault.Invalid, "%q is no digest", clip(d.Digest))
	}
	raw, err := a.read(blobName(d), limit)
	if err == nil && algorithm+digest(raw) != d.Digest {
		err = fault.New(fault.Invalid, "%s in the archive is not what its name says", clip(d.Digest))
	}
	return raw, err
}

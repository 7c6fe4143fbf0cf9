package image

import "time"

// inspection is an image with the fields of docker image inspect.
type inspection struct {
	ID           string `json:"Id"`
	RepoTags     []string
	RepoDigests  []string
	Comment      string `json:",omitempty"`
	Created      string
	Author       string
	Config       settings
	Architecture string
	Variant      string `json:",omitempty"`
	OS           string `json:"Os"`
	Size         int64
	GraphDriver  graphDriver
	RootFS       struct {
		Type   string
		Layers []string
	}
	Metadata struct{ LastTagTime string }
}

type graphDriver struct {
	Data map[string]string
	Name string
}

// Inspect has the fields of docker image inspect, to be shown as JSON.
func (s *Images) Inspect(img *Image) any { return Describe(img, s.tagTime(img)) }

// Describe is an image, which last got a name at that time, with the fields of
// docker image inspect.
func Describe(img *Image, tagged time.Time) any {
	view := &inspection{
		ID: img.ID, RepoTags: some(img.Tags), RepoDigests: some(img.Digests), Comment: img.Comment,
		Created: img.Created.UTC().Format(time.RFC3339Nano), Author: img.Author, Config: img.Config.settings(),
		Architecture: img.Architecture, Variant: img.Variant, OS: img.OS, Size: img.Size,
		GraphDriver: graphDriver{Name: "overlay", Data: map[string]string{}},
	}
	view.RootFS.Type, view.RootFS.Layers = "layers", some(img.Layers)
	view.Metadata.LastTagTime = tagged.UTC().Format(time.RFC3339Nano)
	return view
}

// some is a list that JSON shows as [] when it is empty.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// tagTime is when the image last got a name.
func (s *Images) tagTime(img *Image) time.Time {
	var last time.Time
	for _, tag := range img.Tags {
		ref, err := parse(tag)
		if err != nil {
			continue
		}
		if st, err := s.tags.Lstat(ref.file()); err == nil && st.ModTime().After(last) {
			last = st.ModTime()
		}
	}
	return last
}

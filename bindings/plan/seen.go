package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/network"
	"neap/runtime/volume"
)

// Seen is a thing that changes touch, as it was when they were recorded. An
// apply refuses if it is otherwise.
type Seen struct {
	Kind  string            `json:"kind"`            // container, image, volume, network, file; or the name of one
	Name  string            `json:"name"`            // for people; of a name, the name
	ID    string            `json:"id,omitempty"`    // its identity; of a name, who has it; "" nobody
	Facts map[string]string `json:"facts,omitempty"` // what must not change
}

func (s Seen) thing() thing {
	if strings.HasSuffix(s.Kind, " name") {
		return thing{s.Kind, s.Name}
	}
	return thing{s.Kind, s.ID}
}

// saw notes a thing, unless it was seen before or the plan makes it. The caller
// holds r.mu.
func (r *recording) saw(s Seen) { r.plan.saw(s) }

// containerFacts are what tells that a container is not as it was: its state,
// how often it was started, and what was wished of it since it was made.
func containerFacts(v *engine.View) map[string]string {
	limits, _ := json.Marshal(v.Wish.Limits)
	restart, _ := json.Marshal(v.Wish.Restart)
	return map[string]string{
		"name": v.Name, "state": string(v.State), "starts": strconv.Itoa(v.Last.Start),
		"protected": strconv.FormatBool(v.Wish.Protect), "limits": string(limits), "restart": string(restart),
	}
}

func imageFacts(i *image.Image) map[string]string {
	return map[string]string{"tags": strings.Join(slices.Sorted(slices.Values(i.Tags)), " ")}
}

func volumeFacts(v *volume.Volume) map[string]string {
	return map[string]string{"created": v.Created.UTC().String(), "protected": strconv.FormatBool(v.Protected), "path": v.Path}
}

func networkFacts(n network.Network) map[string]string {
	return map[string]string{"name": n.Name, "created": n.Created.UTC().String(), "subnet": n.Subnet.String()}
}

// fileFacts tell a file of the host, or that there is none.
func fileFacts(path string) map[string]string {
	st, err := os.Lstat(path)
	if err != nil {
		return map[string]string{"file": "absent"}
	}
	facts := map[string]string{"file": st.Mode().Type().String(), "mode": st.Mode().Perm().String()}
	if st.Mode().IsRegular() {
		facts["size"], facts["written"] = strconv.FormatInt(st.Size(), 10), st.ModTime().UTC().String()
	}
	return facts
}

// now is what is seen of a thing at this moment. One that is gone has no facts.
func (p *Planner) now(ctx context.Context, s Seen) (now Seen, err error) {
	now = Seen{Kind: s.Kind, Name: s.Name, ID: s.ID}
	n := p.nouns
	switch s.Kind {
	case "container":
		var v *engine.View
		if v, err = n.Containers.With(ctx, s.ID).Look(ctx); err == nil {
			now.Facts = containerFacts(v)
		}
	case "image":
		now.Facts, err = factsOf(ctx, s, n.Images.Get, imageFacts)
	case "volume":
		now.Facts, err = factsOf(ctx, s, n.Volumes.Get, volumeFacts)
	case "network":
		now.Facts, err = factsOf(ctx, s, n.Networks.Get, networkFacts)
	case "file":
		now.Facts = fileFacts(s.ID)
	default:
		now.ID, err = p.holder(ctx, s)
	}
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return now, err
}

// usable is what factsOf asks of a handle.
type usable[T any] interface {
	Look(ctx context.Context) (T, error)
	UsedBy(ctx context.Context) ([]string, error)
}

// factsOf are the facts of what get finds, and its users where the plan minded
// them.
func factsOf[T any, H usable[T]](ctx context.Context, s Seen, get func(context.Context, string) (H, error), of func(T) map[string]string) (map[string]string, error) {
	h, err := get(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	seen, err := h.Look(ctx)
	if err != nil {
		return nil, err
	}
	facts := of(seen)
	if _, minded := s.Facts[users]; minded {
		all, err := h.UsedBy(ctx)
		if err != nil {
			return nil, err
		}
		facts[users] = strings.Join(all, " ")
	}
	return facts, nil
}

// users is the fact of who uses a thing. Only a removal minds it.
const users = "used by"

// holder is the identity of who has a name; "" for nobody.
func (p *Planner) holder(ctx context.Context, s Seen) (string, error) {
	n := p.nouns
	switch s.Kind {
	case "container name":
		c, err := n.Containers.Find(ctx, s.Name)
		if err != nil || c == nil {
			return "", err
		}
		return c.ID(), nil
	case "image name":
		i, err := n.Images.Find(ctx, s.Name)
		if err != nil || i == nil {
			return "", err
		}
		return i.ID(), nil
	case "volume name":
		v, err := n.Volumes.Find(ctx, s.Name)
		if err != nil || v == nil {
			return "", err
		}
		return v.Name(), nil
	case "network name":
		found, err := n.Networks.Find(ctx, s.Name)
		if err != nil || found == nil {
			return "", err
		}
		return found.ID(), nil
	}
	return "", fault.New(fault.Invalid, "a plan knows nothing of a kind %q", s.Kind)
}

// changed says how a thing differs from what was seen; "" if it does not.
func (s Seen) changed(now Seen) string {
	what := fmt.Sprintf("%s %s", s.Kind, s.Name)
	if named := strings.TrimSuffix(s.Kind, " name"); named != s.Kind {
		what = named + " " + s.Name
		switch {
		case s.ID == now.ID, s.Kind == "image name" && s.ID != "" && !strings.HasPrefix(s.ID, "sha256:"): // the built-in one
			return ""
		case s.ID == "":
			return what + " was not there, and is"
		case now.ID == "":
			return what + " is gone"
		}
		return what + " is another one now"
	}
	if now.Facts == nil {
		return what + " was removed"
	}
	var all []string
	for _, fact := range []string{"name", "tags", "created", "path", "subnet", "state", "starts", "protected", "limits", "restart", users, "file", "mode", "size", "written"} {
		if was, is := s.Facts[fact], now.Facts[fact]; was != is {
			all = append(all, difference(fact, was, is))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return what + " " + strings.Join(all, ", ")
}

func difference(fact, was, is string) string {
	switch fact {
	case "state":
		return "was " + was + " and is " + is
	case "starts":
		return "was started again"
	case "name":
		return "is called " + is + " now"
	case "created":
		return "was made anew"
	case "file":
		return "was " + kindOfFile(was) + " and is " + kindOfFile(is)
	case "written":
		return "was written to"
	}
	return fmt.Sprintf("had %s %q and has %q", fact, was, is)
}

func kindOfFile(mode string) string {
	switch {
	case mode == "absent":
		return "not there"
	case strings.HasPrefix(mode, "d"):
		return "a directory"
	case strings.HasPrefix(mode, "-"):
		return "a file"
	}
	return "of mode " + mode
}

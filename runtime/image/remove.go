package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// Tag gives the image another name. Move.From is the image that had it, if
// any: that one keeps its other names only.
func (s *Images) Tag(ctx context.Context, img *Image, name string) (Move, error) {
	ref, err := parse(name)
	if err != nil {
		return Move{}, err
	}
	if ref.digest != "" {
		return Move{}, badReference(name, "a digest cannot be given")
	}
	var move Move
	err = s.change(ctx, func() (err error) {
		id, _ := digits(img.ID)
		if !s.images.Exists(id) {
			return s.absent(img.ID)
		}
		move, err = s.point(ctx, ref, id)
		return err
	})
	return move, fault.Wrap("tag image", name, err)
}

// Untag takes a name from its image, which stays. It is fault.NotFound if no
// image has the name.
func (s *Images) Untag(ctx context.Context, name string) error {
	ref, err := parse(name)
	if err != nil {
		return err
	}
	return fault.Wrap("untag image", name, s.change(ctx, func() error {
		id, err := s.tagged(ref)
		if err == nil && id == "" {
			return s.absent(name)
		}
		return errors.Join(err, s.tags.Release(ref.file(), id))
	}))
}

// RemoveMade takes back what was made of an image by its id without prefix: the
// name if it still is that image's; with no name the image itself, unless it
// has one by now. What is gone is no error.
func (s *Images) RemoveMade(ctx context.Context, id, name string, opt RemoveOptions) error {
	if name != "" {
		ref, err := parse(name)
		if err != nil {
			return err
		}
		return s.change(ctx, func() error { return s.tags.Release(ref.file(), id) })
	}
	img, err := s.view(id)
	if err != nil || img == nil || len(img.Tags) > 0 {
		return err
	}
	_, err = s.Remove(ctx, img.ID, opt)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Remove removes by Docker's rules. By a name that is not its last, an image
// only loses the name. By its last name or by its id it goes, with the layers
// that no other image has: fault.Busy if a container was made from it, and
// fault.Conflict if by id names in several repositories would go. Force takes
// all names; an image that stopped containers use then stays without a name
// until they are gone, and one that a running container uses is refused all
// the same.
func (s *Images) Remove(ctx context.Context, ref string, opt RemoveOptions) (Removal, error) {
	img, err := s.Find(ctx, ref)
	if err != nil {
		return Removal{}, err
	}
	if img == nil {
		return Removal{}, fault.Wrap("remove image", ref, s.absent(ref))
	}
	if opt.UsedBy == nil {
		opt.UsedBy = func(string) []Use { return nil }
	}
	r := &removing{s: s, img: img, ref: ref, opt: opt}
	if err := s.change(ctx, r.names); err != nil {
		return r.done, fault.Wrap("remove image", ref, err)
	}
	if !r.gone {
		return r.done, nil
	}
	layers, err := s.drop(ctx, r.img.Layers)
	r.done.Deleted = append(r.done.Deleted, layers...)
	return r.done, fault.Wrap("remove image", ref, err)
}

type removing struct {
	s    *Images
	img  *Image
	ref  string
	opt  RemoveOptions
	done Removal
	gone bool
}

// names takes the names, and the record with the last of them.
func (r *removing) names() error {
	id, _ := digits(r.img.ID)
	names, err := r.s.names()
	if err != nil {
		return err
	}
	r.img.Tags = names[id] // as they are now that nobody changes them
	if name, err := parse(r.ref); err == nil && name.digest != "" && len(r.img.Tags) > 0 {
		return r.unpin(id, name.String())
	}
	take, whole, err := r.opt.Decide(r.img, r.ref)
	if err != nil {
		return err
	}
	if !whole {
		return r.untag(id, take)
	}
	lock, err := r.s.images.TryLock(".lock-"+id, store.Exclusive)
	if err != nil {
		return err
	}
	if lock == nil {
		return fault.New(fault.Busy, "a container is being made from it").WithHint("try again")
	}
	defer lock.Unlock()
	if err := r.untag(id, take); err != nil {
		return err
	}
	return r.erase(id)
}

// Decide says by Docker's rules which names an image loses when it is removed by
// ref, and whether all of it goes.
func (o RemoveOptions) Decide(img *Image, ref string) (names []string, whole bool, err error) {
	names, err = o.taken(img, ref)
	if err != nil || len(names) < len(img.Tags) {
		return names, false, err
	}
	keep, err := o.blocked(img)
	return names, !keep, err
}

// taken is the names that go: the one given, or by id all of them.
func (o RemoveOptions) taken(img *Image, ref string) ([]string, error) {
	if name, err := parse(ref); err == nil && slices.Contains(img.Tags, name.String()) {
		return []string{name.String()}, nil
	}
	var repositories []string
	for _, tag := range img.Tags {
		repo, _, _ := cutTag(tag)
		repositories = append(repositories, repo)
	}
	if len(slices.Compact(repositories)) > 1 && !o.Force {
		return nil, fault.New(fault.Conflict, "it has names in several repositories: %s", strings.Join(img.Tags, ", ")).
			WithHint("remove it by name, or with force")
	}
	return img.Tags, nil
}

func cutTag(ref string) (repo, tag string, found bool) {
	at := strings.LastIndexByte(ref, ':')
	if at < strings.LastIndexByte(ref, '/') {
		return ref, "", false
	}
	return ref[:at], ref[at+1:], true
}

// blocked says whether containers are in the way: as an error, or, where force
// goes past it, as the need to keep the record for them.
func (o RemoveOptions) blocked(img *Image) (keep bool, err error) {
	uses := o.UsedBy(img.ID)
	if len(uses) == 0 {
		return false, nil
	}
	if at := slices.IndexFunc(uses, func(u Use) bool { return u.Running }); at >= 0 {
		return false, fault.New(fault.Busy, "the running container %s uses it", uses[at].Container).
			WithHint("stop and remove the container first")
	}
	if !o.Force {
		return false, fault.New(fault.Busy, "the container %s was made from it", uses[0].Container).
			WithHint("remove the container first, or use force to take only the name")
	}
	return true, nil
}

func (r *removing) untag(id string, take []string) error {
	for _, name := range take {
		ref, err := parse(name)
		if err != nil {
			return err
		}
		if err := r.s.tags.Release(ref.file(), id); err != nil {
			return err
		}
		r.done.Untagged = append(r.done.Untagged, name)
	}
	return r.s.tags.Sync(".")
}

// unpin takes a digest from an image that has names left.
func (r *removing) unpin(id, digest string) error {
	rec, _, err := r.s.read(id)
	if err != nil {
		return err
	}
	rec.Digests = slices.DeleteFunc(rec.Digests, func(d string) bool { return d == digest })
	r.done.Untagged = append(r.done.Untagged, digest)
	return r.s.images.Save(id+"/"+recordFile, rec, store.Durable)
}

func (r *removing) erase(id string) error {
	dead := ".dead-" + id
	if err := r.s.images.RemoveAll(dead); err != nil {
		return err
	}
	if err := r.s.images.Rename(id, dead); err != nil {
		return err
	}
	r.gone = true
	r.done.Untagged = append(r.done.Untagged, r.img.Digests...)
	r.done.Deleted = append(r.done.Deleted, r.img.ID)
	return errors.Join(r.s.images.Sync("."), r.s.images.RemoveAll(dead), r.s.images.Remove(".lock-"+id))
}

// drop removes those of the layers (diff ids, lowest first) that no image has
// and nobody is about to give to one, and names them by their chain ids as
// Docker does, topmost first.
func (s *Images) drop(ctx context.Context, diffIDs []string) ([]string, error) {
	free := map[string]*store.Lock{}
	defer func() {
		for _, lock := range free {
			_ = lock.Unlock() // closing a lock file loses nothing
		}
	}()
	for _, diffID := range diffIDs {
		hex, _ := digits(diffID)
		lock, err := s.layers.TryLock(".use-"+hex, store.Exclusive)
		if err != nil {
			return nil, err
		}
		if lock != nil {
			free[hex] = lock
		}
	}
	needed, err := s.needed() // only now: who holds no layer has recorded its image
	if err != nil {
		return nil, err
	}
	var dropped []string
	chains := chain(diffIDs)
	for i, diffID := range slices.Backward(diffIDs) {
		hex, _ := digits(diffID)
		if free[hex] == nil || needed[hex] || !s.layers.Exists(hex) {
			continue
		}
		if err := s.discard(hex); err != nil {
			return dropped, err
		}
		dropped = append(dropped, chains[i])
		if err := ctx.Err(); err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}

// discard removes a layer that the caller holds alone.
func (s *Images) discard(hex string) error {
	dead := ".dead-" + hex
	if err := s.layers.RemoveAll(dead); err != nil {
		return err
	}
	if err := s.layers.Rename(hex, dead); err != nil && !missing(err) {
		return err
	}
	var errs []error
	for _, file := range []string{hex + ".json", hex + recipeEnd, ".make-" + hex, ".use-" + hex} {
		if err := s.layers.Remove(file); err != nil && !missing(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.layers.RemoveAll(dead))...)
}

// needed is the layers that images have. A damaged record that cannot say what
// it needs lends none: its image cannot be used anyway.
func (s *Images) needed() (map[string]bool, error) {
	ids, err := s.ids()
	needed := map[string]bool{}
	for _, id := range ids {
		_, doc, err := s.read(id)
		if err != nil {
			continue
		}
		for _, diffID := range doc.RootFS.DiffIDs {
			hex, _ := digits(diffID)
			needed[hex] = true
		}
	}
	return needed, err
}

// chain is the chain ids of a stack of layers, as the OCI defines them.
func chain(diffIDs []string) []string {
	chains := slices.Clone(diffIDs)
	for i := 1; i < len(chains); i++ {
		sum := sha256.Sum256([]byte(chains[i-1] + " " + diffIDs[i]))
		chains[i] = algorithm + hex.EncodeToString(sum[:])
	}
	return chains
}

package network

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"neap/runtime/fault"
	"neap/runtime/firewall"
	"neap/runtime/scope"
	"neap/runtime/store"
)

// Standard is the network of containers that ask for none.
const Standard = "bridge"

// List is every network by name, with bridge, host and none as Docker shows them.
func (n *Networks) List(ctx context.Context) ([]Network, error) {
	if !n.lib.Exists(Standard + ".json") {
		if err := n.found(ctx); err != nil {
			return nil, err
		}
	}
	all, err := n.bridges()
	if err != nil {
		return nil, err
	}
	all = append(all, n.fixed("host", "host"), n.fixed("none", "null"))
	slices.SortFunc(all, func(a, b Network) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// bridges is every network that has a record.
func (n *Networks) bridges() ([]Network, error) {
	names, err := n.lib.Names(".")
	if err != nil {
		return nil, err
	}
	var all []Network
	for _, file := range names {
		if name, ok := strings.CutSuffix(file, ".json"); ok {
			switch one, err := n.load(name); {
			case err == nil:
				all = append(all, one)
			case !errors.Is(err, fs.ErrNotExist):
				return nil, err
			}
		}
	}
	return all, nil
}

// load reads one record; fs.ErrNotExist if there is none.
func (n *Networks) load(name string) (Network, error) {
	var one Network
	if err := n.lib.Load(name+".json", &one); err != nil {
		return Network{}, err
	}
	if one.Name != name || !one.Subnet.Addr().Is4() || !one.Subnet.Contains(one.Gateway) || one.Bridge == "" {
		return Network{}, fault.Wrap("read network", name, fault.New(fault.Damaged, "%s makes no sense", n.lib.Join(name+".json")))
	}
	return one, nil
}

// fixed is a network that needs no record.
func (n *Networks) fixed(name, driver string) Network {
	sum := sha256.Sum256([]byte(n.o.Store.Tag + "/" + name))
	return Network{ID: hex.EncodeToString(sum[:]), Name: name, Driver: driver, Builtin: true}
}

// Find is the network with this name, id or unambiguous start of an id; false
// if there is none.
func (n *Networks) Find(ctx context.Context, ref string) (Network, bool, error) {
	if ref == "default" {
		ref = Standard
	}
	if one, err := n.named(ref); err == nil {
		return one, true, nil
	}
	all, err := n.List(ctx)
	if err != nil {
		return Network{}, false, err
	}
	return Among(ref, all)
}

// Among is the one of the networks with this name, id or unambiguous start of an
// id; false if there is none.
func Among(ref string, all []Network) (Network, bool, error) {
	if ref == "default" {
		ref = Standard
	}
	var found []Network
	for _, one := range all {
		switch {
		case one.Name == ref || one.ID == ref:
			return one, true, nil
		case len(ref) >= 4 && strings.HasPrefix(one.ID, ref):
			found = append(found, one)
		}
	}
	switch len(found) {
	case 0:
		return Network{}, false, nil
	case 1:
		return found[0], true, nil
	}
	return Network{}, false, fault.New(fault.Invalid, "%s starts the ids of networks %s and %s", ref, found[0].Name, found[1].Name)
}

// named is the short way for the usual case.
func (n *Networks) named(ref string) (Network, error) {
	if check(ref) != nil {
		return Network{}, fs.ErrNotExist
	}
	return n.load(ref)
}

// Get is Find, but fault.NotFound if there is none.
func (n *Networks) Get(ctx context.Context, ref string) (Network, error) {
	one, ok, err := n.Find(ctx, ref)
	if err == nil && !ok {
		err = Missing(ref)
	}
	return one, err
}

// Missing is the fault.NotFound of a network that is not there.
func Missing(ref string) error { return fault.New(fault.NotFound, "no such network: %s", ref) }

func check(name string) error {
	odd := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_.-", c)
	}
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, odd) || strings.ContainsRune("_.-", rune(name[0])) {
		return fault.New(fault.Invalid, "a network's name is letters, digits, _ . and -, starting with a letter or digit")
	}
	return nil
}

// Create makes a network and its bridge. fault.Exists if the name is taken,
// fault.Conflict if the subnet is in use on this host.
func (n *Networks) Create(ctx context.Context, name string, o CreateOptions) (Network, error) {
	one, err := n.create(ctx, name, o)
	return one, fault.Wrap("create network", name, err)
}

func (n *Networks) create(ctx context.Context, name string, o CreateOptions) (Network, error) {
	if err := CheckName(name); err != nil {
		return Network{}, err
	}
	lock, err := n.lock(ctx)
	if err != nil {
		return Network{}, err
	}
	defer lock.Unlock()
	if n.lib.Exists(name + ".json") {
		return Network{}, Taken()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	one, err := n.plan(name, o)
	if err != nil {
		return Network{}, err
	}
	if err := scope.Making(ctx, scope.Thing{Kind: scope.Network, ID: one.ID}); err != nil {
		return Network{}, err
	}
	if err := n.lib.Save(name+".json", one, store.Durable); err != nil {
		return Network{}, err
	}
	if _, err := n.stand(ctx, one); err != nil {
		return Network{}, after(err, errors.Join(n.raze(one), n.lib.Remove(name+".json")))
	}
	return one, nil
}

// CheckName says what is wrong with the name of a new network.
func CheckName(name string) error {
	if err := check(name); err != nil {
		return err
	}
	if slices.Contains([]string{Standard, "host", "none", "default"}, name) {
		return fault.New(fault.Exists, "it is built in")
	}
	return nil
}

// Taken is the fault.Exists of a name that another network has.
func Taken() error { return fault.New(fault.Exists, "a network of this name exists") }

func (n *Networks) plan(name string, o CreateOptions) (Network, error) {
	id := make([]byte, 32)
	_, _ = rand.Read(id) // never fails
	taken, err := n.taken(name)
	if err != nil {
		return Network{}, err
	}
	one := Network{ID: hex.EncodeToString(id), Name: name, Created: n.o.Clock().UTC()}
	return one, one.Complete(o, taken)
}

// Complete makes of what has an id and a name the network that is asked for, on
// a host that uses the subnets taken. fault.Conflict if no subnet is free.
func (one *Network) Complete(o CreateOptions, taken []netip.Prefix) error {
	one.Driver, one.Internal, one.Labels, one.Subnet, one.Gateway = "bridge", o.Internal, o.Labels, o.Subnet, o.Gateway
	one.Bridge = "np" + one.ID[:12]
	if one.Labels == nil {
		one.Labels = map[string]string{}
	}
	return one.place(taken)
}

// found makes the record of the standard network.
func (n *Networks) found(ctx context.Context) error {
	lock, err := n.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if n.lib.Exists(Standard + ".json") {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	one, err := n.plan(Standard, CreateOptions{})
	if err != nil {
		return fault.Wrap("create network", Standard, err)
	}
	one.Builtin = true
	one.Bridge = "neap0"
	if n.o.Store.Tag != "" {
		one.Bridge = "np" + n.o.Store.Tag
	}
	return n.lib.Save(Standard+".json", one, store.Durable)
}

// Remove removes a network. fault.Busy, naming the members, if it has some;
// fault.Denied for a built-in one.
func (n *Networks) Remove(ctx context.Context, ref string) error {
	return fault.Wrap("remove network", ref, n.remove(ctx, ref))
}

func (n *Networks) remove(ctx context.Context, ref string) error {
	one, err := n.Get(ctx, ref)
	if err != nil {
		return err
	}
	if err := one.Removable(nil); err != nil {
		return err
	}
	lock, err := n.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if now, err := n.load(one.Name); err != nil || now.ID != one.ID {
		return fault.New(fault.NotFound, "it was removed meanwhile")
	}
	members, err := n.members(one)
	if err != nil {
		return err
	}
	if err := one.Removable(members); err != nil {
		return err
	}
	if err := n.lib.Remove(one.Name + ".json"); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return errors.Join(n.raze(one), n.rules(ctx), n.run.RemoveAll(one.Name))
}

// Removable is why a network with these members cannot be removed, or nil.
func (one *Network) Removable(members []string) error {
	if one.Builtin {
		return fault.New(fault.Denied, "it is built in")
	}
	if len(members) > 0 {
		return fault.New(fault.Busy, "it has members: %s", strings.Join(members, ", ")).
			WithHint("stop or disconnect them first")
	}
	return nil
}

// Bridges is every bridge network as the firewall wants it.
func (n *Networks) Bridges(context.Context) ([]firewall.Bridge, error) {
	all, err := n.bridges()
	if err != nil {
		return nil, err
	}
	return walls(all), nil
}

func walls(all []Network) []firewall.Bridge {
	bridges := make([]firewall.Bridge, len(all))
	for i, one := range all {
		bridges[i] = firewall.Bridge{Name: one.Bridge, Subnet: one.Subnet, Internal: one.Internal}
	}
	return bridges
}

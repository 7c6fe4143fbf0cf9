package network

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"neap/runtime/fault"
)

// Sweep gives back the addresses and removes the links of containers that are
// not alive, and says whose. It asks alive after it has seen the claim or
// link, so one that is being started must count as alive before it attaches.
func (n *Networks) Sweep(ctx context.Context, alive func(id string) bool) ([]string, error) {
	all, err := n.bridges()
	if err != nil {
		return nil, err
	}
	var freed []string
	for _, one := range all {
		held, err := n.held(one)
		if err != nil {
			return freed, err
		}
		for ip, id := range held {
			if !alive(id) {
				freed = append(freed, id)
				if err := n.run.Release(one.Name+"/"+ip.String(), id); err != nil {
					return freed, err
				}
			}
		}
	}
	linked, err := n.sweepLinks(ctx, alive)
	freed = append(freed, linked...)
	slices.Sort(freed)
	return slices.Compact(freed), err
}

func (n *Networks) sweepLinks(ctx context.Context, alive func(id string) bool) ([]string, error) {
	links, err := n.Links(ctx)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var freed []string
	for _, l := range links {
		if l.Container != "" && !alive(l.Container) {
			freed = append(freed, l.Container)
			if err := n.drop(l.Name); err != nil {
				return freed, err
			}
		}
	}
	return freed, nil
}

// Links is every link on this host that carries our tag.
func (n *Networks) Links(context.Context) ([]Link, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.open(); err != nil {
		return nil, err
	}
	all, err := dump(n.links.LinkList)
	if err != nil {
		return nil, fault.Wrap("list the links of", "this host", err)
	}
	var ours []Link
	for _, link := range all {
		if l, ok := n.read(link.Attrs().Name, link.Attrs().Alias); ok {
			ours = append(ours, l)
		}
	}
	return ours, nil
}

// read understands an alias that we wrote.
func (n *Networks) read(name, alias string) (Link, bool) {
	f := strings.SplitN(alias, ":", 4)
	if len(f) != 4 || f[0] != "neap" || f[1] != n.o.Store.Tag {
		return Link{}, false
	}
	if f[2] == "network" {
		return Link{Name: name, Network: f[3]}, true
	}
	start, err := strconv.Atoi(f[3])
	return Link{Name: name, Container: f[2], Start: start}, err == nil
}

// Purge removes from the kernel every link of this root. Records stay, and so
// do packet rules: they are the firewall's.
func (n *Networks) Purge(ctx context.Context) error {
	links, err := n.Links(ctx)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.index)
	var failed error
	for _, l := range links {
		failed = errors.Join(failed, n.drop(l.Name))
	}
	return failed
}

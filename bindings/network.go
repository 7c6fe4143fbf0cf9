package bindings

import (
	"context"
	"net/netip"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
	"neap/runtime/network"
)

func networkFact[T any](name string, k bind.Kind[T], doc string, of func(network.Network) T) bind.Field[Network] {
	return bind.Get(name, k, doc, func(ctx context.Context, n Network) (t T, err error) {
		if err := foresee(ctx, n, name); err != nil {
			return t, err
		}
		seen, err := n.Look(ctx)
		if err != nil {
			return t, networkGone(n, err)
		}
		return of(seen), nil
	})
}

// networkGone says of a network that cannot be found that it was removed.
func networkGone(n Network, err error) error {
	if fault.Is(err, fault.NotFound) {
		return &fault.Error{Kind: fault.NotFound, Op: "use network", Object: n.Name(), Message: "it was removed"}
	}
	return err
}

func (d *doors) fillNetwork() {
	k := d.network
	k.Text = Network.Name
	k.Same = func(a, b Network) bool { return a.ID() == b.ID() }
	k.Find = d.getNetwork
	k.Hints = map[string]string{"containers": "used_by", "options": "inspect()"}
	k.Columns = []string{"name", "short_id", "driver", "subnet", "used_by"}
	k.Bulk = []string{"remove"}
	k.Fields = []bind.Field[Network]{
		bind.Plain("name", bind.String, "its name", Network.Name),
		bind.Plain("id", bind.String, "its full id: 64 hex digits", Network.ID),
		bind.Plain("short_id", bind.String, "the first twelve digits", func(n Network) string { return shortDigest(n.ID()) }),
		networkFact("driver", bind.String, "bridge, host or null", func(n network.Network) string { return n.Driver }),
		networkFact("subnet", bind.Maybe(bind.String), "its addresses", func(n network.Network) string { return prefixText(n.Subnet) }),
		networkFact("gateway", bind.Maybe(bind.String), "the host's address on it", func(n network.Network) string { return addressText(n.Gateway) }),
		networkFact("internal", bind.Bool, "whether there is no way out", func(n network.Network) bool { return n.Internal }),
		networkFact("labels", bind.Map, "its labels", func(n network.Network) map[string]string { return n.Labels }),
		networkFact("created", bind.Time, "when it was made", func(n network.Network) time.Time { return n.Created }),
		bind.Get("used_by", bind.Strings, "containers that have an address on it", func(ctx context.Context, n Network) ([]string, error) {
			users, err := n.UsedBy(ctx)
			return users, networkGone(n, err)
		}),
	}
	k.Extra = []bind.Field[Network]{
		networkFact("label", bind.Map, "a label, or labels that must all be there", func(n network.Network) map[string]string { return n.Labels }),
	}
	k.Methods = []bind.Method[Network]{
		bind.Act0(k, "remove", "Remove it; one that is gone is no error.",
			func(ctx context.Context, n Network) error { return unlessGone(n.Remove(ctx)) },
		).With(`networks.create("back"):remove()`),
		bind.Method0("inspect", "All about it, in Docker's form.", bind.Returns(bind.JSON, "the document"),
			document(func(ctx context.Context, n Network) (any, error) {
				all, err := n.Inspect(ctx)
				return all, networkGone(n, err)
			})).With(`assert(networks.get("bridge"):inspect().Driver == "bridge")`),
	}
}

func prefixText(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func (d *doors) networksFuncs() []*bind.Func {
	k := d.network
	ref := bind.Req("name", k.Ref(Network.ID), "name, id, or how the id begins")
	return []*bind.Func{
		bind.Func2("create", "Make a network of its own bridge.",
			bind.Req("name", bind.Text, "its name"), bind.Options(networkOptions()), bind.Returns(k.Kind(), "the network"),
			func(ctx context.Context, name string, o network.CreateOptions) (Network, error) {
				return d.Networks.Create(ctx, name, o)
			}).Change().With(`local back = networks.create("back", { internal = true })
assert(back.internal)
back:remove()`),
		bind.Func1("get", "The network of that name or id; an error of kind not_found if there is none.", ref, bind.Returns(k.Kind(), "it"), d.getNetwork).
			With(`assert(networks.get("bridge").driver == "bridge")`),
		bind.Func1("find", "The network of that name or id, or nil.", ref,
			bind.Returns(k.OrNil(func(n Network) bool { return n == nil }), "it, or nil"), d.findNetwork,
		).With(`assert(networks.find("nothing") == nil)`),
		bind.Func1("list", "All networks, or those that a filter keeps, by name.",
			bind.Opt("filter", k.Filter().Kind(), bind.Select[Network]{}, "which ones"), bind.Returns(k.List(), "them"),
			func(ctx context.Context, which bind.Select[Network]) ([]Network, error) {
				all, err := d.Networks.List(ctx)
				if err != nil {
					return nil, err
				}
				return which.Keep(ctx, all)
			}).With(`assert(#networks.list{ driver = "null" } == 1)`),
		bind.Func1("prune", "Remove the networks that nobody uses, or those of them that a filter keeps.",
			bind.Opt("filter", k.Filter().Kind(), bind.Select[Network]{}, "which ones"),
			bind.Returns(bind.Strings, "the names of those that are gone"), d.pruneNetworks,
		).Change().With(`networks.create("back")
assert(networks.prune{ name = "back" }[1] == "back")`),
	}
}

func networkOptions() *bind.Record[network.CreateOptions] {
	return &bind.Record[network.CreateOptions]{
		Name: "NetworkOptions", Doc: "how it is made",
		Keys: []bind.Key[network.CreateOptions]{
			bind.K("subnet", bind.As(bind.String, "string", `addresses such as "10.9.0.0/24"`, netip.ParsePrefix, nil), "its addresses; chosen if left out", func(o *network.CreateOptions) *netip.Prefix { return &o.Subnet }),
			bind.K("gateway", bind.As(bind.String, "string", `an address such as "10.9.0.1"`, netip.ParseAddr, nil), "the host's address; the first if left out", func(o *network.CreateOptions) *netip.Addr { return &o.Gateway }),
			bind.K("internal", bind.Bool, "no way out", func(o *network.CreateOptions) *bool { return &o.Internal }),
			bind.K("label", bind.Map, "labels", func(o *network.CreateOptions) *map[string]string { return &o.Labels }),
		},
	}
}

func (d *doors) pruneNetworks(ctx context.Context, which bind.Select[Network]) ([]string, error) {
	all, err := d.Networks.List(ctx)
	if err == nil {
		all, err = which.Keep(ctx, all)
	}
	if err != nil {
		return nil, err
	}
	return sweep(all, Network.Name, func(n Network) (bool, error) {
		if seen, err := n.Look(ctx); err != nil || seen.Builtin {
			return false, err
		}
		return true, n.Remove(ctx)
	})
}

func (d *doors) getNetwork(ctx context.Context, ref string) (Network, error) {
	return d.Networks.Get(ctx, ref)
}

func (d *doors) findNetwork(ctx context.Context, ref string) (Network, error) {
	return d.Networks.Find(ctx, ref)
}

package bindings

import (
	"context"
	"net"
	"strconv"
	"strings"

	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// Port is one port of the host that leads to a container, at one moment.
type Port = engine.PublishedPort

func (d *doors) fillPort() {
	k := d.port
	k.Text = func(p Port) string {
		return net.JoinHostPort(p.HostIP, number(p.HostPort)) + "->" + number(p.ContainerPort) + "/" + p.Protocol
	}
	k.Same = func(a, b Port) bool { return a == b }
	k.Hints = map[string]string{"port": "host_port", "ip": "host_ip"}
	k.Columns = []string{"container", "container_port", "protocol", "host_ip", "host_port"}
	k.Fields = []bind.Field[Port]{
		bind.Plain("container", bind.String, "the container it leads to", func(p Port) string { return p.Container }),
		bind.Plain("container_port", bind.Int, "the port there", func(p Port) int { return int(p.ContainerPort) }),
		bind.Plain("protocol", bind.OneOf("tcp", "udp", "sctp"), "tcp, udp or sctp", func(p Port) string { return p.Protocol }),
		bind.Plain("host_ip", bind.String, "the address of the host; 0.0.0.0 for all", func(p Port) string { return p.HostIP }),
		bind.Plain("host_port", bind.Int, "the port of the host", func(p Port) int { return int(p.HostPort) }),
	}
	k.Methods = []bind.Method[Port]{
		bind.Method1("url", "Where it is reached from this host.", bind.Opt("path", bind.Text, "/", "after the address"), bind.Returns(bind.String, `as "http://127.0.0.1:8888/"`),
			func(_ context.Context, p Port, path string) (string, error) { return url(p, path), nil },
		).With(served + `assert(ports.list()[1]:url():match("^http://127.0.0.1:%d+/$"))`),
	}
}

// served begins the examples that need a published port.
const served = `local web = containers.run{ "box", "httpd", publish = "80" }
`

func number(n uint16) string { return strconv.Itoa(int(n)) }

func url(p Port, path string) string {
	host := p.HostIP
	if host == "0.0.0.0" || host == "" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, number(p.HostPort)) + "/" + strings.TrimPrefix(path, "/")
}

// address is a port of the host: "8888/tcp" or 8888.
type address struct {
	number   uint16
	protocol string
}

var addressKind = bind.As(bind.Text, "string|integer", `a port such as 8888 or "8888/tcp"`, func(text string) (address, error) {
	n, protocol, _ := strings.Cut(text, "/")
	port, err := strconv.ParseUint(n, 10, 16)
	if err != nil || port == 0 || protocol != "" && protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
		return address{}, fault.New(fault.Invalid, "%q is no port such as 8888 or 8888/tcp", text)
	}
	return address{uint16(port), orElse(protocol, "tcp")}, nil
}, nil)

// portNumber is a port of the host.
var portNumber = bind.As(bind.Int, "integer", "a port from 1 to 65535", func(n int) (uint16, error) {
	if n < 1 || n > 65535 {
		return 0, wanted("a port from 1 to 65535", n)
	}
	return uint16(n), nil
}, nil)

func (d *doors) portsFuncs() []*bind.Func {
	k := d.port
	at := bind.Req("port", addressKind, "of the host")
	return []*bind.Func{
		bind.Func1("list", "All published ports, or those that a filter keeps.",
			bind.Opt("filter", k.Filter().Kind(), bind.Select[Port]{}, "which ones"), bind.Returns(k.List(), "them"),
			func(ctx context.Context, which bind.Select[Port]) ([]Port, error) {
				all, err := d.Ports.List(ctx)
				if err != nil {
					return nil, err
				}
				return which.Keep(ctx, all)
			}).With(served + `assert(ports.list{ container_port = 80 }[1].container == web.name)`),
		bind.Func1("get", "The published port; an error of kind not_found if there is none.", at, bind.Returns(k.Kind(), "it"),
			func(ctx context.Context, a address) (Port, error) {
				p, err := d.findPort(ctx, a)
				if err == nil && p == nil {
					err = &fault.Error{Kind: fault.NotFound, Op: "find port", Object: number(a.number) + "/" + a.protocol, Message: "no container has it"}
				}
				if err != nil {
					return Port{}, err
				}
				return *p, nil
			}).With(served + `local port = web.ports[1].host_port
assert(ports.get(port).container == web.name)`),
		bind.Func1("find", "The published port, or nil.", at, bind.Returns(bind.Ptr(k.Kind()), "it, or nil"), d.findPort).
			With(`assert(ports.find("1/udp") == nil)`),
		bind.Func2("pick", "A TCP port that is free on all addresses now. It takes nothing.",
			bind.Req("from", portNumber, "the lowest"), bind.Req("to", portNumber, "the highest"), bind.Returns(bind.Int, "the port"),
			func(ctx context.Context, from, to uint16) (int, error) {
				n, err := d.Ports.Pick(ctx, from, to)
				return int(n), err
			}).With(`assert(ports.pick(40000, 50000) >= 40000)`),
		bind.Func1("owner", "Who has a port of the host, on whatever address; nil if nobody.", at, bind.Returns(bind.Any, "{ container, pid, command } or nil"), d.owner).
			With(served + `assert(ports.owner(web.ports[1].host_port).container == web.name)`),
	}
}

func (d *doors) findPort(ctx context.Context, a address) (*Port, error) {
	all, err := d.Ports.List(ctx)
	for _, p := range all {
		if p.HostPort == a.number && p.Protocol == a.protocol {
			return &p, err
		}
	}
	return nil, err
}

func (d *doors) owner(ctx context.Context, a address) (any, error) {
	o, found, err := d.Ports.Owner(ctx, a.protocol, a.number)
	if err != nil || !found {
		return nil, err
	}
	shown := map[string]any{}
	if o.PID != 0 {
		shown["pid"] = o.PID
	}
	if o.Command != "" {
		shown["command"] = o.Command
	}
	if o.Container != "" {
		shown["container"] = d.containerName(ctx, o.Container)
	}
	return shown, nil
}

// containerName is the name of a container by its id, else the id.
func (d *doors) containerName(ctx context.Context, id string) string {
	if b, err := d.findContainer(ctx, id); err == nil && b != nil {
		return b.name()
	}
	return id
}

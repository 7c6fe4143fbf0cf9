package network

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Report is a network with Docker's fields.
type Report struct {
	Name       string
	ID         string `json:"Id"`
	Created    time.Time
	Scope      string
	Driver     string
	EnableIPv4 bool
	EnableIPv6 bool
	IPAM       IPAM
	Internal   bool
	Attachable bool
	Ingress    bool
	ConfigOnly bool
	Containers map[string]Member
	Options    map[string]string
	Labels     map[string]string
}

// IPAM is how addresses are given.
type IPAM struct {
	Driver  string
	Options map[string]string
	Config  []Pool
}

// Pool is where addresses come from.
type Pool struct {
	Subnet  string
	Gateway string
}

// Member is a container that has an address.
type Member struct {
	Name        string
	EndpointID  string
	MacAddress  string
	IPv4Address string
	IPv6Address string
}

// Inspect is what Docker shows of a network. name gives the name of a
// container; nil leaves names out.
func (n *Networks) Inspect(ctx context.Context, ref string, name func(id string) string) (Report, error) {
	one, err := n.Get(ctx, ref)
	if err != nil {
		return Report{}, err
	}
	if one.Bridge == "" {
		return one.Report(nil, name), nil
	}
	held, err := n.held(one)
	return one.Report(held, name), err
}

// Report is a network, whose addresses containers with these ids have, with
// Docker's fields.
func (one Network) Report(held map[netip.Addr]string, name func(id string) string) Report {
	r := Report{
		Name: one.Name, ID: one.ID, Created: one.Created, Scope: "local", Driver: one.Driver, EnableIPv4: true,
		IPAM: IPAM{Driver: "default", Config: []Pool{}}, Internal: one.Internal,
		Containers: map[string]Member{}, Options: map[string]string{}, Labels: one.Labels,
	}
	if r.Labels == nil {
		r.Labels = map[string]string{}
	}
	if one.Bridge == "" {
		return r
	}
	r.IPAM.Config = []Pool{{one.Subnet.String(), one.Gateway.String()}}
	r.Options["com.docker.network.bridge.name"] = one.Bridge
	for ip, id := range held {
		m := Member{EndpointID: endpointID(one, id), MacAddress: mac(ip), IPv4Address: fmt.Sprintf("%v/%d", ip, one.Subnet.Bits())}
		if name != nil {
			m.Name = name(id)
		}
		r.Containers[id] = m
	}
	return r
}

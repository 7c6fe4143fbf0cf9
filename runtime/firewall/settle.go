package firewall

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"neap/runtime/fault"
)

// tables in the order in which they are changed: what drops comes before what
// lets in.
func tables() []string { return []string{"raw", "filter", "nat"} }

// batch is input for iptables-restore by table.
type batch map[string][]string

func (b batch) text() string {
	var out strings.Builder
	for _, table := range tables() {
		if rows := b[table]; len(rows) > 0 {
			fmt.Fprintf(&out, "*%s\n%s\nCOMMIT\n", table, strings.Join(rows, "\n"))
		}
	}
	return out.String()
}

// settle makes the kernel hold what this process knows should be there, and
// deletes the port rules for which gone is true. If somebody changed the rules
// between look and commit it looks again.
func (f *Firewall) settle(ctx context.Context, gone func(Rule) bool) (added, deleted int, err error) {
	if err := f.find(); err != nil {
		return 0, 0, err
	}
	for range 4 {
		added, deleted, err = f.try(ctx, gone)
		if err == nil || ctx.Err() != nil {
			return added, deleted, err
		}
		f.seen = nil
	}
	return 0, 0, err
}

func (f *Firewall) try(ctx context.Context, gone func(Rule) bool) (added, deleted int, err error) {
	seen, err := f.look(ctx)
	if err != nil {
		return 0, 0, err
	}
	b := batch{}
	opens := f.baseRows(b, seen)
	added, deleted = f.portRows(b, seen, gone)
	if err := f.commit(ctx, b, seen); err != nil {
		return 0, 0, err
	}
	if f.bridges == nil {
		return added, deleted, nil
	}
	if err := f.lead(seen); err != nil {
		return 0, 0, err
	}
	if opens {
		err = setForwarding("1")
	}
	return added, deleted, err
}

// commit changes the kernel. after is how it will look then, which is
// remembered if nobody else changed it meanwhile: each table is one step of
// the generation.
func (f *Firewall) commit(ctx context.Context, b batch, after *sight) error {
	text := b.text()
	if text == "" {
		return nil
	}
	f.seen = nil
	if err := f.tools.commit(ctx, text); err != nil {
		return err
	}
	if age := f.generation(); age != 0 && age == f.age+uint32(len(b)) {
		f.seen, f.age = after, age
	}
	return nil
}

// baseRows rebuilds our fixed chains if anything in them is not as it should
// be. It says whether forwarding must be turned on after.
func (f *Firewall) baseRows(b batch, seen *sight) (opens bool) {
	if f.bridges == nil {
		return false
	}
	opens = forwarding() == "0"
	if opens {
		b["filter"] = append(b["filter"], ":FORWARD DROP [0:0]", ":"+closed+" - [0:0]")
	}
	lines := f.names.base(f.bridges)
	if f.names.based(seen, lines) {
		return opens
	}
	fixed, ports := f.names.chains()
	for _, c := range ports {
		if !seen.chains[c.table+"/"+c.name] {
			b[c.table] = append(b[c.table], "-N "+c.name)
			seen.chains[c.table+"/"+c.name] = true
		}
	}
	for _, c := range fixed {
		b[c.table] = append(b[c.table], fmt.Sprintf(":%s - [0:0]", c.name))
	}
	seen.base = map[string][]string{}
	for _, l := range lines {
		b[l.table] = append(b[l.table], l.add())
		seen.base[l.table+"/"+l.chain] = append(seen.base[l.table+"/"+l.chain], l.comment)
	}
	for _, c := range fixed {
		seen.chains[c.table+"/"+c.name] = true
	}
	return opens
}

// based says whether our fixed chains hold exactly these rules.
func (n names) based(seen *sight, lines []line) bool {
	want := map[string][]string{}
	for _, l := range lines {
		place := l.table + "/" + l.chain
		want[place] = append(want[place], l.comment)
	}
	fixed, ports := n.chains()
	for _, c := range append(fixed, ports...) {
		place := c.table + "/" + c.name
		if !seen.chains[place] || !slices.Equal(want[place], seen.base[place]) {
			return false
		}
	}
	return true
}

func (f *Firewall) portRows(b batch, seen *sight, gone func(Rule) bool) (added, deleted int) {
	var del []Rule
	for r := range seen.rules {
		if !has(f.rules, r) && gone != nil && gone(r) {
			del = append(del, r)
		}
	}
	before := seen.rules
	if all := len(before); len(del) > 1 && len(del)*all > rewriteCost*(all-len(del)) {
		f.names.rewrite(b, seen, del, f.rules)
	} else {
		for _, r := range del {
			f.names.withdraw(b, seen, r)
		}
	}
	for r := range f.rules {
		if seen.rules[r].all(r) {
			continue
		}
		if !before[r].all(r) {
			added++
		}
		f.chainsFor(b, seen)
		f.names.publish(b, seen, r)
	}
	return added, len(del)
}

// rewriteCost is how many comparisons of rules cost as much as adding one. To
// delete a rule iptables compares it with all others of its chain.
const rewriteCost = 64

// rewrite empties the chains of port rules and puts back what stays but is not
// wanted. The wanted ones are missing then, and come before them when they are
// published.
func (n names) rewrite(b batch, seen *sight, del []Rule, wanted map[Rule]struct{}) {
	_, ports := n.chains()
	for _, c := range ports {
		if seen.chains[c.table+"/"+c.name] {
			b[c.table] = append(b[c.table], fmt.Sprintf(":%s - [0:0]", c.name))
		}
	}
	gone, stay := set(del), seen.rules
	seen.rules = map[Rule]lines{}
	for r := range stay {
		if !has(gone, r) && !has(wanted, r) {
			n.publish(b, seen, r)
		}
	}
}

// withdraw deletes each line of r as often as it is there.
func (n names) withdraw(b batch, seen *sight, r Rule) {
	for _, l := range n.lines(r) {
		for seen.rules[r][l.table] > 0 {
			b[l.table] = append(b[l.table], l.remove())
			seen.note(r, l.table, -1)
		}
	}
}

// publish puts the lines of r that are missing before all others.
func (n names) publish(b batch, seen *sight, r Rule) {
	for _, l := range n.lines(r) {
		if seen.rules[r][l.table] == 0 {
			b[l.table] = append(b[l.table], l.first())
			seen.note(r, l.table, 1)
		}
	}
}

// chainsFor makes the chains of port rules where Base has not been called.
func (f *Firewall) chainsFor(b batch, seen *sight) {
	_, ports := f.names.chains()
	for _, c := range ports {
		if place := c.table + "/" + c.name; !seen.chains[place] {
			b[c.table] = slices.Insert(b[c.table], 0, "-N "+c.name)
			seen.chains[place] = true
		}
	}
}

// lead makes the jumps to our chains that are missing. The chains are there.
func (f *Firewall) lead(seen *sight) error {
	for _, j := range f.names.jumps(seen.forward()) {
		if seen.jumps[j.table+"/"+j.chain+"/"+j.to] {
			continue
		}
		f.seen = nil
		spec := append(slices.Clone(j.spec), "-m", "comment", "--comment", f.names.comment+"base:jump", "-j", j.to)
		var err error
		if j.first {
			err = f.ipt.InsertUnique(j.table, j.chain, 1, spec...)
		} else {
			err = f.ipt.AppendUnique(j.table, j.chain, spec...)
		}
		if err != nil {
			return fault.Wrap("lead packets to", j.to, err)
		}
	}
	return nil
}

const forwardFile = "/proc/sys/net/ipv4/ip_forward"

// forwarding is "1" if the host forwards IPv4 packets, "" if it cannot be told.
func forwarding() string {
	body, err := os.ReadFile(forwardFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(body))
}

func setForwarding(value string) error {
	err := os.WriteFile(forwardFile, []byte(value), 0)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap("forward packets with", forwardFile, err)
	}
	return err
}

// Purge removes everything of this root from the kernel. If it was the last
// that needed forwarding, and neap turned it on, it is off again.
func (f *Firewall) Purge(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.find(); err != nil {
		return err
	}
	f.bridges, f.seen = nil, nil
	clear(f.rules)
	seen, err := f.look(ctx)
	if err != nil {
		return err
	}
	b := batch{}
	f.names.clear(b, seen)
	reopens := f.names.last(seen)
	if reopens {
		if err := setForwarding("0"); err != nil {
			return err
		}
		b["filter"] = append(b["filter"], ":FORWARD ACCEPT [0:0]", "-X "+closed)
	}
	err = f.commit(ctx, b, nil)
	f.seen = nil
	return err
}

func (n names) clear(b batch, seen *sight) {
	for _, forward := range []string{"FORWARD", "DOCKER-USER"} {
		for _, j := range n.jumps(forward) {
			if seen.jumps[j.table+"/"+j.chain+"/"+j.to] && (j.table == "filter" || forward == "FORWARD") {
				spec := strings.Join(j.spec, " ")
				b[j.table] = append(b[j.table], fmt.Sprintf("-D %s %s -m comment --comment %sbase:jump -j %s", j.chain, spec, n.comment, j.to))
			}
		}
	}
	fixed, ports := n.chains()
	all := append(fixed, ports...)
	for _, verb := range []string{"-F ", "-X "} {
		for _, c := range all {
			if seen.chains[c.table+"/"+c.name] {
				b[c.table] = append(b[c.table], verb+c.name)
			}
		}
	}
}

// last says whether neap closed FORWARD and nobody else has chains in it.
func (n names) last(seen *sight) bool {
	own := map[string]bool{closed: true, n.forward: true, n.into: true, n.outof: true}
	for place := range seen.chains {
		name, filter := strings.CutPrefix(place, "filter/")
		if filter && !own[name] && !slices.Contains([]string{"INPUT", "FORWARD", "OUTPUT"}, name) {
			return false
		}
	}
	return seen.chains["filter/"+closed] && seen.policy == "DROP"
}

package firewall

import (
	"context"
	"strings"
)

// sight is what of the kernel's rules concerns us.
type sight struct {
	chains map[string]bool     // "table/chain", also foreign ones
	policy string              // of FORWARD
	jumps  map[string]bool     // "table/chain/to": rules that lead to our chains
	base   map[string][]string // comments of our base rules by "table/chain", in order
	rules  map[Rule]lines      // how many lines of each port rule are there
	docker bool                // FORWARD goes through DOCKER-USER
}

// lines counts those of a port rule by table.
type lines map[string]int

// all says whether every line of r is there.
func (l lines) all(r Rule) bool { return l["nat"] > 0 && (l["raw"] > 0 || !r.HostIP.IsLoopback()) }

// note counts a line more or less.
func (s *sight) note(r Rule, table string, n int) {
	if s.rules[r] == nil {
		s.rules[r] = lines{}
	}
	s.rules[r][table] += n
	if s.rules[r]["nat"] <= 0 && s.rules[r]["raw"] <= 0 {
		delete(s.rules, r)
	}
}

// look reads the kernel, or remembers what it read if nothing changed since.
func (f *Firewall) look(ctx context.Context) (*sight, error) {
	age := f.generation()
	if f.seen != nil && age != 0 && age == f.age {
		return f.seen, nil
	}
	text, err := f.tools.dump(ctx)
	if err != nil {
		return nil, err
	}
	f.seen, f.age = f.names.read(text), age
	return f.seen, nil
}

func (f *Firewall) generation() uint32 {
	if !f.tools.nft {
		return 0
	}
	return generation()
}

// read understands the output of iptables-save.
func (n names) read(text string) *sight {
	s := &sight{
		chains: map[string]bool{}, jumps: map[string]bool{},
		base: map[string][]string{}, rules: map[Rule]lines{},
	}
	table := ""
	for row := range strings.Lines(text) {
		row = strings.TrimSpace(row)
		switch {
		case strings.HasPrefix(row, "*"):
			table = row[1:]
		case strings.HasPrefix(row, ":"):
			s.chain(table, strings.Fields(row[1:]))
		case strings.HasPrefix(row, "-A "):
			n.rule(s, table, row)
		}
	}
	return s
}

func (s *sight) chain(table string, f []string) {
	s.chains[table+"/"+f[0]] = true
	if table == "filter" && f[0] == "FORWARD" && len(f) > 1 {
		s.policy = f[1]
	}
}

func (n names) rule(s *sight, table, row string) {
	f := strings.Fields(row)
	place, target := table+"/"+f[1], after(f, "-j")
	comment := strings.Trim(after(f, "--comment"), `"`)
	switch {
	case place == "filter/FORWARD" && target == "DOCKER-USER":
		s.docker = true
	case !n.ours(f[1]):
		s.jumps[place+"/"+target] = true
	case strings.HasPrefix(comment, n.comment+"base:"):
		s.base[place] = append(s.base[place], comment)
	default:
		if r, ok := n.parse(comment); ok {
			s.note(r, table, 1)
		}
	}
}

func after(fields []string, word string) string {
	for i, f := range fields[:len(fields)-1] {
		if f == word {
			return fields[i+1]
		}
	}
	return ""
}

// chain is a chain of ours and its table.
type chain struct{ table, name string }

// chains lists ours; the fixed ones hold base rules, the others port rules.
func (n names) chains() (fixed, ports []chain) {
	fixed = []chain{{"raw", n.raw}, {"filter", n.forward}, {"filter", n.into}, {"filter", n.outof}, {"nat", n.source}}
	return fixed, []chain{{"raw", n.loopback}, {"nat", n.ports}}
}

func (n names) ours(name string) bool {
	fixed, ports := n.chains()
	for _, c := range append(fixed, ports...) {
		if c.name == name {
			return true
		}
	}
	return false
}

// forward is the chain of table filter that must lead to ours.
func (s *sight) forward() string {
	if s.docker {
		return "DOCKER-USER"
	}
	return "FORWARD"
}

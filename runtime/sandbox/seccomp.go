package sandbox

import (
	"cmp"
	"maps"
	"slices"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// Seccomp is Docker's default filter for a bounding set, compiled. Calls of
// another architecture and of x32 are refused, and system calls younger than
// the profile get ENOSYS, so that programs fall back.
func Seccomp(caps []string) ([]byte, error) {
	profile, err := seccomp.GetDefaultProfile(bounded(caps))
	return assemble(profile, err)
}

// ParseSeccomp compiles a profile in Docker's JSON form for a bounding set. A
// profile that allows everything is no filter: nil.
func ParseSeccomp(profile []byte, caps []string) ([]byte, error) {
	resolved, err := seccomp.LoadProfile(string(profile), bounded(caps))
	return assemble(resolved, err)
}

func bounded(caps []string) *specs.Spec {
	return &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: caps}}}
}

func assemble(profile *specs.LinuxSeccomp, err error) ([]byte, error) {
	if err != nil {
		return nil, fault.New(fault.Invalid, "seccomp profile: %v", err)
	}
	if profile == nil {
		return nil, nil
	}
	if auditArch == 0 {
		return nil, fault.New(fault.Unsupported, "no table of system calls for this architecture")
	}
	policy, err := readPolicy(profile)
	if err != nil {
		return nil, fault.Wrap("compile", "seccomp profile", err)
	}
	return policy.compile()
}

// policy is a profile by numbers.
type policy struct {
	fallback uint32 // the verdict on what no rule names
	foreign  uint32 // on calls of another architecture
	calls    map[uint32]*verdicts
	last     uint32 // the highest number that the profile names
}

// verdicts is what happens to one system call: the verdict of the first rule
// that matches the arguments, else otherwise.
type verdicts struct {
	rules     []rule
	otherwise uint32
	always    bool // a rule without arguments set otherwise
}

type rule struct {
	verdict uint32
	args    []specs.LinuxSeccompArg // all must match
}

func readPolicy(profile *specs.LinuxSeccomp) (*policy, error) {
	fallback, err := verdict(profile.DefaultAction, profile.DefaultErrnoRet)
	if err != nil {
		return nil, err
	}
	p := &policy{fallback: fallback, foreign: fallback, calls: map[uint32]*verdicts{}}
	if permissive(fallback) {
		p.foreign = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	}
	numbers := syscallNumbers()
	for _, call := range profile.Syscalls {
		action, err := verdict(call.Action, call.ErrnoRet)
		if err != nil {
			return nil, err
		}
		for _, name := range call.Names {
			if nr, ok := numbers[name]; ok { // others are of other architectures
				p.add(nr, action, call.Args)
			}
		}
	}
	return p, nil
}

func permissive(verdict uint32) bool {
	return verdict == unix.SECCOMP_RET_ALLOW || verdict == unix.SECCOMP_RET_LOG
}

// add adds a rule as libseccomp does: one without arguments is above all, one
// that says what the fallback says is none, and comparisons of the same
// argument stand for rules of their own.
func (p *policy) add(nr, verdict uint32, args []specs.LinuxSeccompArg) {
	p.last = max(p.last, nr)
	v := p.calls[nr]
	if v == nil {
		v = &verdicts{otherwise: p.fallback}
		p.calls[nr] = v
	}
	switch {
	case verdict == p.fallback:
	case len(args) == 0:
		if !v.always {
			v.otherwise, v.always = verdict, true
		}
	case repeated(args):
		for _, arg := range args {
			v.rules = append(v.rules, rule{verdict, []specs.LinuxSeccompArg{arg}})
		}
	default:
		v.rules = append(v.rules, rule{verdict, args})
	}
}

func repeated(args []specs.LinuxSeccompArg) bool {
	seen := map[uint]bool{}
	for _, arg := range args {
		if seen[arg.Index] {
			return true
		}
		seen[arg.Index] = true
	}
	return false
}

// verdict is what the kernel calls an action.
func verdict(action specs.LinuxSeccompAction, errno *uint) (uint32, error) {
	data := uint32(unix.EPERM)
	if errno != nil {
		data = uint32(*errno) & unix.SECCOMP_RET_DATA
	}
	switch action {
	case specs.ActAllow:
		return unix.SECCOMP_RET_ALLOW, nil
	case specs.ActErrno:
		return unix.SECCOMP_RET_ERRNO | data, nil
	case specs.ActKill, specs.ActKillThread:
		return unix.SECCOMP_RET_KILL_THREAD, nil
	case specs.ActKillProcess:
		return unix.SECCOMP_RET_KILL_PROCESS, nil
	case specs.ActTrap:
		return unix.SECCOMP_RET_TRAP, nil
	case specs.ActLog:
		return unix.SECCOMP_RET_LOG, nil
	case specs.ActTrace:
		return unix.SECCOMP_RET_TRACE | data, nil
	case specs.ActNotify:
		return 0, fault.New(fault.Unsupported, "the action %s: nobody listens", action)
	}
	return 0, fault.New(fault.Invalid, "no action is called %q", action)
}

const filterMax = 4096 // instructions, the kernel's limit

func (p *policy) compile() ([]byte, error) {
	a := &assembler{rets: map[uint32]label{}}
	nosys := a.ret(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS))
	foreign, fallback := a.ret(p.foreign), a.ret(p.fallback)
	a.ret(unix.SECCOMP_RET_ALLOW)
	spans := []span{{0, fallback}}
	for _, nr := range slices.Sorted(maps.Keys(p.calls)) {
		to, err := a.verdicts(p.calls[nr])
		if err != nil {
			return nil, err
		}
		spans = append(spans, span{nr, to}, span{nr + 1, fallback})
	}
	spans = append(spans, p.young(nosys)...)
	a.load(dataNr, a.search(coalesce(spans)))
	a.load(dataArch, a.branch(bpfEq, auditArch, a.here(), foreign))
	if len(a.code) > filterMax {
		return nil, fault.New(fault.Invalid, "the profile needs %d instructions, the kernel takes %d", len(a.code), filterMax)
	}
	return a.program(), nil
}

// young are the numbers above those that the profile knows, and those of x32.
func (p *policy) young(nosys label) []span {
	if permissive(p.fallback) {
		return []span{{x32, nosys}}
	}
	return []span{{p.last + 1, nosys}}
}

const x32 = 0x40000000

// coalesce keeps of spans in order the last for a number, and joins those that
// go to the same place.
func coalesce(spans []span) []span {
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].from == s.from {
			out = out[:n-1]
		}
		if n := len(out); n > 0 && out[n-1].to == s.to {
			continue
		}
		out = append(out, s)
	}
	return out
}

// verdicts is where one system call goes.
func (a *assembler) verdicts(v *verdicts) (label, error) {
	at := a.ret(v.otherwise)
	if v.always || len(v.rules) == 0 {
		return at, nil
	}
	if spans, arg, ok := a.ranges(v); ok {
		return a.shared(arg, coalesce(spans), at), nil
	}
	for _, r := range slices.Backward(v.rules) {
		yes := a.ret(r.verdict)
		for _, arg := range slices.Backward(r.args) {
			var err error
			if yes, err = a.compare(arg, yes, at); err != nil {
				return 0, err
			}
		}
		at = yes
	}
	return at, nil
}

// interval is the values from one on, before the end.
type interval struct{ from, end uint64 }

// ranges says whether all rules compare one argument with small numbers for
// one verdict, and gives the spans of that argument then.
func (a *assembler) ranges(v *verdicts) (spans []span, arg uint, ok bool) {
	first := v.rules[0]
	var hits []interval
	for _, r := range v.rules {
		hit, ok := values(r.args[0])
		if !ok || len(r.args) != 1 || r.args[0].Index != first.args[0].Index || r.verdict != first.verdict {
			return nil, 0, false
		}
		hits = append(hits, hit)
	}
	slices.SortFunc(hits, func(x, y interval) int { return cmp.Compare(x.from, y.from) })
	yes, no := a.ret(first.verdict), a.ret(v.otherwise)
	spans, end := []span{{0, no}}, uint64(0)
	for _, h := range hits {
		if h.end <= end {
			continue
		}
		spans = append(spans, span{uint32(max(h.from, end)), yes})
		if end = h.end; end < 1<<32 {
			spans = append(spans, span{uint32(end), no})
		}
	}
	return spans, first.args[0].Index, true
}

// values are those that match a comparison, if they are within 32 bits.
func values(arg specs.LinuxSeccompArg) (interval, bool) {
	v := arg.Value
	switch {
	case v >= 1<<32:
	case arg.Op == specs.OpEqualTo:
		return interval{v, v + 1}, true
	case arg.Op == specs.OpLessThan:
		return interval{0, v}, true
	case arg.Op == specs.OpLessEqual:
		return interval{0, v + 1}, true
	}
	return interval{}, false
}

// shared searches an argument whose upper half must be 0.
func (a *assembler) shared(arg uint, spans []span, no label) label {
	at := uint32(dataArgs + 8*arg)
	low := a.load(at+lowHalf, a.search(spans))
	return a.load(at+highHalf, a.branch(bpfEq, 0, low, no))
}

// Where the halves of an argument are: both architectures are little-endian.
const (
	lowHalf  = 0
	highHalf = 4
)

// compare is the code that goes to yes where an argument matches, else to no.
func (a *assembler) compare(arg specs.LinuxSeccompArg, yes, no label) (label, error) {
	if arg.Index > 5 {
		return 0, fault.New(fault.Invalid, "a system call has no argument %d", arg.Index)
	}
	at := uint32(dataArgs + 8*arg.Index)
	switch arg.Op {
	case specs.OpEqualTo:
		return a.equal(at, ^uint64(0), arg.Value, yes, no), nil
	case specs.OpNotEqual:
		return a.equal(at, ^uint64(0), arg.Value, no, yes), nil
	case specs.OpMaskedEqual:
		return a.equal(at, arg.Value, arg.ValueTwo, yes, no), nil
	case specs.OpGreaterEqual:
		return a.atLeast(at, arg.Value, yes, no), nil
	case specs.OpGreaterThan:
		return a.above(at, arg.Value, yes, no), nil
	case specs.OpLessThan:
		return a.atLeast(at, arg.Value, no, yes), nil
	case specs.OpLessEqual:
		return a.above(at, arg.Value, no, yes), nil
	}
	return 0, fault.New(fault.Invalid, "no comparison is called %q", arg.Op)
}

// equal compares what a mask leaves of an argument with v.
func (a *assembler) equal(at uint32, mask, v uint64, yes, no label) label {
	low := a.half(at+lowHalf, uint32(mask), uint32(v), yes, no)
	return a.half(at+highHalf, uint32(mask>>32), uint32(v>>32), low, no)
}

func (a *assembler) half(at, mask, v uint32, yes, no label) label {
	switch {
	case mask == 0 && v == 0:
		return yes
	case v&^mask != 0:
		return no
	case mask == ^uint32(0):
		return a.load(at, a.branch(bpfEq, v, yes, no))
	}
	return a.load(at, a.and(mask, a.branch(bpfEq, v, yes, no)))
}

func (a *assembler) above(at uint32, v uint64, yes, no label) label {
	if v == ^uint64(0) {
		return no
	}
	return a.atLeast(at, v+1, yes, no)
}

func (a *assembler) atLeast(at uint32, v uint64, yes, no label) label {
	low := a.load(at+lowHalf, a.branch(bpfGe, uint32(v), yes, no))
	high := a.branch(bpfEq, uint32(v>>32), low, yes)
	return a.load(at+highHalf, a.branch(bpfGe, uint32(v>>32), high, no))
}

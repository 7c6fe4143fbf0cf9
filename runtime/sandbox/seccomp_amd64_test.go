package sandbox

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// machine runs a filter as the kernel does.
func machine(t *testing.T, program []byte, arch, nr uint32, args [6]uint64) (verdict uint32, steps int) {
	t.Helper()
	data := binary.NativeEndian.AppendUint32(nil, nr)
	data = binary.NativeEndian.AppendUint32(data, arch)
	data = binary.NativeEndian.AppendUint64(data, 0)
	for _, a := range args {
		data = binary.NativeEndian.AppendUint64(data, a)
	}
	var acc uint32
	for pc := 0; ; pc++ {
		steps++
		f := program[8*pc:]
		code, jt, jf, k := binary.NativeEndian.Uint16(f), int(f[2]), int(f[3]), binary.NativeEndian.Uint32(f[4:])
		jump := func(hit bool) {
			if hit {
				pc += jt
			} else {
				pc += jf
			}
		}
		switch code {
		case bpfRet:
			return k, steps
		case bpfLoad:
			acc = binary.NativeEndian.Uint32(data[k:])
		case bpfAnd:
			acc &= k
		case bpfJump:
			pc += int(k)
		case bpfEq:
			jump(acc == k)
		case bpfGe:
			jump(acc >= k)
		default:
			t.Fatalf("instruction %d has code %#x", pc, code)
		}
	}
}

// oracle reads a profile the slow way.
type oracle struct {
	profile *specs.LinuxSeccomp
	names   map[int]string
	calls   map[string][]specs.LinuxSyscall
	last    uint32
}

func newOracle(p *specs.LinuxSeccomp) *oracle {
	o := &oracle{profile: p, names: arch.X86_64.SyscallNumbers, calls: map[string][]specs.LinuxSyscall{}}
	for _, call := range p.Syscalls {
		for _, name := range call.Names {
			o.calls[name] = append(o.calls[name], call)
			if nr, ok := arch.X86_64.SyscallNames[name]; ok {
				o.last = max(o.last, uint32(nr))
			}
		}
	}
	return o
}

func (o *oracle) verdict(t *testing.T, nr uint32, args [6]uint64) uint32 {
	t.Helper()
	fallback, err := verdict(o.profile.DefaultAction, o.profile.DefaultErrnoRet)
	must(t, err)
	const nosys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	if nr >= x32 || nr > o.last && !permissive(fallback) {
		return nosys
	}
	var matched []uint32
	for _, call := range o.calls[o.names[int(nr)]] {
		action, err := verdict(call.Action, call.ErrnoRet)
		must(t, err)
		if action == fallback {
			continue
		}
		if len(call.Args) == 0 {
			return action
		}
		if matches(call.Args, args) {
			matched = append(matched, action)
		}
	}
	return append(matched, fallback)[0]
}

func matches(conditions []specs.LinuxSeccompArg, args [6]uint64) bool {
	return !slices.ContainsFunc(conditions, func(c specs.LinuxSeccompArg) bool { return !match(c, args[c.Index]) })
}

func match(c specs.LinuxSeccompArg, a uint64) bool {
	switch c.Op {
	case specs.OpEqualTo:
		return a == c.Value
	case specs.OpNotEqual:
		return a != c.Value
	case specs.OpLessThan:
		return a < c.Value
	case specs.OpLessEqual:
		return a <= c.Value
	case specs.OpGreaterThan:
		return a > c.Value
	case specs.OpGreaterEqual:
		return a >= c.Value
	}
	return a&c.Value == c.ValueTwo
}

// interesting are arguments around what a profile compares with.
func interesting(p *specs.LinuxSeccomp) []uint64 {
	values := []uint64{0, 1, 1 << 32, 1<<32 | 2, ^uint64(0), unix.CLONE_NEWUSER, unix.CLONE_NEWUSER | 17, unix.CLONE_VM, unix.CLONE_NEWNS << 32}
	for domain := range uint64(48) {
		values = append(values, domain)
	}
	for _, call := range p.Syscalls {
		for _, a := range call.Args {
			values = append(values, a.Value, a.Value+1, a.Value-1, a.ValueTwo, a.Value|1<<40)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func same(t *testing.T, name string, p *specs.LinuxSeccomp, program []byte) {
	t.Helper()
	o := newOracle(p)
	values := interesting(p)
	longest := 0
	for base := range uint32(600) {
		for _, nr := range []uint32{base, base | x32, base | 1<<31} {
			for _, v := range values {
				args := [6]uint64{v, v, v, v, v, v}
				have, steps := machine(t, program, unix.AUDIT_ARCH_X86_64, nr, args)
				longest = max(longest, steps)
				if want := o.verdict(t, nr, args); have != want {
					t.Fatalf("%s: call %d (%s) with %#x gives %#x, the profile says %#x", name, nr, o.names[int(nr)], v, have, want)
				}
			}
		}
	}
	t.Logf("%s: %d instructions, %d at most on one way", name, len(program)/8, longest)
}

func TestFilterIsTheProfile(t *testing.T) {
	for name, caps := range map[string][]string{
		"default": DefaultCaps(), "none": nil, "all": CapNames(),
		"admin": append(DefaultCaps(), "CAP_SYS_ADMIN"), "ptrace": append(DefaultCaps(), "CAP_SYS_PTRACE"),
	} {
		profile, err := seccomp.GetDefaultProfile(bounded(caps))
		must(t, err)
		program, err := Seccomp(caps)
		must(t, err)
		same(t, name, profile, program)
		if have, _ := machine(t, program, unix.AUDIT_ARCH_I386, 1, [6]uint64{}); have != unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM) {
			t.Errorf("%s: a call of i386 gives %#x", name, have)
		}
		if name == "default" && len(program)/8 > 120 {
			t.Errorf("the default filter has %d instructions", len(program)/8)
		}
	}
}

// Profiles made at random, with every comparison and long enough for jumps
// that a branch cannot make.
func TestFilterIsAnyProfile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 10 {
		profile := randomProfile(random)
		program, err := assemble(profile, nil)
		must(t, err)
		same(t, fmt.Sprint("round ", round), profile, program)
	}
}

func randomProfile(random *rand.Rand) *specs.LinuxSeccomp {
	ops := []specs.LinuxSeccompOperator{
		specs.OpEqualTo, specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual,
		specs.OpGreaterThan, specs.OpGreaterEqual, specs.OpMaskedEqual,
	}
	actions := []specs.LinuxSeccompAction{specs.ActAllow, specs.ActErrno, specs.ActLog, specs.ActKillProcess}
	values := []uint64{0, 3, 40, 0x20000, 1 << 32, 1<<32 - 1, 5 << 33, ^uint64(0)}
	p := &specs.LinuxSeccomp{DefaultAction: actions[random.IntN(len(actions))]}
	for _, name := range arch.X86_64.SyscallNumbers {
		for range random.IntN(3) {
			call := specs.LinuxSyscall{Names: []string{name}, Action: actions[random.IntN(len(actions))]}
			for index := range random.IntN(3) {
				call.Args = append(call.Args, specs.LinuxSeccompArg{
					Index: uint(index), Op: ops[random.IntN(len(ops))],
					Value: values[random.IntN(len(values))], ValueTwo: values[random.IntN(len(values))],
				})
			}
			p.Syscalls = append(p.Syscalls, call)
		}
	}
	return p
}

func TestProfileFromJSON(t *testing.T) {
	program, err := ParseSeccomp([]byte(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}`), nil)
	must(t, err)
	for nr, want := range map[uint32]uint32{
		unix.SYS_MKDIR: unix.SECCOMP_RET_ERRNO | 13, unix.SYS_READ: unix.SECCOMP_RET_ALLOW, 590: unix.SECCOMP_RET_ALLOW,
		x32 | 1: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS),
	} {
		if have, _ := machine(t, program, unix.AUDIT_ARCH_X86_64, nr, [6]uint64{}); have != want {
			t.Errorf("call %d gives %#x, not %#x", nr, have, want)
		}
	}
	for _, bad := range []string{`{`, `{"defaultAction":"SCMP_ACT_MAYBE"}`, `{"defaultAction":"SCMP_ACT_NOTIFY"}`} {
		if _, err := ParseSeccomp([]byte(bad), nil); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestSyscallTableIsWhatOthersHave(t *testing.T) {
	numbers := syscallNumbers()
	if len(numbers) != len(arch.X86_64.SyscallNames) {
		t.Errorf("%d names, the other table has %d", len(numbers), len(arch.X86_64.SyscallNames))
	}
	for name, nr := range arch.X86_64.SyscallNames {
		if numbers[name] != uint32(nr) {
			t.Errorf("%s is %d, not %d", name, numbers[name], nr)
		}
	}
}

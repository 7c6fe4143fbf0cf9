package sandbox

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"neap/runtime/fault"
	"neap/runtime/sandbox/stub"
	"neap/runtime/testenv"
)

func BenchmarkSeccomp(b *testing.B) {
	caps := DefaultCaps()
	for b.Loop() {
		if _, err := Seccomp(caps); err != nil {
			b.Fatal(err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStubWhereMemoryIsNotExecutable(t *testing.T) {
	testenv.Root(t)
	file, err := hidden(stub.Program())
	must(t, err)
	defer file.Close()
	pid, err := syscall.ForkExec(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), []string{"neap"}, nil)
	must(t, err)
	if status, err := wait(pid); err != nil || status.ExitStatus() != 125 { // it has no list
		t.Errorf("the stub ended with %v, %v", status, err)
	}
	if _, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), os.O_WRONLY, 0); err == nil {
		t.Error("the stub can be changed")
	}
}

func TestCapabilitySets(t *testing.T) {
	const bounding = 1<<41 - 1 - 1<<24 // all but SYS_RESOURCE
	for _, c := range []struct {
		add, drop  []string
		privileged bool
		want       int // how many
		err        fault.Kind
	}{
		{want: 14},
		{drop: []string{"ALL"}, want: 0},
		{drop: []string{"all"}, add: []string{"net_raw", "CAP_CHOWN"}, want: 2},
		{add: []string{"SYS_ADMIN", "CHOWN"}, drop: []string{"MKNOD"}, want: 14},
		{add: []string{"ALL"}, want: 40},
		{add: []string{"ALL"}, drop: []string{"sys_admin"}, want: 39},
		{privileged: true, want: 40},
		{add: []string{"SYS_RESOURCE"}, err: fault.Denied},
		{add: []string{"FLY"}, err: fault.Invalid},
		{drop: []string{"FLY"}, err: fault.Invalid},
	} {
		have, err := capabilities(c.add, c.drop, c.privileged, bounding)
		if len(have) != c.want || (err != nil) != (c.err != "") || err != nil && !fault.Is(err, c.err) {
			t.Errorf("%+v: %d %v", c, len(have), err)
		}
	}
}

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes the test binary be box when it is called by the name of a command.
func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	if slices.ContainsFunc(commands(), func(c command) bool { return c.name == name }) {
		main()
	}
	os.Exit(m.Run())
}

// bin makes a directory with a link for each command.
func bin(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands() {
		if err := os.Symlink(self, filepath.Join(dir, c.name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// boxed prepares a command that sees only box's programs and runs in an empty directory.
func boxed(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	dir := bin(t)
	c := exec.Command(filepath.Join(dir, args[0]), args[1:]...)
	c.Dir = t.TempDir()
	c.Env = []string{"PATH=" + dir, "HOME=/", "TZ=UTC"}
	return c
}

func code(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

func TestScripts(t *testing.T) {
	for _, c := range []struct {
		name, script, want string
		code               int
	}{
		{"pipe", `echo hi | cat; printf '%s-%d\n' a 3`, "hi\na-3\n", 0},
		{"test", `test -f names || [ a = a ] && echo yes`, "yes\n", 0},
		{"exit code", `exit 7`, "", 7},
		{"code of the last", `true; false`, "", 1},
		{"missing", `nosuch 2>/dev/null`, "", 127},
		{"files", `mkdir -p a/b; touch a/b/c; cp -a a a2; mv a2 a3; rm -rf a; find a3; ls -R a3`, "a3\na3/b\na3/b/c\na3:\nb\n\na3/b:\nc\n", 0},
		{"copy into", `mkdir d; echo x >f; cp f d; cp f g; cat d/f g; cp d e`, "x\nx\n", 1},
		{"links", `ln -s f l; readlink l; ln -sf g l; readlink l; ls -F; cp -P l m; readlink m`, "f\ng\nl\ng\n", 0},
		{"modes", `touch f; chmod 1640 f; stat -c %a f; chmod u+x,g-r,o=r f; stat -c %a f; chmod g+s f; stat -c %A f`, "1640\n1704\n-rwx--Sr-T\n", 0},
		{"head and tail", `seq 1 20 | tail -n 3 | head -n 1; seq 5 | tail -n +4; seq 3 | head -c 2; seq 9 | head -2`, "18\n4\n5\n1\n1\n2\n", 0},
		{"sort", `printf 'b 2\na 10\nb 2\n' | sort -u; printf '10\n9\n' | sort -n; printf 'b 2\na 10\n' | sort -k 2n`, "a 10\nb 2\n9\n10\nb 2\na 10\n", 0},
		{"uniq", `printf 'a\na\nb\n' | uniq -c; printf 'a\na\nb\n' | uniq -d`, "      2 a\n      1 b\na\n", 0},
		{"cut and tr", `echo a:b:c | cut -d: -f2-; echo abc | cut -c1,3; echo hello | tr a-y b-z; echo aabb | tr -s a; echo a1b2 | tr -d 0-9`, "b:c\nac\nifmmp\nabb\nab\n", 0},
		{
			"grep", `printf 'one\ntwo\n' >f; grep -n o f; grep -c o f; grep -vi ONE f; grep -q x f || echo none; echo 'a+b' | grep 'a+b'; echo aab | grep -oE 'a+'`,
			"1:one\n2:two\n2\ntwo\nnone\na+b\naa\n", 0,
		},
		{"wc", `printf 'a b\nc\n' | wc; printf 'a b\nc' | wc -w`, "2 3 6\n3\n", 0},
		{"tar", `mkdir -p d; echo x >d/f; ln -s f d/l; tar czf a.tgz d; mkdir o; tar xzf a.tgz -C o; cat o/d/l; tar tzf a.tgz`, "x\nd/\nd/f\nd/l\n", 0},
		{"checksums", `echo x >f; sha256sum f >s; sha256sum -c s; echo y >f; sha256sum -c s`, "f: OK\nf: FAILED\n", 1},
		{"dd", `dd if=/dev/zero of=f bs=1k count=3 2>/dev/null; stat -c %s f; truncate -s 5 f; wc -c f`, "3072\n5 f\n", 0},
		{"env", `A=1 printenv A; env -i B=2 "$(which env)"; env C=3 sh -c 'echo $C'`, "1\nB=2\n3\n", 0},
		{"xargs", `seq 3 | xargs -n 2 echo x`, "x 1 2\nx 3\n", 0},
		{"exec", `exec sh -c 'echo new $$' >out; echo never`, "", 0},
		{"exec in a subshell", `(exec echo sub); echo on`, "sub\non\n", 0},
		{"exec for descriptors", `exec >out; echo hidden`, "", 0},
		{"exit trap", `trap 'echo end' EXIT; echo a; exit 5`, "a\nend\n", 5},
		{"own signal", `trap 'echo got; exit 3' USR1; kill -USR1 $$; while true; do sleep 0.01; done`, "got\n", 3},
		{"ignored signal", `trap '' TERM; kill $$; sh -c 'kill $PPID'; echo alive`, "alive\n", 0},
		{"wait", `sleep 0.05 & wait; echo done`, "done\n", 0},
		{"functions", `f() { echo "$1:$#"; }; f a b; for i in 1 2; do case $i in 2) echo two;; esac; done; echo $((6*7))`, "a:2\ntwo\n42\n", 0},
		{"here document", "cat <<X\na $((1+1))\nX\n", "a 2\n", 0},
		{"syntax error", `if`, "", 2},
		{"redirect", `echo a >f; echo b >>f; cat <f; ls /nope 2>&1 | head -c 2`, "a\nb\nls", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := boxed(t, "sh", "-c", c.script).Output()
			if got := code(t, err); got != c.code || string(out) != c.want {
				t.Errorf("code %d, output %q; want %d, %q", got, out, c.code, c.want)
			}
		})
	}
}

func TestShellReadsStandardInput(t *testing.T) {
	c := boxed(t, "sh")
	c.Stdin = strings.NewReader("echo a\nX=3\necho $X; exit 4\necho never\n")
	out, err := c.Output()
	if got := code(t, err); got != 4 || string(out) != "a\n3\n" {
		t.Errorf("code %d, output %q", got, out)
	}
}

func TestShellRunsFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte("echo $1 $#\nexit 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := boxed(t, "sh", file, "x", "y").Output()
	if got := code(t, err); got != 2 || string(out) != "x 2\n" {
		t.Errorf("code %d, output %q", got, out)
	}
}

// As first process of a pid namespace every command must obey TERM, or stopping a container would take ten seconds.
func TestFirstProcessObeys(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes a pid namespace")
	}
	for _, c := range []struct {
		args, says string
		sig        syscall.Signal
		code       int
	}{
		{args: "sleep 100", sig: syscall.SIGTERM, code: 143},
		{args: "sleep infinity", sig: syscall.SIGINT, code: 130},
		{args: "cat", sig: syscall.SIGTERM, code: 143},
		{args: "nc -l -p 0", sig: syscall.SIGTERM, code: 143},
		{args: "tail -f /etc/passwd", sig: syscall.SIGTERM, code: 143},
		{args: "yes", sig: syscall.SIGHUP, code: 129},
		{args: "httpd -p 127.0.0.1:0 -h /etc", sig: syscall.SIGTERM, code: 0},
		{args: "sh", sig: syscall.SIGTERM, code: 143},
		{args: "sh -c sleep§100;§echo§x", sig: syscall.SIGTERM, code: 143},
		{args: "sh -c exec§sleep§100", sig: syscall.SIGTERM, code: 143},
		{args: "sh -c trap§'echo§bye;exit§3'§TERM;echo§on;while§true;do§sleep§0.01;done", says: "on\nbye\n", sig: syscall.SIGTERM, code: 3},
		{args: "sh -c trap§'echo§bye;exit§4'§HUP;echo§on;sleep§100&wait;echo§on", says: "on\nbye\n", sig: syscall.SIGHUP, code: 4},
	} {
		t.Run(c.args, func(t *testing.T) {
			args := strings.Fields(c.args)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "§", " ")
			}
			var out bytes.Buffer
			code := 2
			for wait := 10 * time.Millisecond; code == 2 && wait < 5*time.Second; wait *= 2 { // 2: it came before the handlers did
				out.Reset()
				code = signalled(t, boxed(t, args...), &out, c.sig, wait, strings.Contains(c.says, "on"))
			}
			if code != c.code || c.says != "" && out.String() != c.says {
				t.Errorf("code %d, said %q; want %d, %q", code, out.String(), c.code, c.says)
			}
		})
	}
}

// signalled runs c as pid 1, sends it a signal after a while (or, if asked, once it has said something), and gives its exit code.
func signalled(t *testing.T, c *exec.Cmd, out *bytes.Buffer, sig syscall.Signal, wait time.Duration, speaks bool) int {
	t.Helper()
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	pipe, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(5*time.Second, func() { c.Process.Kill() })
	defer kill.Stop()
	send := func() { c.Process.Signal(sig) } // that it is gone already shows in its exit code
	if speaks {
		buf := make([]byte, 3)
		if _, err := io.ReadFull(pipe, buf); err != nil {
			t.Fatal(err)
		}
		out.Write(buf)
		send()
	} else {
		again := time.NewTicker(max(wait, 50*time.Millisecond)) // one that meets an exec is lost
		defer again.Stop()
		go func() {
			for range again.C {
				send()
			}
		}()
		defer time.AfterFunc(wait, send).Stop()
	}
	if _, err := out.ReadFrom(pipe); err != nil {
		t.Fatal(err)
	}
	return code(t, c.Wait())
}

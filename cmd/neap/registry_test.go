package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"neap/runtime/testenv"
)

// registry starts Debian's docker-registry on loopback and is its address.
func registry(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("docker-registry is not installed: make deps")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: %s\n", dir, address)
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	testenv.Eventually(t, 20*time.Second, func() bool {
		c, err := net.Dial("tcp", address)
		return err == nil && c.Close() == nil
	}, "the registry listens")
	return address
}

// TestRealImage goes the way of a real image: a root file system with a real
// busybox is imported, pushed to a real registry, removed, and pulled again by
// the run that wants it.
func TestRealImage(t *testing.T) {
	testenv.Root(t)
	testenv.Clean(t)
	root := testenv.Dir(t)
	neap := command(t, root)
	address := registry(t)
	archive := filepath.Join(t.TempDir(), "root.tar")
	if out, err := exec.Command("tar", "-C", testenv.Rootfs(t, filepath.Join(t.TempDir(), "root")), "-cf", archive, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	name := address + "/tutorial/busybox:1"
	neap("", "import", "--change", `CMD ["sh", "-c", "echo from busybox"]`, archive, name)
	neap("", "push", name)
	if out := neap("", "rmi", name); !strings.Contains(out, "Untagged: "+name) || !strings.Contains(out, "Deleted: sha256:") {
		t.Errorf("rmi: %s", out)
	}
	out := neap("", "run", "--rm", "--network", "none", name)
	if !strings.Contains(out, "Unable to find image '"+name+"' locally") || !strings.Contains(out, "from busybox") {
		t.Errorf("run: %s", out)
	}
	out = neap("127", "run", "--rm", "--network", "none", name, "bash")
	if !strings.Contains(out, "/bin/sh") {
		t.Errorf("no hint: %s", out)
	}
	if out := neap("", "images", "--digests"); !strings.Contains(out, address+"/tutorial/busybox") || !strings.Contains(out, "sha256:") {
		t.Errorf("images: %s", out)
	}
}

// command gives a function that runs neap on a root and wants its exit code,
// "" for 0.
func command(t *testing.T, root string) func(code string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	neap := filepath.Join(t.TempDir(), "neap")
	if err := os.Symlink(self, neap); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clearRoot(t.Context(), root, neap, t.Logf) })
	return func(code string, args ...string) string {
		t.Helper()
		out, err := exec.Command(neap, append([]string{"--root", root}, args...)...).CombinedOutput()
		if got := fmt.Sprint(err); (code == "" && err != nil) || (code != "" && got != "exit status "+code) {
			t.Fatalf("neap %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
}

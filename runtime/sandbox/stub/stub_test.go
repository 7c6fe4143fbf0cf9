package stub

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The compiler that the committed programs were built with: others may lay the
// same code out differently.
const compiler = "12.2"

func TestCommittedProgramsAreWhatTheSourceGives(t *testing.T) {
	for arch, gcc := range map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"} {
		t.Run(arch, func(t *testing.T) { rebuild(t, arch, gcc) })
	}
}

func rebuild(t *testing.T, arch, gcc string) {
	version, err := exec.Command(gcc, "-dumpfullversion").Output()
	if err != nil {
		t.Skipf("%s is not installed", gcc)
	}
	if !strings.HasPrefix(string(version), compiler) {
		t.Skipf("%s is version %s, the committed program was built with %s", gcc, version, compiler)
	}
	built := filepath.Join(t.TempDir(), "stub")
	if out, err := exec.Command("src/build.sh", gcc, built).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	want, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("stub_" + arch)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("stub_%s is not what src/stub.c gives: run src/build.sh %s $PWD/stub_%s", arch, gcc, arch)
	}
	if len(have) > 4096 {
		t.Errorf("stub_%s has %d bytes", arch, len(have))
	}
}

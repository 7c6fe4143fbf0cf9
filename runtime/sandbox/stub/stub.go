// Package stub holds the program that runs a launch list and is then replaced
// by the user's program: a freestanding static ELF of a kilobyte or two for
// each architecture, built by src/build.sh from src/stub.c and committed beside it.
//
// It knows its bytes. What a launch list says is known to the sandbox alone.
package stub

// Program is the stub for this architecture, nil where there is none.
func Program() []byte { return program }

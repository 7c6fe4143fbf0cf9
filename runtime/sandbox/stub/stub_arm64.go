package stub

import _ "embed" // the program

//go:embed stub_arm64
var program []byte

package stub

import _ "embed" // the program

//go:embed stub_amd64
var program []byte

package boximage

import _ "embed"

//go:embed box_amd64.tar.gz
var archive []byte

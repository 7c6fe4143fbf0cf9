//go:build boximage

package boximage

import _ "embed"

//go:embed box_arm64.tar.gz
var archive []byte

//go:build !amd64 && !arm64

package stub

var program []byte

//go:build !amd64 && !(arm64 && boximage)

package boximage

var archive []byte

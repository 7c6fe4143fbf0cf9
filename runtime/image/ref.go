package image

import (
	"strings"

	"neap/runtime/fault"
)

// reference is where an image is: docker.io/library/httpd:2.4 in parts.
type reference struct {
	host   string // docker.io, localhost:5000
	path   string // library/httpd
	tag    string // "" with a digest
	digest string // sha256:…, or ""
}

const (
	hub      = "docker.io"
	official = "library/"
	// nameLimit bounds a whole reference: it is a file's name in the store.
	nameLimit = 255
)

// Normalize is the familiar full form of a reference, as Docker shows it:
// docker.io/library/httpd is httpd:latest. Anything else than a reference is
// fault.Invalid.
func Normalize(ref string) (string, error) {
	r, err := parse(ref)
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

func parse(ref string) (reference, error) {
	var r reference
	rest, digest, pinned := strings.Cut(ref, "@")
	if pinned {
		if _, ok := digits(digest); !ok || !strings.HasPrefix(digest, algorithm) {
			return r, badReference(ref, "its digest is not sha256: and 64 digits")
		}
		r.digest = digest
	}
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, '/') {
		rest, r.tag = rest[:colon], rest[colon+1:]
		if !isTag(r.tag) {
			return r, badReference(ref, "its tag is not up to 128 letters, digits, dots, dashes and underscores")
		}
	}
	switch {
	case pinned:
		r.tag = ""
	case r.tag == "":
		r.tag = "latest"
	}
	r.host, r.path = split(rest)
	return r, r.check(ref)
}

func split(name string) (host, path string) {
	host, path, found := strings.Cut(name, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, path = hub, name
	}
	if host == "index.docker.io" {
		host = hub
	}
	if host == hub && !strings.Contains(path, "/") {
		path = official + path
	}
	return host, path
}

func (r reference) check(ref string) error {
	switch {
	case len(r.String()) > nameLimit:
		return badReference(ref, "it is longer than 255 bytes")
	case !isHost(r.host):
		return badReference(ref, "its registry is no host name")
	case strings.ToLower(r.path) != r.path:
		return badReference(ref, "a repository's name is in small letters")
	}
	for part := range strings.SplitSeq(r.path, "/") {
		if !isPart(part) {
			return badReference(ref, "a name is small letters and digits, parted by slashes, dots, dashes or underscores")
		}
	}
	if _, ok := digits(r.repository()); ok {
		return badReference(ref, "a name of 64 digits would be taken for an id")
	}
	return nil
}

const (
	small  = "abcdefghijklmnopqrstuvwxyz0123456789"
	letter = small + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func only(s, chars string) bool { return s != "" && strings.Trim(s, chars) == "" }

func isTag(tag string) bool {
	return len(tag) <= 128 && only(tag, letter+"_.-") && !strings.ContainsAny(tag[:1], ".-")
}

func isHost(host string) bool {
	name, port := host, ""
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		if name, port = host[:at], host[at+1:]; len(port) > 5 || !only(port, small[26:]) {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && only(inner, "0123456789abcdefABCDEF:")
	}
	return only(name, letter+".-") && !strings.ContainsAny(name[:1]+name[len(name)-1:], ".-")
}

// isPart says whether p is runs of letters and digits with one of . _ __ or
// dashes between two.
func isPart(p string) bool {
	for {
		rest := strings.TrimLeft(p, small)
		if rest == p {
			return false
		}
		if rest == "" {
			return true
		}
		p = strings.TrimLeft(rest, "._-")
		if gap := rest[:len(rest)-len(p)]; gap != "." && gap != "_" && gap != "__" && !only(gap, "-") {
			return false
		}
	}
}

func badReference(ref, why string) error {
	return &fault.Error{Kind: fault.Invalid, Op: "read image name", Object: ref, Message: why}
}

// repository is the name without tag and digest, as people write it.
func (r reference) repository() string {
	if r.host != hub {
		return r.host + "/" + r.path
	}
	return strings.TrimPrefix(r.path, official)
}

func (r reference) String() string {
	if r.digest != "" {
		return r.repository() + "@" + r.digest
	}
	return r.repository() + ":" + r.tag
}

// file is the name of the tag's link in the store; unfile its inverse.
func (r reference) file() string { return strings.NewReplacer("/", "=", ":", "+").Replace(r.String()) }

func unfile(name string) string { return strings.NewReplacer("=", "/", "+", ":").Replace(name) }

const algorithm = "sha256:"

// digits is the 64 digits of a full id or digest, with or without "sha256:".
func digits(id string) (string, bool) {
	hex := strings.TrimPrefix(id, algorithm)
	return hex, len(hex) == 64 && isHex(hex)
}

func isHex(s string) bool {
	return only(s, "0123456789abcdef")
}

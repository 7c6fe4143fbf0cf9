// Command make builds the archive of the built-in image: the static program of cmd/box for one architecture, a link to it for each of its
// commands, and the few files and directories that programs expect. The same sources and Go version give the same bytes.
package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	arch := flag.String("arch", runtime.GOARCH, "architecture to build for")
	out := flag.String("o", "", "archive to write")
	version := flag.String("version", "", "file to write the Go version to")
	flag.Parse()
	err := build(*arch, *out)
	if err == nil && *version != "" {
		err = os.WriteFile(*version, []byte(runtime.Version()+"\n"), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func build(arch, out string) error {
	dir, err := os.MkdirTemp("", "box-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	here := filepath.Join(dir, "here", "box")
	if err := compile(runtime.GOARCH, here); err != nil {
		return err
	}
	names, err := exec.Command(here, "-list").Output()
	if err != nil {
		return err
	}
	there := filepath.Join(dir, "there", "box")
	if err := compile(arch, there); err != nil {
		return err
	}
	program, err := os.ReadFile(there)
	if err != nil {
		return err
	}
	return write(out, append(tree(), programs(program, strings.Fields(string(names)))...))
}

func compile(arch, out string) error {
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", out, "neap/cmd/box")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=")
	c.Stderr = os.Stderr
	return c.Run()
}

// An item is one entry of the archive.
type item struct {
	name, link, text string
	mode             int64
}

const (
	page   = "<html><body><h1>It works!</h1></body></html>\n"
	passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/www:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
`
	group = `root:x:0:
daemon:x:1:
tty:x:5:
www-data:x:33:
nogroup:x:65534:
`
	release = `NAME=box
ID=box
PRETTY_NAME="neap's built-in image"
`
)

func tree() []item {
	var items []item
	for _, d := range strings.Fields("bin dev etc home proc run sys usr usr/bin usr/local usr/local/apache2 usr/local/apache2/htdocs var var/log www") {
		items = append(items, item{name: d + "/", mode: 0o755})
	}
	return append(items,
		item{name: "root/", mode: 0o700},
		item{name: "tmp/", mode: 0o1777},
		item{name: "var/tmp/", mode: 0o1777},
		item{name: "etc/group", text: group, mode: 0o644},
		item{name: "etc/hostname", mode: 0o644},
		item{name: "etc/hosts", mode: 0o644},
		item{name: "etc/mtab", link: "/proc/mounts"},
		item{name: "etc/os-release", text: release, mode: 0o644},
		item{name: "etc/passwd", text: passwd, mode: 0o644},
		item{name: "etc/resolv.conf", mode: 0o644},
		item{name: "usr/local/apache2/htdocs/index.html", text: page, mode: 0o644},
		item{name: "www/index.html", text: page, mode: 0o644},
	)
}

func programs(box []byte, names []string) []item {
	items := []item{{name: "bin/box", text: string(box), mode: 0o755}}
	for _, n := range names {
		items = append(items, item{name: "bin/" + n, link: "box"})
	}
	return append(items, item{name: "usr/bin/env", link: "/bin/box"})
}

func write(out string, items []item) (err error) {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	z, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for _, i := range items {
		if err := w.WriteHeader(i.header()); err != nil {
			return err
		}
		if _, err := w.Write([]byte(i.text)); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), z.Close())
}

func (i item) header() *tar.Header {
	h := &tar.Header{Name: i.name, Mode: i.mode, Size: int64(len(i.text)), Format: tar.FormatUSTAR, ModTime: time.Unix(1, 0)}
	switch {
	case i.link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, i.link, 0o777
	case strings.HasSuffix(i.name, "/"):
		h.Typeflag = tar.TypeDir
	default:
		h.Typeflag = tar.TypeReg
	}
	return h
}

package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	largeImage = "127.0.0.1:8950/large:latest"
	layerSize  = 50 << 20 // of each of the four
)

// large is the archive of an image of real files: the Go tree, in four layers.
// The same tree gives the same image, byte by byte.
func (y *yard) large() (string, error) {
	if y.archive != "" {
		return y.archive, nil
	}
	goroot, err := y.tool("go", "env", "GOROOT")
	if err != nil {
		return "", err
	}
	goroot = strings.TrimSpace(goroot)
	dir := y.path("large")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	layers, err := fillLayers(goroot, dir)
	if err != nil {
		return "", err
	}
	path := y.path("large.tar")
	if err := writeArchive(path, dir, layers); err != nil {
		return "", err
	}
	y.archive = path
	return path, os.RemoveAll(dir)
}

// fillLayers packs files of the tree into four layers and gives their digests.
func fillLayers(goroot, dir string) ([]string, error) {
	files, err := regular(goroot)
	if err != nil {
		return nil, err
	}
	var digests []string
	for i := range 4 {
		path := filepath.Join(dir, fmt.Sprintf("layer%d.tar", i))
		digest, used, err := fillLayer(path, goroot, fmt.Sprintf("layer%d", i), files)
		if err != nil {
			return nil, err
		}
		digests, files = append(digests, digest), files[used:]
	}
	return digests, nil
}

// regular lists the files below dir, sorted.
func regular(dir string) ([]string, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, part := range []string{"bin", "pkg", "src"} {
		top, err := filepath.EvalSymlinks(filepath.Join(root, part))
		if err != nil {
			continue // distributions part the tree in other ways
		}
		err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return files, nil
}

// fillLayer packs files until the layer is full, and says how many.
func fillLayer(path, goroot, top string, files []string) (digest string, used int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	w := tar.NewWriter(io.MultiWriter(f, sum))
	size := int64(0)
	for ; used < len(files) && size < layerSize; used++ {
		n, err := pack(w, files[used], filepath.Join(top, strings.TrimPrefix(files[used], goroot)))
		if err != nil {
			return "", 0, err
		}
		size += n
	}
	err = errors.Join(w.Close(), f.Close())
	return hex.EncodeToString(sum.Sum(nil)), used, err
}

func pack(w *tar.Writer, path, name string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	is, err := f.Stat()
	if err != nil {
		return 0, err
	}
	head := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(name, "/"), Size: is.Size(), Mode: int64(is.Mode().Perm()), Format: tar.FormatPAX}
	if err := w.WriteHeader(head); err != nil {
		return 0, err
	}
	return io.Copy(w, f)
}

// writeArchive joins the layers as docker save does.
func writeArchive(path, dir string, digests []string) error {
	type object = map[string]any
	var ids, names []string
	for i, d := range digests {
		ids, names = append(ids, "sha256:"+d), append(names, fmt.Sprintf("layer%d.tar", i))
	}
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH, "os": "linux", "config": object{"Cmd": []string{"/none"}}, "created": "1970-01-01T00:00:00Z",
		"rootfs": object{"type": "layers", "diff_ids": ids},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]object{{"Config": "config.json", "RepoTags": []string{largeImage}, "Layers": names}})
	if err != nil {
		return err
	}
	for name, body := range map[string][]byte{"config.json": config, "manifest.json": manifest} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
	}
	return joinArchive(path, dir, append([]string{"manifest.json", "config.json"}, names...))
}

func joinArchive(path, dir string, names []string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	for _, name := range names {
		if _, err := pack(w, filepath.Join(dir, name), name); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), f.Close())
}

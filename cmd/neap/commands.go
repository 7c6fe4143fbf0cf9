package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"neap/lua/bind"
	"neap/lua/host"
	"neap/scripts"
)

// command runs a command: the user's own script of that name, or the one in
// this binary.
func (s *session) command(ctx context.Context, r request) error {
	if !plainName(r.word) {
		return unknownCommand(r.word)
	}
	if dir := commandDir(); dir != "" {
		file := filepath.Join(dir, r.word+".lua")
		if _, err := os.Lstat(file); err == nil {
			if err := trusted(file); err != nil {
				return err
			}
			return s.host.RunFile(ctx, file, r.args)
		}
	}
	src, err := scripts.FS.ReadFile("commands/" + r.word + ".lua")
	if errors.Is(err, fs.ErrNotExist) {
		return unknownCommand(r.word)
	}
	if err != nil {
		return err
	}
	return s.host.RunBundled(ctx, "neap "+r.word, string(src), r.args)
}

// plainName says whether a word may be the name of a command: nothing that
// leads out of the directory of commands.
func plainName(word string) bool {
	return word != "" && word[0] != '.' && !strings.ContainsAny(word, "/\\\x00")
}

func unknownCommand(word string) error {
	text := fmt.Sprintf("neap: no command is called %q", word)
	if near := bind.Near(word, commandNames()); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return &host.Usage{Message: text + "\nneap --help lists the commands"}
}

// commandNames lists every command, sorted.
func commandNames() []string {
	var names []string
	found, _ := fs.Glob(scripts.FS, "commands/*.lua")
	if dir := commandDir(); dir != "" {
		own, _ := filepath.Glob(filepath.Join(dir, "*.lua"))
		found = append(found, own...)
	}
	for _, file := range found {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".lua"))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// commandDir is where the user keeps commands of their own; "" if nowhere.
func commandDir() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "neap", "commands")
	}
	return atHome(".config/neap/commands")
}

// atHome is a path below the user's home, or "" if there is none.
func atHome(path string) string {
	home := os.Getenv("HOME")
	if !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, path)
}

package main

import (
	"context"
	"slices"
	"strings"
)

// foreign is what to type at the prompt for a line that is meant for a shell;
// "" for any other line.
func (s *session) foreign(line string) string {
	words := strings.Fields(line)
	if len(words) > 1 && slices.Contains([]string{"docker", "podman", "neap"}, words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || !slices.Contains(commandNames(), words[0]) {
		return ""
	}
	line = "neap " + strings.Join(words, " ")
	lua, err := s.host.Answer(context.Background(), `return require("translate").line(...)`, line)
	if err != nil {
		return "Tab after containers. shows what there is; a shell runs it: " + line
	}
	return "here that is " + lua
}

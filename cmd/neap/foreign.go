package main

import (
	"slices"
	"strings"
)

// foreign is what to type at the prompt for a line that is meant for a shell;
// "" for any other line.
func foreign(line string) string {
	words := strings.Fields(line)
	if len(words) > 1 && slices.Contains([]string{"docker", "podman", "neap"}, words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || !slices.Contains(commandNames(), words[0]) {
		return ""
	}
	verb, object := words[0], words[len(words)-1]
	if len(words) == 1 || strings.HasPrefix(object, "-") || strings.ContainsAny(object, "\"'\\$()") {
		object = "NAME"
	}
	lua, ok := lines()[verb]
	if !ok {
		return "Tab after containers. shows what there is; the shell has: neap " + strings.Join(words, " ")
	}
	return "here that is " + strings.ReplaceAll(lua, "NAME", object)
}

// lines say in Lua what the verbs do that people type first.
func lines() map[string]string {
	all := map[string]string{
		"ps": "containers.list()", "images": "images.list()", "volume": "volumes.list()", "network": "networks.list()", "info": "system.info()", "version": "system.version()",
		"run": `containers.run{ "IMAGE", name = "web", publish = "8080:80" }`, "create": `containers.create{ "IMAGE", name = "web" }`,
		"exec": `containers.get("web"):exec{ "sh", tty = true }`, "rm": `containers.get("NAME"):remove()`,
		"pull": `images.pull("NAME")`, "push": `images.push("NAME")`, "rmi": `images.get("NAME"):remove()`, "tag": `images.get("IMAGE"):tag("NAME")`,
		"port": `containers.get("NAME").ports`,
	}
	for _, verb := range []string{"start", "stop", "restart", "kill", "pause", "unpause", "wait", "logs", "attach", "top", "inspect"} {
		all[verb] = `containers.get("NAME"):` + verb + "()"
	}
	return all
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// slow is how long a completion may take: then the user has typed on.
const slow = 2 * time.Second

// offer is what may stand where the cursor is: words with what they are, and
// files.
type offer struct {
	words map[string]string
	files bool
}

// slots are what a command or a script takes: its options, what its plain words
// are, and the words that may come first.
type slots struct {
	options []option
	plain   []string // kinds, the last for all that follow if repeated
	repeat  bool
	verbs   []string
	strict  bool // options end at the first plain word
}

// option is one option: its names, and the kind of its value; "" for none.
type option struct {
	names       []string
	kind, about string
	values      []string
}

// offers prints what the last of the words may be, a line each: a word, a tab
// and what it is; ":files" asks the shell for paths. What goes wrong offers
// nothing.
func offers(r request) int {
	if len(r.args) == 0 {
		return 0
	}
	words, last := r.args[:len(r.args)-1], r.args[len(r.args)-1]
	o := offer{words: map[string]string{}}
	var said bytes.Buffer
	s, err := openTo(&said, r.root, nil)
	if err != nil {
		return 0
	}
	defer s.close()
	ctx, stop := context.WithTimeout(context.Background(), slow)
	defer stop()
	c := completion{session: s, ctx: ctx, said: &said, offer: &o}
	c.line(words, last)
	return o.print(os.Stdout, last)
}

func (o *offer) print(to io.Writer, last string) int {
	var all []string
	for word := range o.words {
		if strings.HasPrefix(word, last) {
			all = append(all, word)
		}
	}
	slices.Sort(all)
	for _, word := range all {
		fmt.Fprintf(to, "%s\t%s\n", word, strings.ReplaceAll(o.words[word], "\n", " "))
	}
	if o.files {
		fmt.Fprintln(to, ":files")
	}
	return 0
}

func (o *offer) add(about string, words ...string) {
	for _, w := range words {
		o.words[w] = about
	}
}

// completion is one question.
type completion struct {
	*session
	ctx   context.Context
	said  *bytes.Buffer // what the script printed
	offer *offer
}

// line finds whose words these are.
func (c *completion) line(words []string, last string) {
	own := neapSlots()
	for i := 0; i < len(words); i++ {
		word := words[i]
		o := own.named(word)
		switch {
		case o == nil && strings.HasPrefix(word, "-") && word != "-":
			continue
		case o == nil:
			c.subject(words[i:], last)
			return
		case o.kind != "" && i+1 == len(words):
			c.value(*o)
			return
		case o.kind != "":
			i++
		}
		if word == "-e" {
			return
		}
	}
	if strings.HasPrefix(last, "-") {
		own.dashed(c, last)
		return
	}
	commands := commandNames()
	c.offer.add("command", commands...)
	c.offer.files = !slices.ContainsFunc(commands, func(name string) bool { return strings.HasPrefix(name, last) })
}

// neapSlots are the options of neap itself.
func neapSlots() slots {
	return slots{options: []option{
		{[]string{"--root"}, "path", "keep everything below a directory", nil},
		{[]string{"--timeout"}, "duration", "end the script after a time", nil},
		{[]string{"--memory"}, "size", "kill the script if it needs more memory", nil},
		{[]string{"--output"}, "choice", "how progress is told", []string{"auto", "json"}},
		{[]string{"--dry-run"}, "", "tell what would be changed", nil},
		{[]string{"--plan"}, "path", "write down what would be changed", nil},
		{[]string{"-e"}, "code", "run a line of Lua", nil},
		{[]string{"--help"}, "", "explain neap", nil},
		{[]string{"--version"}, "", "print the version", nil},
	}}
}

// subject completes the words of a script or a command.
func (c *completion) subject(words []string, last string) {
	r := request{}.subject(words)
	var s slots
	if r.act == runFile {
		s = c.script(r.word)
	} else {
		s = c.command(words[:1])
		if i := slices.IndexFunc(words[1:], func(w string) bool { return slices.Contains(s.verbs, w) }); i >= 0 {
			s = c.command([]string{words[0], words[1+i]})
			words = words[1+i:]
		}
	}
	s.complete(c, words[1:], last)
}

// script asks a script what it declares.
func (c *completion) script(file string) (s slots) {
	all, _ := c.host.Ask(c.ctx, file)
	for _, a := range all {
		if a.Name[0] != '-' {
			s.plain = append(s.plain, a.Kind)
			s.repeat = a.Repeated
			continue
		}
		o := option{names: []string{a.Name}, kind: a.Kind, about: a.About, values: a.Values}
		if a.Short != "" {
			o.names = append(o.names, a.Short)
		}
		if a.Kind == "flag" {
			o.kind = ""
			o.names = append(o.names, "--no-"+a.Name[2:])
		}
		s.options = append(s.options, o)
	}
	s.options = append(s.options, option{names: []string{"--help"}, about: "explain the script"})
	if len(all) == 0 {
		s.plain, s.repeat = []string{"path"}, true
	}
	return s
}

// command asks a command for its help, which says what it takes.
func (c *completion) command(words []string) slots {
	c.said.Reset()
	_ = c.session.command(c.ctx, request{act: runCommand, word: words[0], args: append(slices.Clone(words[1:]), "--help")})
	return helpSlots(c.said.String())
}

// helpSlots reads the help of a command.
func helpSlots(text string) (s slots) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if rest, ok := strings.CutPrefix(line, "Usage:"); ok {
			s.usage(rest)
		}
		if rest, ok := strings.CutPrefix(line, "Commands:"); ok {
			s.verbs = strings.Fields(rest)
		}
		if o, ok := helpOption(line); ok {
			s.options = append(s.options, o)
		}
	}
	return s
}

// usage reads the words in capitals of a usage line.
func (s *slots) usage(line string) {
	s.strict = strings.Contains(line, "[ARG...]")
	for _, word := range regexp.MustCompile(`\[?[A-Z]{2,}(\.\.\.)?`).FindAllString(line, -1) {
		name := strings.TrimLeft(word, "[")
		s.repeat = strings.HasSuffix(name, "...")
		if name = strings.ToLower(strings.TrimSuffix(name, "...")); name != "options" && name != "command" && name != "arg" {
			s.plain = append(s.plain, name)
		}
	}
}

func helpOption(line string) (o option, ok bool) {
	m := regexp.MustCompile(`^ +(-\S.*?)(?:  +(.*))?$`).FindStringSubmatch(line)
	if m == nil {
		return o, false
	}
	o.about = m[2]
	for _, word := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ' ' || r == ',' }) {
		if word[0] == '-' {
			o.names = append(o.names, word)
		} else {
			o.kind = word
		}
	}
	return o, true
}

func (s slots) named(word string) *option {
	for i, o := range s.options {
		if slices.Contains(o.names, word) {
			return &s.options[i]
		}
	}
	return nil
}

// dashed offers options, or the values of one that stands before an equal sign.
func (s slots) dashed(c *completion, last string) {
	name, _, inline := strings.Cut(last, "=")
	if o := s.named(name); inline && o != nil {
		c.value(*o)
		c.offer.prefix(name + "=")
		return
	}
	for _, o := range s.options {
		c.offer.add(o.about, o.names...)
	}
}

// complete offers what may follow the words.
func (s slots) complete(c *completion, words []string, last string) {
	place, ended := 0, false
	for i := 0; i < len(words); i++ {
		o := s.named(words[i])
		switch {
		case ended || o == nil && !strings.HasPrefix(words[i], "-"):
			place++
			ended = ended || s.strict
		case words[i] == "--":
			ended = true
		case o != nil && o.kind != "":
			if i++; i == len(words) {
				c.value(*o)
				return
			}
		}
	}
	switch {
	case strings.HasPrefix(last, "-") && !ended:
		s.dashed(c, last)
	case len(s.verbs) > 0 && place == 0:
		c.offer.add("command", s.verbs...)
	case place < len(s.plain):
		c.kind(s.plain[place])
	case s.repeat && len(s.plain) > 0:
		c.kind(s.plain[len(s.plain)-1])
	}
}

// prefix puts something before every word.
func (o *offer) prefix(text string) {
	words := map[string]string{}
	for w, about := range o.words {
		words[text+w] = about
	}
	o.words = words
}

// value offers values of an option: of its own, or of what its name speaks of.
func (c *completion) value(o option) {
	if len(o.values) > 0 {
		c.offer.add("", o.values...)
		return
	}
	for _, name := range o.names {
		if kind, ok := valueKinds()[name]; ok {
			c.kind(kind)
			return
		}
	}
	c.kind(o.kind)
}

// valueKinds are the kinds that Docker's options take.
func valueKinds() map[string]string {
	return map[string]string{
		"--network": "network", "--volumes-from": "container", "--volume": "volume", "--env-file": "path", "--cidfile": "path",
		"--input": "path", "--output": "path", "--file": "path", "--security-opt": "",
	}
}

// kind offers what is of a kind: live objects by their names, or paths.
func (c *completion) kind(kind string) {
	switch kind {
	case "path", "file", "from", "to", "volume":
		c.offer.files = true
	case "bool":
		c.offer.add("", "true", "false")
	}
	c.offer.add(kind, c.names(kind)...)
}

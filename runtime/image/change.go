package image

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"neap/runtime/fault"
)

// Apply makes changes written as instructions of a Dockerfile: CMD ENTRYPOINT
// ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR, in the
// order given. One that cannot be read is fault.Invalid, and the Config is then
// half changed.
func (c *Config) Apply(changes []string) error {
	for _, line := range changes {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return badChange(line, "it says nothing")
		}
		if err := c.apply(strings.ToUpper(verb), rest, line); err != nil {
			return err
		}
	}
	return nil
}

func badChange(line, why string) error {
	return &fault.Error{Kind: fault.Invalid, Op: "apply change", Object: clip(line), Message: why}
}

func (c *Config) apply(verb, rest, line string) error {
	switch verb {
	case "CMD":
		c.Cmd = command(rest)
	case "ENTRYPOINT":
		c.Entrypoint = command(rest)
	case "USER":
		c.User = rest
	case "WORKDIR":
		c.Workdir = path.Join("/", c.Workdir, rest)
		if path.IsAbs(rest) {
			c.Workdir = path.Clean(rest)
		}
	case "STOPSIGNAL":
		c.StopSignal = rest
	case "ONBUILD":
		c.OnBuild = append(c.OnBuild, rest)
	case "ENV":
		return pairs(rest, line, func(k, v string) { c.Env = setEnv(c.Env, k, v) })
	case "LABEL":
		return pairs(rest, line, c.label)
	case "EXPOSE":
		return c.expose(rest, line)
	case "VOLUME":
		return c.volume(rest, line)
	case "HEALTHCHECK":
		return c.healthcheck(rest, line)
	default:
		return badChange(line, "known are CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR")
	}
	return nil
}

// command is a list in JSON, or else a line for the shell.
func command(rest string) []string {
	if list, ok := list(rest); ok {
		return list
	}
	return []string{"/bin/sh", "-c", rest}
}

func list(rest string) ([]string, bool) {
	var all []string
	if !strings.HasPrefix(rest, "[") || json.Unmarshal([]byte(rest), &all) != nil {
		return nil, false
	}
	return all, true
}

func setEnv(env []string, k, v string) []string {
	at := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, k+"=") })
	if at < 0 {
		return append(env, k+"="+v)
	}
	env[at] = k + "=" + v
	return env
}

func (c *Config) label(k, v string) {
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	c.Labels[k] = v
}

func (c *Config) expose(rest, line string) error {
	for _, word := range strings.Fields(rest) {
		ports, ok := portRange(word)
		if !ok {
			return badChange(line, strconv.Quote(word)+" is no port")
		}
		for _, p := range ports {
			if !slices.Contains(c.ExposedPorts, p) {
				c.ExposedPorts = append(c.ExposedPorts, p)
			}
		}
	}
	if len(c.ExposedPorts) > portLimit {
		return badChange(line, "no more than "+strconv.Itoa(portLimit)+" ports can be exposed")
	}
	return nil
}

// portRange is 8000-8002/udp as its ports.
func portRange(word string) ([]string, bool) {
	numbers, proto, found := strings.Cut(word, "/")
	if !found {
		proto = "tcp"
	}
	first, last, ranged := strings.Cut(numbers, "-")
	if !ranged {
		last = first
	}
	from, errFrom := strconv.Atoi(first)
	to, errTo := strconv.Atoi(last)
	if errFrom != nil || errTo != nil || from > to || to-from >= portLimit {
		return nil, false
	}
	var ports []string
	for n := from; n <= to; n++ {
		p, ok := readPort(strconv.Itoa(n) + "/" + proto)
		if !ok {
			return nil, false
		}
		ports = append(ports, p)
	}
	return ports, true
}

func (c *Config) volume(rest, line string) error {
	paths, ok := list(rest)
	if !ok {
		paths = strings.Fields(rest)
	}
	for _, p := range paths {
		if !path.IsAbs(p) {
			return badChange(line, "a volume's path begins with a slash")
		}
		if p = path.Clean(p); !slices.Contains(c.Volumes, p) {
			c.Volumes = append(c.Volumes, p)
		}
	}
	slices.Sort(c.Volumes)
	return nil
}

func (c *Config) healthcheck(rest, line string) error {
	h := &Healthcheck{}
	for strings.HasPrefix(rest, "--") {
		option, after, _ := strings.Cut(rest, " ")
		if !h.set(strings.Cut(strings.TrimPrefix(option, "--"), "=")) {
			return badChange(line, strconv.Quote(option)+" is no option of it")
		}
		rest = strings.TrimSpace(after)
	}
	verb, cmd, _ := strings.Cut(rest, " ")
	cmd = strings.TrimSpace(cmd)
	switch {
	case strings.EqualFold(verb, "NONE") && cmd == "":
		h.Test = []string{"NONE"}
	case strings.EqualFold(verb, "CMD") && cmd != "":
		if argv, ok := list(cmd); ok {
			h.Test = append([]string{"CMD"}, argv...)
		} else {
			h.Test = []string{"CMD-SHELL", cmd}
		}
	default:
		return badChange(line, "it wants CMD and a command, or NONE")
	}
	c.Healthcheck = h
	return nil
}

func (h *Healthcheck) set(key, value string, _ bool) bool {
	if key == "retries" {
		n, err := strconv.Atoi(value)
		h.Retries = n
		return err == nil && n >= 0
	}
	field := map[string]*time.Duration{
		"interval": &h.Interval, "timeout": &h.Timeout,
		"start-period": &h.StartPeriod, "start-interval": &h.StartInterval,
	}[key]
	if field == nil {
		return false
	}
	d, err := time.ParseDuration(value)
	*field = d
	return err == nil && (d == 0 || d >= time.Millisecond)
}

// pairs reads k=v k2="v 2", or the old form with one key and a space.
func pairs(rest, line string, put func(k, v string)) error {
	words, err := words(rest, line)
	if err != nil {
		return err
	}
	if !strings.Contains(words[0], "=") {
		k, v, found := strings.Cut(rest, " ")
		if !found {
			return badChange(line, "it wants key=value")
		}
		put(k, strings.TrimSpace(v))
		return nil
	}
	for _, w := range words {
		k, v, found := strings.Cut(w, "=")
		if !found || k == "" {
			return badChange(line, "it wants key=value")
		}
		put(k, v)
	}
	return nil
}

// words parts a line at spaces that are neither quoted nor escaped.
func words(rest, line string) ([]string, error) {
	var all []string
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range rest {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inWord {
				all = append(all, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, badChange(line, "a quote is not closed")
	}
	if inWord {
		all = append(all, word.String())
	}
	return all, nil
}

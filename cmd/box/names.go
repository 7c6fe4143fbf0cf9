package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// names are the lines of /etc/passwd or /etc/group; without the file there are only numbers.
type names struct{ rows [][]string }

func newNames(path string) names {
	text, _ := os.ReadFile(path) // absent: numbers only
	var n names
	for line := range strings.SplitSeq(string(text), "\n") {
		if row := strings.Split(line, ":"); len(row) > 2 {
			n.rows = append(n.rows, row)
		}
	}
	return n
}

func (n names) of(id uint32) string {
	text := strconv.FormatUint(uint64(id), 10)
	for _, row := range n.rows {
		if row[2] == text {
			return row[0]
		}
	}
	return text
}

// number gives the id of a name or number in the file, -1 for the empty name.
func number(path, name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	for _, row := range newNames(path).rows {
		if row[0] == name {
			return strconv.Atoi(row[2])
		}
	}
	id, err := strconv.Atoi(name)
	if err != nil {
		return 0, fmt.Errorf("%s is not in %s", name, path)
	}
	return id, nil
}

func whoami(c *call) error {
	fmt.Fprintln(c.out, newNames("/etc/passwd").of(uint32(os.Geteuid())))
	return nil
}

func id(c *call) error {
	f, rest, err := c.options("ugGn")
	if err != nil || len(rest) > 0 {
		return c.usage("[-u|-g|-G] [-n]")
	}
	users, groups := newNames("/etc/passwd"), newNames("/etc/group")
	uid, gid := uint32(os.Geteuid()), uint32(os.Getegid())
	more, err := os.Getgroups()
	if err != nil {
		return err
	}
	text := func(n names, id uint32) string {
		if f.has('n') {
			return n.of(id)
		}
		return strconv.Itoa(int(id))
	}
	switch {
	case f.has('u'):
		fmt.Fprintln(c.out, text(users, uid))
	case f.has('g'):
		fmt.Fprintln(c.out, text(groups, gid))
	case f.has('G'):
		list := []string{text(groups, gid)}
		for _, g := range more {
			if uint32(g) != gid {
				list = append(list, text(groups, uint32(g)))
			}
		}
		fmt.Fprintln(c.out, strings.Join(list, " "))
	default:
		c.identity(users, groups, uid, gid, more)
	}
	return nil
}

func (c *call) identity(users, groups names, uid, gid uint32, more []int) {
	text := func(n names, id uint32) string {
		if name := n.of(id); name != strconv.Itoa(int(id)) {
			return fmt.Sprintf("%d(%s)", id, name)
		}
		return strconv.Itoa(int(id))
	}
	fmt.Fprintf(c.out, "uid=%s gid=%s", text(users, uid), text(groups, gid))
	list := make([]string, len(more))
	for i, g := range more {
		list[i] = text(groups, uint32(g))
	}
	if len(list) > 0 {
		fmt.Fprintf(c.out, " groups=%s", strings.Join(list, ","))
	}
	fmt.Fprintln(c.out)
}

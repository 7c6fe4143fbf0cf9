package rootfs

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// User is who a program runs as.
type User struct {
	UID, GID uint32
	Groups   []uint32 // supplementary, GID first
	Home     string   // "/" if the image does not say
	Name     string   // "" if the image does not know the number
}

// accountsLimit bounds the passwd and group files of an image.
const accountsLimit = 1 << 20

// Lookup finds user in the passwd and group files inside root: "" (root), a
// name, a number, or either with ":group". Without a group given, the groups
// that have the user as a member are added; add (names or numbers) always are.
// A name that is not there is fault.NotFound; a number that no user can have,
// or that is written in a way that might be mistaken, is fault.Invalid. Nobody
// becomes root who was not called "0" or found under a name whose line says 0.
func Lookup(root *os.File, who string, add []string) (User, error) {
	if err := plainAccounts(who, add); err != nil {
		return User{}, err
	}
	passwd, err := accounts(root, "/etc/passwd", 2, 3)
	if err != nil {
		return User{}, err
	}
	group, err := accounts(root, "/etc/group", 2)
	if err != nil {
		return User{}, err
	}
	found, err := user.GetExecUser(who, &user.ExecUser{Home: "/"}, bytes.NewReader(passwd), bytes.NewReader(group))
	if err != nil {
		return User{}, unknown(who, err)
	}
	more, err := user.GetAdditionalGroups(add, bytes.NewReader(group))
	if err != nil {
		return User{}, unknown(strings.Join(add, ","), err)
	}
	return identity(found, more, passwd)
}

func identity(found *user.ExecUser, more []int, passwd []byte) (User, error) {
	u := User{UID: uint32(found.Uid), GID: uint32(found.Gid), Home: found.Home}
	if u.Home == "" {
		u.Home = "/"
	}
	slices.Sort(more)
	for _, gid := range slices.Concat([]int{found.Gid}, found.Sgids, more) {
		if !slices.Contains(u.Groups, uint32(gid)) {
			u.Groups = append(u.Groups, uint32(gid))
		}
	}
	named, err := user.ParsePasswdFilter(bytes.NewReader(passwd), func(p user.User) bool { return p.Uid == found.Uid })
	if err == nil && len(named) > 0 {
		u.Name = named[0].Name
	}
	return u, err
}

func unknown(who string, err error) error {
	kind := fault.Invalid
	if errors.Is(err, user.ErrNoPasswdEntries) || errors.Is(err, user.ErrNoGroupEntries) {
		kind = fault.NotFound
	}
	return &fault.Error{Kind: kind, Op: "find user", Object: who, Cause: err}
}

// plainAccounts refuses what looks like a number but is not written as one.
func plainAccounts(who string, add []string) error {
	name, group, grouped := strings.Cut(who, ":")
	if grouped && group == "" {
		grouped = false
	}
	for _, part := range append([]string{name, group}, add...) {
		if part == "" || plain(part) {
			continue
		}
		return &fault.Error{
			Kind: fault.Invalid, Op: "find user", Object: who,
			Message: strconv.Quote(part) + " is neither a name nor a number from 0 to 2147483647",
		}
	}
	if strings.Contains(group, ":") || slices.Contains(add, "") || (grouped && name == "" && who != ":"+group) {
		return &fault.Error{Kind: fault.Invalid, Op: "find user", Object: who, Message: "it is not user[:group]"}
	}
	return nil
}

func plain(part string) bool {
	if number(part) {
		return true
	}
	return !looksNumeric(part) && !strings.HasPrefix(part, "-") && !strings.ContainsAny(part, "\n\x00:")
}

// looksNumeric says whether part could be taken for a number: digits with a
// sign, or with a prefix such as 0x.
func looksNumeric(part string) bool {
	part = strings.TrimPrefix(part, "+")
	part = strings.TrimPrefix(part, "-")
	if len(part) > 1 && part[0] == '0' && strings.ContainsRune("xXoObB", rune(part[1])) {
		part = part[2:]
	}
	return strings.Trim(part, "0123456789_") == ""
}

// number says whether s is a user number, written in the one plain way.
func number(s string) bool {
	n, err := strconv.ParseUint(s, 10, 31)
	return err == nil && strconv.FormatUint(n, 10) == s
}

// accounts is the lines of a passwd or group file that can be believed: those
// whose name is not a number and whose given fields are numbers. The parser
// takes a field that is none for 0, which is root.
func accounts(root *os.File, name string, numeric ...int) ([]byte, error) {
	body, err := ReadIn(root, name, accountsLimit)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap("read", name, err)
	}
	var good bytes.Buffer
	for line := range bytes.Lines(body) {
		if believable(strings.Split(strings.TrimSpace(string(line)), ":"), numeric) {
			good.Write(bytes.TrimRight(line, "\n"))
			good.WriteByte('\n')
		}
	}
	return good.Bytes(), nil
}

func believable(fields []string, numeric []int) bool {
	if !plain(fields[0]) || number(fields[0]) || fields[0] == "" {
		return false
	}
	for _, i := range numeric {
		if i >= len(fields) || !number(fields[i]) {
			return false
		}
	}
	return true
}

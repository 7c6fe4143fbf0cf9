package main

import (
	"bufio"

	"github.com/u-root/u-root/pkg/core"
	"github.com/u-root/u-root/pkg/core/base64"
	"github.com/u-root/u-root/pkg/core/mkdir"
	"github.com/u-root/u-root/pkg/core/mktemp"
	"github.com/u-root/u-root/pkg/core/rm"
	"github.com/u-root/u-root/pkg/core/touch"
	"github.com/u-root/u-root/pkg/core/xargs"
)

// commands lists everything that box answers to.
func commands() []command {
	return []command{
		{name: "true", run: func(*call) error { return nil }, instant: true},
		{name: "false", run: func(*call) error { return status(1) }, instant: true},
		{name: "sh", run: shell},
		{name: "sleep", run: sleep},
		{name: "cat", run: cat},
		{name: "echo", run: builtin, instant: true},
		{name: "httpd", run: httpd},
		{name: "[", run: builtin, instant: true},
		{name: "base64", run: uroot(base64.New)},
		{name: "basename", run: basename},
		{name: "chmod", run: chmod},
		{name: "chown", run: chown},
		{name: "cp", run: cp},
		{name: "cut", run: cut},
		{name: "date", run: date},
		{name: "dd", run: dd},
		{name: "df", run: df},
		{name: "dirname", run: dirname},
		{name: "du", run: du},
		{name: "env", run: env},
		{name: "fetch", run: fetch},
		{name: "find", run: find},
		{name: "grep", run: grep},
		{name: "head", run: head},
		{name: "hostname", run: hostname},
		{name: "id", run: id},
		{name: "ifconfig", run: ip},
		{name: "ip", run: ip},
		{name: "kill", run: kill},
		{name: "ln", run: ln},
		{name: "ls", run: ls},
		{name: "md5sum", run: sum},
		{name: "mkdir", run: uroot(mkdir.New)},
		{name: "mkfifo", run: mkfifo},
		{name: "mktemp", run: uroot(mktemp.New)},
		{name: "mount", run: mount},
		{name: "mv", run: mv},
		{name: "nc", run: nc},
		{name: "nproc", run: nproc},
		{name: "printenv", run: printenv},
		{name: "printf", run: builtin, instant: true},
		{name: "ps", run: ps},
		{name: "pwd", run: builtin, instant: true},
		{name: "readlink", run: readlink},
		{name: "realpath", run: realpath},
		{name: "rm", run: uroot(rm.New)},
		{name: "rmdir", run: rmdir},
		{name: "seq", run: seq},
		{name: "sha256sum", run: sum},
		{name: "sort", run: sortLines},
		{name: "stat", run: stat},
		{name: "stty", run: stty},
		{name: "sync", run: syncDisks},
		{name: "tail", run: tail},
		{name: "tar", run: tarCommand},
		{name: "tee", run: tee},
		{name: "test", run: builtin, instant: true},
		{name: "touch", run: uroot(touch.New)},
		{name: "tr", run: tr},
		{name: "truncate", run: truncate},
		{name: "tty", run: tty},
		{name: "umount", run: umount},
		{name: "uname", run: uname},
		{name: "uniq", run: uniq},
		{name: "wc", run: wc},
		{name: "wget", run: wget},
		{name: "which", run: which},
		{name: "whoami", run: whoami},
		{name: "xargs", run: uroot(xargs.New)},
		{name: "yes", run: yes},
	}
}

// uroot runs one of u-root's core commands.
func uroot(make func() core.Command) func(*call) error {
	return func(c *call) error {
		u := make()
		u.SetIO(bufio.NewReader(c.in), c.out, c.err)
		return u.Run(c.args...)
	}
}

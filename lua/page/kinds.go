package page

import (
	"fmt"

	"neap/runtime/fault"
)

// kind is what is to be known of a kind of error.
type kind struct{ means, raised, do string }

// kindOf is what help says of a kind of error.
func kindOf(name fault.Kind) (string, bool) {
	k, ok := kinds()[name]
	if !ok {
		return "", false
	}
	return fmt.Sprintf("%s: a kind of error\n  %s\n  raised by  %s\n  do         %s\n", name, k.means, k.raised, k.do), true
}

// kinds says of each kind of error what it means, what raises it and what to
// do.
func kinds() map[fault.Kind]kind {
	return map[fault.Kind]kind{
		fault.NotFound: {
			"Nothing has this name. find returns nil instead of raising.",
			"get and whatever takes a name or id; any act on an object that was removed meanwhile",
			"look at the near names in the message; ask with find where absence is no error",
		},
		fault.Exists: {
			"The name is taken.",
			"create, run, rename and tag with a name that something else has; publishing a port that is bound",
			"take another name, or ask for what is there with get",
		},
		fault.Conflict: {
			"The state of the object forbids this.",
			"acts that need another state: kill of what does not run, exec in what is paused, start while its root is in use",
			"look at its state, or wait for it: c:wait{ state = \"running\" }",
		},
		fault.Invalid: {
			"The request makes no sense: a wrong option, type or value.",
			"every function, before it does anything",
			"read help of the function; the message names the option and what was wanted",
		},
		fault.Denied: {
			"Not allowed.",
			"the kernel or a registry that refuses, protected objects, files that others than root could change",
			"run as root, log in to the registry, or unprotect the object",
		},
		fault.Unsupported: {
			"This kernel or host cannot do it.",
			"limits without their controller, publishing without a packet filter, functions of Lua that neap leaves out",
			"the message names what is missing; neap info shows what this host has",
		},
		fault.Timeout: {
			"It took too long.",
			"wait and stop with a timeout, task.timeout, neap --timeout",
			"give it more time, or find out what holds it up; defers have run",
		},
		fault.Canceled: {
			"Somebody asked for the end. pcall cannot hold it; defers run.",
			"Ctrl-C, a signal, the end of the task or scope that it ran in",
			"undo in a defer what must not stay; there is nothing else to do",
		},
		fault.Busy: {
			"Somebody uses or holds the object.",
			"remove of a volume, image or network that containers use; locks that another caller holds",
			"the message names the users: ask x.used_by, stop or remove them first, or try again later",
		},
		fault.Damaged: {
			"What is on disk cannot be believed.",
			"records, layers and archives whose content is not what their checksum or form says",
			"remove it and make or pull it again; the others are not touched by it",
		},
		fault.Partial: {
			"Some of several objects were done: err.done, err.failed.",
			"the verbs of lists, and task.map: all are tried, then this is raised",
			"look through err.failed, pairs of an object and its Error; what is in err.done is done",
		},
		fault.Failed: {
			"A program ended with another code than 0: err.result.",
			"containers.once, c:exec and exec; whatever failed for a reason that has no kind of its own",
			"look at err.result.exit_code and err.result.stderr; check = false returns the result instead of raising",
		},
		fault.Script: {
			"A plain error of the script.",
			"error(\"…\"), assert, and mistakes that Lua finds: a nil that is indexed or called",
			"look at the marked line and at the trace",
		},
		fault.Bug: {
			"neap is wrong. Please report it.",
			"a mistake in neap itself; the trace of Go stands on standard error",
			"report the trace with the line of the script; defers have run",
		},
	}
}

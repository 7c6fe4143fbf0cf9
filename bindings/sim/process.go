package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/output"
)

// process is a program that runs in a container.
type process struct {
	c       *cell
	pid     int
	argv    []string
	line    []command // still to do, the first one now
	code    int       // of the last command
	input   bool      // somebody may still give it something to read
	frozen  bool
	ignores []unix.Signal
	due     *event        // the end of what it does now
	until   time.Time     // when that is
	rest    time.Duration // of it, while it is frozen; 0 if it waits for nothing
	ports   []uint16      // it accepts there
	print   func(stream, text string)
	ended   func(e exit)
	over    bool
}

// exit is how a process ended.
type exit struct {
	code   int
	signal unix.Signal
	oom    bool
}

// run goes on until the program waits or ends. Preconditions, as for all of
// these: the lock is held.
func (p *process) run() {
	for !p.over && !p.frozen {
		if len(p.line) == 0 {
			p.finish(exit{code: p.code})
			return
		}
		now := p.line[0]
		if now.after == "&&" && p.code != 0 || now.after == "||" && p.code == 0 {
			p.line = p.line[1:]
			continue
		}
		if waits := p.do(now); waits {
			return
		}
	}
}

// do does one command. waits is true if it takes its time.
func (p *process) do(now command) (waits bool) {
	p.code = 0
	switch now.words[0] {
	case "false":
		p.code = 1
	case "echo":
		p.say(now, strings.Join(now.words[1:], " ")+"\n")
	case "touch":
		for _, file := range now.words[1:] {
			p.c.write(file, "", true)
		}
	case "cat":
		if len(now.words) == 1 {
			if p.input {
				return true
			}
			break
		}
		p.show(now)
	case "exit":
		if len(now.words) > 1 {
			p.code, _ = strconv.Atoi(now.words[1])
		}
		p.line = p.line[:1]
	case "answer":
		return p.reply(now)
	case "sleep":
		d, _ := span(now.words[1:])
		return p.pass(d)
	case "httpd":
		p.ports = append(p.ports, 80)
		return true
	}
	p.line = p.line[1:]
	return false
}

// say prints, to where the command does.
func (p *process) say(now command, text string) {
	switch {
	case now.into == "/dev/null":
	case now.into == "/dev/stderr" || now.err:
		p.print(output.Err, text)
	case now.into != "" && now.into != "/dev/stdout":
		p.c.write(now.into, text, now.more)
	default:
		p.print(output.Out, text)
	}
}

// show is cat of files.
func (p *process) show(now command) {
	for _, file := range now.words[1:] {
		text, there := p.c.read(file)
		if !there {
			p.print(output.Err, "cat: "+file+": no such file or directory\n")
			p.code = 1
			continue
		}
		p.say(now, text)
	}
}

// reply does what a test said the program does.
func (p *process) reply(now command) (waits bool) {
	a := p.c.w.answers[slices.IndexFunc(p.c.w.answers, func(a *answer) bool { return a.key == now.words[1] })]
	p.ignores = a.ignores
	if len(now.words) == 2 { // it begins
		p.print(output.Out, a.Stdout)
		p.print(output.Err, a.Stderr)
		for _, file := range a.Writes {
			p.c.write(file, "", true)
		}
		p.ports = append(p.ports, a.Ports...)
		p.line[0].words = append(now.words, "over")
		if a.Stays || a.Takes > 0 {
			return p.pass(a.time())
		}
	}
	p.finish(exit{code: a.Code, oom: a.OOM, signal: a.signal})
	return true
}

// pass lets time pass before the program goes on.
func (p *process) pass(d time.Duration) (waits bool) {
	if d == forever {
		return true
	}
	p.until = p.c.w.now.Add(d)
	p.due = p.c.w.at(p.until, p.wake)
	return true
}

func (p *process) wake() {
	p.due = nil
	if p.line[0].words[0] == "sleep" {
		p.line = p.line[1:]
	}
	p.run()
}

// freeze stops it where it is.
func (p *process) freeze() {
	p.frozen = true
	if p.due != nil {
		p.rest = p.until.Sub(p.c.w.now)
		p.c.w.cancel(p.due)
		p.due = nil
	}
}

// thaw lets it go on.
func (p *process) thaw() {
	p.frozen = false
	switch rest := p.rest; {
	case rest > 0:
		p.rest = 0
		p.pass(rest)
	default:
		p.resume()
	}
}

// resume goes on with what waited for a thaw.
func (p *process) resume() {
	if !p.over && len(p.line) > 0 && p.line[0].words[0] != "httpd" && p.line[0].words[0] != "answer" && p.line[0].words[0] != "sleep" {
		p.run()
	}
}

// feed gives it something to read.
func (p *process) feed(text string) {
	if !p.over && len(p.line) > 0 && p.line[0].words[0] == "cat" && len(p.line[0].words) == 1 {
		p.say(p.line[0], text)
	}
}

// shut ends what it reads.
func (p *process) shut() {
	if !p.input {
		return
	}
	p.input = false
	if !p.over && len(p.line) > 0 && p.line[0].words[0] == "cat" {
		p.run()
	}
}

// deaf are the signals whose default is to do nothing.
func deaf() []unix.Signal {
	return []unix.Signal{unix.SIGCHLD, unix.SIGCONT, unix.SIGURG, unix.SIGWINCH, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU}
}

// signal gives it a signal, from which it dies unless it ignores it.
func (p *process) signal(sig unix.Signal) {
	if p.over || sig != unix.SIGKILL && (slices.Contains(p.ignores, sig) || slices.Contains(deaf(), sig)) {
		return
	}
	p.finish(exit{signal: sig})
}

// finish ends it.
func (p *process) finish(e exit) {
	if p.over {
		return
	}
	p.over, p.line, p.ports = true, nil, nil
	if p.due != nil {
		p.c.w.cancel(p.due)
		p.due = nil
	}
	if e.oom && e.signal == 0 {
		e.signal = unix.SIGKILL
	}
	if e.signal != 0 {
		e.code = 128 + int(e.signal)
	}
	p.ended(e)
}

package std

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// question is how somebody is asked.
type question struct {
	fallback *string
	secret   bool
}

// talk are the functions that wait for an answer.
func (e Effects) talk() []*bind.Func {
	what := bind.Req("question", bind.Text, "what to ask")
	nobody := `assert(select(2, try(%s)).kind == "unsupported") -- nobody answers here`
	example := func(call string) string { return fmt.Sprintf(nobody, call) }
	return []*bind.Func{
		bind.Func2("confirm", "Ask for yes or no. Where nobody answers it raises unsupported, so that nothing is taken for granted.", what,
			bind.Options(&bind.Record[bool]{
				Name: "ConfirmOptions", Doc: "what Enter means",
				Keys: []bind.Key[bool]{bind.K("default", bind.Bool, "what Enter means; no if left out", func(b *bool) *bool { return b })},
			}), bind.Returns(bind.Bool, "the answer"), e.confirm,
		).With(example(`ui.confirm, "Remove all?"`)),
		bind.Func2("ask", "Ask for a text.", what, bind.Options(&bind.Record[question]{
			Name: "AskOptions", Doc: "how",
			Keys: []bind.Key[question]{
				bind.K("default", bind.Ptr(bind.Text), "what Enter means; without it Enter asks again", func(q *question) **string { return &q.fallback }),
				bind.K("secret", bind.Bool, "the terminal does not show what is typed", func(q *question) *bool { return &q.secret }),
			},
		}), bind.Returns(bind.String, "the answer"), e.askText).With(example(`ui.ask, "Your name?"`)),
		bind.Func3("choose", "Ask for one of several.", what, bind.Req("items", bind.Strings, "them"), bind.Options(&bind.Record[question]{
			Name: "ChooseOptions", Doc: "how",
			Keys: []bind.Key[question]{bind.K("default", bind.Ptr(bind.Text), "what Enter means", func(q *question) **string { return &q.fallback })},
		}), bind.Returns2("item", bind.String, "index", bind.Int, "the item and its number"), e.choose,
		).With(example(`ui.choose, "Which?", { "web", "db" }`)),
	}
}

func (e Effects) confirm(ctx context.Context, what string, yes bool) (bool, error) {
	hint := "[y/N]"
	if yes {
		hint = "[Y/n]"
	}
	for {
		answer, err := e.line(ctx, what+" "+hint+" ", false)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "":
			return yes, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

func (e Effects) askText(ctx context.Context, what string, q question) (string, error) {
	if q.fallback != nil && !q.secret {
		what += " [" + *q.fallback + "]"
	}
	for {
		answer, err := e.line(ctx, what+" ", q.secret)
		if err != nil || answer != "" {
			return answer, err
		}
		if q.fallback != nil {
			return *q.fallback, nil
		}
	}
}

func (e Effects) choose(ctx context.Context, what string, items []string, q question) (p bind.Pair[string, int], err error) {
	if len(items) == 0 {
		return p, fault.New(fault.Invalid, "there is nothing to choose from")
	}
	var b strings.Builder
	for i, item := range items {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, bind.Printable(item))
	}
	fmt.Fprintf(&b, "%s [1-%d", what, len(items))
	if q.fallback != nil {
		b.WriteString(", " + *q.fallback)
	}
	b.WriteString("] ")
	for {
		answer, err := e.line(ctx, b.String(), false)
		if err != nil {
			return p, err
		}
		if answer == "" && q.fallback != nil {
			answer = *q.fallback
		}
		for i, item := range items {
			if answer == item || answer == strconv.Itoa(i+1) {
				return bind.Pair[string, int]{A: item, B: i + 1}, nil
			}
		}
	}
}

// line asks for one line. It takes no byte more than that, since others read
// there too.
func (e Effects) line(ctx context.Context, prompt string, secret bool) (string, error) {
	if e.Stdin == nil {
		return "", nobodyAnswers()
	}
	if _, err := io.WriteString(e.errors(), prompt); err != nil {
		return "", fault.Wrap("ask", "", err)
	}
	if f, ok := e.Stdin.(*os.File); ok && secret && term.IsTerminal(int(f.Fd())) {
		show, err := hide(int(f.Fd()))
		if err != nil {
			return "", fault.Wrap("hide", "what is typed", err)
		}
		defer func() {
			show()
			_, _ = io.WriteString(e.errors(), "\n") // what Enter did not show
		}()
	}
	in, stop, err := waiting(ctx, e.Stdin)
	if err != nil {
		return "", err
	}
	defer stop()
	return readLine(ctx, in)
}

func nobodyAnswers() error {
	return fault.New(fault.Unsupported, "nobody answers: standard input is at its end").WithHint("let an argument of the script say it: args{ { \"--yes\" } }")
}

func readLine(ctx context.Context, in io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := in.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSpace(string(line)), nil
		case n == 1:
			line = append(line, one[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return strings.TrimSpace(string(line)), nil
		case errors.Is(err, io.EOF):
			return "", nobodyAnswers()
		case context.Cause(ctx) != nil:
			return "", context.Cause(ctx)
		case err != nil:
			return "", fault.Wrap("read", "the answer", err)
		}
	}
}

// hide has the terminal not show what is typed, until the function it gives.
func hide(fd int) (show func(), err error) {
	old, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	quiet := *old
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, old) }, nil
}

// waiting is a reader whose reads end with ctx, where the descriptor can be
// waited for.
func waiting(ctx context.Context, r io.Reader) (in io.Reader, stop func(), err error) {
	f, ok := r.(*os.File)
	if !ok {
		return r, func() {}, nil
	}
	wake := make([]int, 2)
	if err := unix.Pipe2(wake, unix.O_CLOEXEC); err != nil {
		return nil, nil, fault.Wrap("wait for", "the answer", err)
	}
	closing := sync.OnceFunc(func() { _ = unix.Close(wake[1]) }) // wakes whoever waits
	forget := context.AfterFunc(ctx, closing)
	return &waitReader{ctx, f, wake[0]}, func() {
		forget()
		closing()
		_ = unix.Close(wake[0])
	}, nil
}

type waitReader struct {
	ctx  context.Context
	f    *os.File
	wake int
}

func (w *waitReader) Read(b []byte) (int, error) {
	for {
		fds := []unix.PollFd{{Fd: int32(w.f.Fd()), Events: unix.POLLIN}, {Fd: int32(w.wake), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err == nil {
			err = context.Cause(w.ctx)
		}
		if err != nil {
			return 0, err
		}
		return w.f.Read(b)
	}
}

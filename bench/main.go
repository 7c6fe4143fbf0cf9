// Command bench measures neap beside the floor and its peers, and a version of
// neap beside another.
//
//	go run ./bench                    every row of the goals, into a table and bench/out
//	go run ./bench -rows 'run|once'   some of them
//	go run ./bench -all               the long rows too
//	go run ./bench -old main          neap as it is here beside neap as it was there
//
// It knows how the contestants are asked and what the goals are. It does not
// know how neap works: it uses the program as its users do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.LockOSThread() // the first thread stays in the host's namespaces: /proc/self tells of it
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	if err := bench(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, words []string, out io.Writer) error {
	var opt options
	var old, latest string
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.StringVar(&opt.program, "neap", "bin/neap", "the `program` that is measured")
	set.IntVar(&opt.count, "rounds", 20, "how many `times` each contestant has its turn")
	set.BoolVar(&opt.all, "all", false, "the long rows too, and all rounds of those that take long")
	set.StringVar(&opt.pattern, "rows", "", "only the rows whose key fits this `expression`")
	set.StringVar(&opt.out, "out", "bench/out", "the `directory` for what was measured")
	set.StringVar(&old, "old", "", "compare with this `revision` instead of with peers")
	set.StringVar(&latest, "new", "", "the `revision` that is compared; this source tree if empty")
	if err := set.Parse(words); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("needs root: it makes namespaces, mounts and cgroups")
	}
	var err error
	if opt.source, err = os.Getwd(); err != nil {
		return err
	}
	if old != "" {
		return compare(ctx, opt, old, latest, out)
	}
	return table(ctx, opt, out)
}

// begin finds the rows that are wanted and makes the yard, which the caller
// closes.
func (opt options) begin() ([]row, *yard, error) {
	rows, err := opt.wanted()
	if err != nil {
		return nil, nil, err
	}
	y, err := newYard(opt)
	if err != nil && y != nil {
		err = errors.Join(err, y.close())
	}
	return rows, y, err
}

// table measures neap beside everyone else.
func table(ctx context.Context, opt options, out io.Writer) (err error) {
	rows, y, err := opt.begin()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.close()) }()
	program, err := filepath.Abs(opt.program)
	if err != nil {
		return err
	}
	if err := y.addNeap("neap", program); err != nil {
		return err
	}
	return y.playAll(ctx, rows, out)
}

func (y *yard) playAll(ctx context.Context, rows []row, out io.Writer) error {
	f := y.facts()
	p := &paper{Writer: out}
	var outcomes []*outcome
	var errs []error
	for i := range rows {
		o := y.play(ctx, &rows[i])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.print(o)
		outcomes, errs = append(outcomes, o), append(errs, o.err)
	}
	f.Peers = y.peers
	fmt.Fprintf(out, "\n%s\n", f)
	for _, who := range absentees(outcomes) {
		fmt.Fprintf(out, "left out: %s\n", who)
	}
	path, err := save(y.out, f, outcomes)
	fmt.Fprintln(out, path)
	return errors.Join(append(errs, err)...)
}

// wanted is the rows that the command line asks for.
func (opt options) wanted() ([]row, error) {
	pattern, err := regexp.Compile("^(" + opt.pattern + ")$")
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(append(speed(), scale()...), func(r row) bool {
		if opt.pattern != "" {
			return !pattern.MatchString(r.key)
		}
		return r.effort == long && !opt.all
	})
	if len(rows) == 0 {
		return nil, errors.New("no row fits " + opt.pattern)
	}
	return rows, nil
}

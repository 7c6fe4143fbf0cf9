package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// nc joins standard input and output to a connection: nc HOST PORT, nc -l -p PORT, with -u, -z, -k and -w SECONDS.
func nc(c *call) error {
	f, rest, err := c.options("lp:uzkw:vn")
	if err != nil {
		return err
	}
	wait, err := span(f.or('w', "0"))
	if err != nil {
		return err
	}
	kind := "tcp"
	if f.has('u') {
		kind = "udp"
	}
	switch {
	case f.has('l') && (f.has('p') || len(rest) > 0):
		return c.answerCalls(f, kind, net.JoinHostPort("", f.or('p', strings.Join(rest, ""))))
	case len(rest) == 2:
		return c.callOut(f, kind, net.JoinHostPort(rest[0], rest[1]), wait)
	}
	return c.usage("[-uzv] [-w SECONDS] HOST PORT | -l [-uk] -p PORT")
}

func (c *call) callOut(f flags, kind, to string, wait time.Duration) error {
	conn, err := net.DialTimeout(kind, to, wait)
	if err != nil {
		return err
	}
	defer conn.Close()
	if f.has('v') || f.has('z') {
		fmt.Fprintf(c.err, "connected to %s\n", conn.RemoteAddr())
	}
	if f.has('z') {
		return nil
	}
	if wait > 0 {
		if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return err
		}
	}
	return join(conn, c.in)
}

func (c *call) answerCalls(f flags, kind, at string) error {
	if kind == "udp" {
		return c.answerPackets(at)
	}
	l, err := net.Listen(kind, at)
	if err != nil {
		return err
	}
	defer l.Close()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		err = join(conn, c.in)
		conn.Close()
		if !f.has('k') {
			return err
		}
	}
}

func (c *call) answerPackets(at string) error {
	p, err := net.ListenPacket("udp", at)
	if err != nil {
		return err
	}
	defer p.Close()
	buf := make([]byte, 64<<10)
	for {
		n, _, err := p.ReadFrom(buf)
		if err != nil {
			return err
		}
		if _, err := os.Stdout.Write(buf[:n]); err != nil {
			return err
		}
	}
}

// join copies both ways until the other side ends. The end of our input is passed on, and answers are still awaited.
func join(conn net.Conn, in io.Reader) error {
	go func() {
		io.Copy(conn, in)
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	}()
	_, err := io.Copy(os.Stdout, conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

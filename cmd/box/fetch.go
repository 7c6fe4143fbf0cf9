package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// A download is one GET over plain HTTP.
type download struct {
	timeout time.Duration
	say     func(format string, args ...any)
	out     func() (io.WriteCloser, error)
}

// fetch writes what a URL answers to standard output, or to -O FILE.
func fetch(c *call) error { return c.get("-") }

// wget writes it to a file named like the last part of the URL, or to -O FILE.
func wget(c *call) error { return c.get("") }

func (c *call) get(to string) error {
	f, urls, err := c.options("O:o:qT:t:S")
	if err != nil || len(urls) != 1 {
		return errors.Join(err, c.usage("[-q] [-O FILE] [-T SECONDS] URL"))
	}
	timeout, err := span(f.or('T', "30"))
	if err != nil {
		return err
	}
	if !strings.Contains(urls[0], "://") {
		urls[0] = "http://" + urls[0]
	}
	u, err := url.Parse(urls[0])
	if err != nil {
		return err
	}
	if to == "" {
		to = path.Base("/" + u.Path)
	}
	if to == "/" {
		to = "index.html"
	}
	to = f.or('O', f.or('o', to))
	d := download{timeout: timeout, say: func(string, ...any) {}, out: func() (io.WriteCloser, error) { return c.sink(to) }}
	if !f.has('q') && c.name == "wget" {
		d.say = func(format string, args ...any) { fmt.Fprintf(c.err, format, args...) }
	}
	return d.follow(u)
}

func (c *call) sink(name string) (io.WriteCloser, error) {
	if name == "-" {
		return os.Stdout, nil
	}
	return os.Create(name)
}

// follow asks, and asks again where it is sent elsewhere.
func (d download) follow(u *url.URL) error {
	for range 6 {
		next, err := d.ask(u)
		if err != nil || next == "" {
			return err
		}
		if u, err = u.Parse(next); err != nil {
			return err
		}
	}
	return errors.New("sent elsewhere too often")
}

func (d download) ask(u *url.URL) (next string, err error) {
	if u.Scheme != "http" {
		return "", fmt.Errorf("%s: only plain http is built in", u)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(u.Hostname(), port), d.timeout)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(d.timeout)); err != nil {
		return "", err
	}
	d.say("connected to %s\n", conn.RemoteAddr())
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: box\r\nAccept: */*\r\nConnection: close\r\n\r\n", u.RequestURI(), u.Host); err != nil {
		return "", err
	}
	return d.receive(bufio.NewReaderSize(conn, 64<<10))
}

func (d download) receive(in *bufio.Reader) (next string, err error) {
	line, err := headLine(in)
	if err != nil {
		return "", err
	}
	headers, err := readHeaders(in)
	if err != nil {
		return "", err
	}
	_, answer, _ := strings.Cut(line, " ")
	if strings.HasPrefix(answer, "3") && headers["location"] != "" {
		return headers["location"], nil
	}
	if !strings.HasPrefix(answer, "2") {
		return "", fmt.Errorf("server answers: %s", answer)
	}
	to, err := d.out()
	if err != nil {
		return "", err
	}
	err = body(to, in, headers)
	if to != os.Stdout {
		err = errors.Join(err, to.Close())
	}
	return "", err
}

func body(to io.Writer, in *bufio.Reader, headers map[string]string) error {
	if strings.EqualFold(headers["transfer-encoding"], "chunked") {
		return chunks(to, in)
	}
	if text, given := headers["content-length"]; given {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		_, err = io.CopyN(to, in, n)
		return err
	}
	_, err := io.Copy(to, in)
	return err
}

func chunks(to io.Writer, in *bufio.Reader) error {
	for {
		line, err := headLine(in)
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 64)
		if err != nil || n == 0 {
			return err
		}
		if _, err := io.CopyN(to, in, n); err != nil {
			return err
		}
		if _, err := headLine(in); err != nil {
			return err
		}
	}
}

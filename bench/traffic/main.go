// Command traffic is both ends of the wire when bench measures a published
// port, and a program that obeys when it measures a stop.
//
//	traffic serve :80                        answers GET /, and sends bytes to who connects to the port above
//	traffic bytes 127.0.0.1:8902 500ms       prints MB/s received
//	traffic requests 127.0.0.1:8901 500ms    prints answers a second over eight open connections
//	traffic connections 127.0.0.1:8901 500ms prints answers a second, a connection each
//	traffic await 127.0.0.1:8950 20s         waits until something listens there
//	traffic obey                             prints "ready" and ends at SIGTERM
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	if err := act(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

func act(words []string) error {
	switch {
	case len(words) == 1 && words[0] == "obey":
		return obey()
	case len(words) == 2 && words[0] == "serve":
		return serve(words[1])
	case len(words) == 3:
		return measure(words[0], words[1], words[2])
	}
	return errors.New("serve, bytes, requests, connections, await or obey")
}

func obey() error {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	fmt.Fprintln(os.Stdout, "ready")
	<-told
	return nil
}

func serve(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	source, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number+1)))
	if err != nil {
		return err
	}
	go pour(source)
	fmt.Fprintln(os.Stdout, "ready")
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello\n")
	}))
}

// pour sends zeros to everyone until they leave.
func pour(source net.Listener) {
	for {
		c, err := source.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for zeros := make([]byte, 256<<10); err == nil; {
				_, err = c.Write(zeros)
			}
		}()
	}
}

func measure(what, address, span string) error {
	d, err := time.ParseDuration(span)
	if err != nil {
		return err
	}
	if what == "await" {
		return ready(address, d)
	}
	if err := ready(address, 10*time.Second); err != nil {
		return err
	}
	rate := 0.0
	switch what {
	case "bytes":
		rate, err = received(address, d)
	case "requests":
		rate, err = answers(address, d, false)
	case "connections":
		rate, err = answers(address, d, true)
	default:
		return errors.New("nothing is called " + what)
	}
	if err == nil {
		fmt.Fprintf(os.Stdout, "%.3f\n", rate)
	}
	return err
}

// ready waits for a server that was just started.
func ready(address string, patience time.Duration) error {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // the poll of a measuring program
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(end) {
			return err
		}
	}
}

func received(address string, d time.Duration) (float64, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	start, total, room := time.Now(), 0, make([]byte, 256<<10)
	for time.Since(start) < d {
		n, err := c.Read(room)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return float64(total) / 1e6 / time.Since(start).Seconds(), nil
}

// answers counts the answers a second that eight askers get.
func answers(address string, d time.Duration, close bool) (float64, error) {
	const askers = 8
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers, DisableKeepAlives: close}}
	var total atomic.Int64
	failed := make(chan error, askers)
	start := time.Now()
	for range askers {
		go func() {
			var err error
			for err == nil && time.Since(start) < d {
				err = ask(client, "http://"+address+"/")
				total.Add(1)
			}
			failed <- err
		}()
	}
	var err error
	for range askers {
		err = errors.Join(err, <-failed)
	}
	return float64(total.Load()) / time.Since(start).Seconds(), err
}

func ask(client *http.Client, url string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

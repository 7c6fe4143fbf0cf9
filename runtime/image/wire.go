package image

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"neap/runtime/fault"
)

// wire is how requests of one pull travel: never in plain text to another
// machine, sent again a few times when the network fails, and bodies read on
// from where they broke off.
type wire struct {
	base     *http.Transport
	host     string // of the registry
	insecure bool
	backoff  time.Duration
}

const (
	tries    = 5
	longest  = 30 * time.Second // of one pause
	stall    = 60 * time.Second // without a byte
	progress = 1 << 20          // bytes that make a broken body worth new tries
)

func (s *Images) wire(host string, insecure bool) *wire {
	return &wire{host: host, insecure: insecure, backoff: s.opt.Backoff, base: &http.Transport{
		Proxy:                 s.opt.Proxy,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: insecure}, //nolint:gosec // by explicit option for one registry
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: stall,
		DisableCompression:    true,
	}}
}

func (w *wire) close() { w.base.CloseIdleConnections() }

// RoundTrip sends one request, several times if need be.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := w.allowed(req.URL, req.Header.Get("Authorization") != "" || req.Method == http.MethodPost); err != nil {
		return nil, err
	}
	if req.Method != http.MethodGet {
		return w.base.RoundTrip(req)
	}
	b := &body{w: w, req: req}
	resp, err := b.send("")
	if err != nil {
		return nil, err
	}
	b.length, b.from = resp.ContentLength, resp.Body
	resp.Body = b
	return resp, nil
}

// allowed refuses plain text to other machines, and secrets in plain text to
// any but the registry.
func (w *wire) allowed(to *url.URL, secret bool) error {
	if to.Scheme == "https" {
		return nil
	}
	if !local(to.Hostname()) && (!w.insecure || to.Host != w.host) {
		return fault.New(fault.Denied, "%s is asked for without encryption", to.Host).
			WithHint("if the registry has no certificate, allow it with insecure")
	}
	if secret && to.Host != w.host {
		return fault.New(fault.Denied, "%s wants the credentials of %s without encryption", to.Host, w.host)
	}
	return nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// body is an answer that is asked for again, from where it was, when it breaks
// off.
type body struct {
	w      *wire
	req    *http.Request
	from   io.ReadCloser
	cancel context.CancelFunc
	watch  *time.Timer
	length int64 // -1 unknown
	at     int64 // read so far
	failed int
	mark   int64 // at when failed last was 0
}

// send asks for what follows the range's start; several times if need be.
func (b *body) send(from string) (*http.Response, error) {
	for try := 1; ; try++ {
		ctx, cancel := context.WithCancel(b.req.Context())
		req := b.req.Clone(ctx)
		if from != "" {
			req.Header.Set("Range", "bytes="+from+"-")
		}
		resp, err := b.w.base.RoundTrip(req)
		if try == tries || !again(b.req.Context(), resp, err) {
			if err != nil {
				cancel()
				return nil, err
			}
			b.cancel, b.watch = cancel, time.AfterFunc(stall, cancel)
			b.watch.Stop()
			return resp, nil
		}
		pause := b.w.backoff << (try - 1)
		if resp != nil {
			pause = max(pause, retryAfter(resp))
			resp.Body.Close()
		}
		cancel()
		if err := rest(b.req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// again says whether a request is worth sending again.
func again(ctx context.Context, resp *http.Response, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		return transient(err)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func transient(err error) bool {
	var timeout net.Error
	var resolve *net.DNSError
	switch {
	case errors.As(err, &resolve):
		return resolve.IsTemporary && !resolve.IsNotFound
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.Canceled), // by the watch, as ctx lives
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return true
	}
	return strings.Contains(err.Error(), "http2:") || strings.Contains(err.Error(), "stream error")
}

func retryAfter(resp *http.Response) time.Duration {
	n, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, longest)
}

func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(min(pause, longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *body) Read(p []byte) (int, error) {
	for {
		b.watch.Reset(stall)
		n, err := b.from.Read(p)
		b.watch.Stop()
		b.at += int64(n)
		if b.at-b.mark > progress {
			b.failed, b.mark = 0, b.at
		}
		if err == nil || n > 0 {
			return n, nil
		}
		if errors.Is(err, io.EOF) && (b.length < 0 || b.at >= b.length) {
			return 0, io.EOF
		}
		if b.failed++; b.failed >= tries || b.req.Context().Err() != nil || !transient(err) {
			return 0, &fault.Error{
				Kind: fault.KindOf(err), Cause: err,
				Message: fmt.Sprintf("the registry broke off after %d bytes, and so on %d tries", b.at, b.failed),
			}
		}
		if err := b.resume(); err != nil {
			return 0, err
		}
	}
}

func (b *body) resume() error {
	b.Close()
	if err := rest(b.req.Context(), b.w.backoff<<(b.failed-1)); err != nil {
		return err
	}
	resp, err := b.send(strconv.FormatInt(b.at, 10))
	if err != nil {
		return err
	}
	b.from = resp.Body
	switch {
	case resp.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", b.at)):
		return nil
	case resp.StatusCode == http.StatusOK:
		_, err := io.CopyN(io.Discard, b.from, b.at)
		return err
	}
	return fmt.Errorf("the registry answers %s to a request for the rest", resp.Status)
}

func (b *body) Close() error {
	b.watch.Stop()
	err := b.from.Close()
	b.cancel()
	return err
}

package std

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// largest is how much of an answer is kept.
const largest = 64 << 20

// request is what http.get and http.request were asked.
type request struct {
	method  string
	body    string
	header  map[string]string
	timeout time.Duration
	check   bool
}

// response is an answer.
type response struct {
	status int
	body   string
	header map[string]string
}

func web() []*bind.Func {
	k := bind.NewClass[*response]("Response", "An answer to an HTTP request.")
	k.Text = func(r *response) string { return http.StatusText(r.status) }
	k.Fields = []bind.Field[*response]{
		bind.Plain("status", bind.Int, "200 if all went well", func(r *response) int { return r.status }),
		bind.Plain("body", bind.String, "what came", func(r *response) string { return r.body }),
		bind.Plain("header", bind.Map, "the header, names in lower case", func(r *response) map[string]string { return r.header }),
	}
	common := []bind.Key[request]{
		bind.K("header", bind.Map, "lines of the header", func(r *request) *map[string]string { return &r.header }),
		bind.K("timeout", bind.Duration, "when to give up", func(r *request) *time.Duration { return &r.timeout }),
		bind.K("check", bind.Bool, "raise failed for a status of 400 and above", func(r *request) *bool { return &r.check }),
	}
	fresh := func() request { return request{method: "GET", timeout: 10 * time.Second, check: true} }
	get := &bind.Record[request]{Name: "GetOptions", Doc: "how to ask", New: fresh, Keys: common}
	other := &bind.Record[request]{Name: "RequestOptions", Doc: "how to ask", New: fresh, Keys: append([]bind.Key[request]{
		bind.K("method", bind.OneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), "what to do", func(r *request) *string { return &r.method }),
		bind.K("body", bind.String, "what to send", func(r *request) *string { return &r.body }),
	}, common...)}
	url := bind.Req("url", bind.String, "where")
	return []*bind.Func{
		bind.Func2("get", "Ask for a page.", url, bind.Options(get), bind.Returns(k.Kind(), "the answer"), ask),
		bind.Func2("request", "Send a request.", url, bind.Options(other), bind.Returns(k.Kind(), "the answer"), ask).Change(),
	}
}

// ask opens a connection of its own and closes it, so that a container that was
// replaced is never asked through an old one.
func ask(ctx context.Context, url string, r request) (*response, error) {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	ctx, stop := context.WithTimeout(ctx, r.timeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, r.method, url, strings.NewReader(r.body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", err)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		return nil, unreachable(url, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, largest))
	if err != nil {
		return nil, unreachable(url, err)
	}
	return r.checked(url, &response{answer.StatusCode, string(body), flat(answer.Header)})
}

// checked refuses an answer that says the request failed.
func (r request) checked(url string, got *response) (*response, error) {
	if got.status >= 400 && r.check {
		return nil, &fault.Error{Kind: fault.Failed, Op: strings.ToLower(r.method), Object: url, Message: http.StatusText(got.status), Detail: got}
	}
	return got, nil
}

func flat(h http.Header) map[string]string {
	m := make(map[string]string, len(h))
	for name, values := range h {
		m[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return m
}

func unreachable(url string, err error) error {
	return fault.Wrap("reach", url, err)
}

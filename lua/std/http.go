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
	Method  string            `json:"method"`
	Body    string            `json:"body,omitzero"`
	Header  map[string]string `json:"header,omitzero"`
	Timeout time.Duration     `json:"timeout,omitzero"`
	Check   bool              `json:"check,omitzero"`
}

// response is an answer.
type response struct {
	status int
	body   string
	header map[string]string

	planned string // the request, if it only was recorded
}

// answered is a fact of an answer, and not of one that was only planned.
func answered[T any](name string, k bind.Kind[T], doc string, of func(*response) T) bind.Field[*response] {
	return bind.Get(name, k, doc, func(_ context.Context, r *response) (t T, err error) {
		if r.planned != "" {
			return t, bind.NotYet(name, r.planned)
		}
		return of(r), nil
	})
}

// send asks, or records that it would: what only asks for a page changes
// nothing.
func send(ctx context.Context, url string, q request) (*response, error) {
	r := bind.RecorderOf(ctx)
	if r == nil || q.Method == http.MethodGet || q.Method == http.MethodHead {
		return ask(ctx, url, q)
	}
	_, err := r.Note(ctx, bind.Deed{Kind: "page", Verb: "request", Object: url, Options: q})
	return &response{planned: q.Method + " " + url}, err
}

func web() []*bind.Func {
	k := bind.NewClass[*response]("Response", "An answer to an HTTP request.")
	k.Text = func(r *response) string { return http.StatusText(r.status) }
	k.Fields = []bind.Field[*response]{
		answered("status", bind.Int, "200 if all went well", func(r *response) int { return r.status }),
		answered("body", bind.String, "what came", func(r *response) string { return r.body }),
		answered("header", bind.Map, "the header, names in lower case", func(r *response) map[string]string { return r.header }),
	}
	common := []bind.Key[request]{
		bind.K("header", bind.Map, "lines of the header", func(r *request) *map[string]string { return &r.Header }),
		bind.K("timeout", bind.Duration, "when to give up", func(r *request) *time.Duration { return &r.Timeout }),
		bind.K("check", bind.Bool, "raise failed for a status of 400 and above", func(r *request) *bool { return &r.Check }),
	}
	fresh := func() request { return request{Method: "GET", Timeout: 10 * time.Second, Check: true} }
	get := &bind.Record[request]{Name: "GetOptions", Doc: "how to ask", New: fresh, Keys: common}
	other := &bind.Record[request]{Name: "RequestOptions", Doc: "how to ask", New: fresh, Keys: append([]bind.Key[request]{
		bind.K("method", bind.OneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), "what to do", func(r *request) *string { return &r.Method }),
		bind.K("body", bind.String, "what to send", func(r *request) *string { return &r.Body }),
	}, common...)}
	url := bind.Req("url", bind.String, "where")
	return []*bind.Func{
		bind.Func2("get", "Ask for a page.", url, bind.Options(get), bind.Returns(k.Kind(), "the answer"), ask),
		bind.Func2("request", "Send a request.", url, bind.Options(other), bind.Returns(k.Kind(), "the answer"), send).Change(),
	}
}

// ask opens a connection of its own and closes it, so that a container that was
// replaced is never asked through an old one.
func ask(ctx context.Context, url string, r request) (*response, error) {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	ctx, stop := context.WithTimeout(ctx, r.Timeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, r.Method, url, strings.NewReader(r.Body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", err)
	}
	for name, value := range r.Header {
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
	return r.checked(url, &response{status: answer.StatusCode, body: string(body), header: flat(answer.Header)})
}

// checked refuses an answer that says the request failed.
func (r request) checked(url string, got *response) (*response, error) {
	if got.status >= 400 && r.Check {
		return nil, &fault.Error{Kind: fault.Failed, Op: strings.ToLower(r.Method), Object: url, Message: http.StatusText(got.status), Detail: got}
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

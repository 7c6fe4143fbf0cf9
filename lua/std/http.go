package std

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// largest is how much of an answer is kept in memory.
const largest = 64 << 20

// request is what the functions of http were asked.
type request struct {
	Method   string            `json:"method"`
	Body     *string           `json:"body,omitzero"`
	JSON     json.RawMessage   `json:"json,omitzero"`
	Query    map[string]string `json:"query,omitzero"`
	Header   map[string]string `json:"header,omitzero"`
	User     string            `json:"user,omitzero"`
	Password string            `json:"password,omitzero"`
	Timeout  time.Duration     `json:"timeout,omitzero"`
	Check    bool              `json:"check,omitzero"`
	Follow   bool              `json:"follow,omitzero"`
	Insecure bool              `json:"insecure,omitzero"`
	Unix     string            `json:"unix,omitzero"`
	To       string            `json:"to,omitzero"`
}

// response is an answer.
type response struct {
	status   int
	body     string
	header   map[string]string
	url      string
	duration time.Duration

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
func (e Effects) send(ctx context.Context, where string, q request) (*response, error) {
	r := bind.RecorderOf(ctx)
	if r == nil || (q.Method == http.MethodGet || q.Method == http.MethodHead) && q.To == "" {
		return e.ask(ctx, where, q)
	}
	_, err := r.Note(ctx, bind.Deed{Kind: "page", Verb: "request", Object: where, Options: q})
	return &response{planned: q.Method + " " + where}, err
}

func responseClass() *bind.Class[*response] {
	k := bind.NewClass[*response]("Response", "An answer to an HTTP request.")
	k.Text = func(r *response) string { return http.StatusText(r.status) }
	k.Hints = map[string]string{"header": "headers", "code": "status", "text": "body"}
	k.Fields = []bind.Field[*response]{
		answered("status", bind.Int, "200 if all went well", func(r *response) int { return r.status }),
		answered("body", bind.String, "what came; empty if it went to a file", func(r *response) string { return r.body }),
		answered("headers", bind.Map, "the header, names in lower case", func(r *response) map[string]string { return r.header }),
		answered("url", bind.String, "where the answer is from, after what was followed", func(r *response) string { return r.url }),
		answered("duration", bind.Duration, "how long it took", func(r *response) time.Duration { return r.duration }),
	}
	k.Methods = []bind.Method[*response]{
		bind.Method0("json", "The body as a plain value.", bind.Returns(bind.JSON, "the value"),
			func(_ context.Context, r *response) (json.RawMessage, error) {
				if r.planned != "" {
					return nil, bind.NotYet("json", r.planned)
				}
				return document(r.body)
			}).
			With(`local answer, err = try(http.get, "127.0.0.1:1/list")
if answer then print(answer:json()[1]) end`),
	}
	return k
}

// asking are the options of every request.
func asking() []bind.Key[request] {
	return []bind.Key[request]{
		bind.K("header", bind.Map, "lines of the header", func(r *request) *map[string]string { return &r.Header }),
		bind.K("query", bind.Map, "what stands behind the ? of the URL", func(r *request) *map[string]string { return &r.Query }),
		bind.K("timeout", bind.Duration, "when to give up; 0 is never", func(r *request) *time.Duration { return &r.Timeout }),
		bind.K("check", bind.Bool, "raise failed for a status of 400 and above", func(r *request) *bool { return &r.Check }),
		bind.K("follow", bind.Bool, "go where the answer says it has moved", func(r *request) *bool { return &r.Follow }),
		bind.K("user", bind.String, "as whom, by the basic scheme", func(r *request) *string { return &r.User }),
		bind.K("password", bind.Text, "of the user", func(r *request) *string { return &r.Password }),
		bind.K("unix", bind.String, "a socket to ask instead of the network", func(r *request) *string { return &r.Unix }),
		bind.K("insecure", bind.Bool, "unknown certificates will do", func(r *request) *bool { return &r.Insecure }),
		bind.K("to", bind.String, "a file that the body goes to, whole or not at all", func(r *request) *string { return &r.To }),
	}
}

func requestRecord(name, method string, more ...bind.Key[request]) *bind.Record[request] {
	return &bind.Record[request]{
		Name: name, Doc: "how to ask",
		New:   func() request { return request{Method: method, Timeout: 10 * time.Second, Check: true, Follow: true} },
		Keys:  append(more, asking()...),
		Hints: map[string]string{"headers": "header", "data": "body", "params": "query", "output": "to", "redirect": "follow"},
		Check: func(r *request) error {
			if r.Body != nil && r.JSON != nil {
				return fault.New(fault.Invalid, "body and json exclude each other")
			}
			return nil
		},
	}
}

func (e Effects) web() []*bind.Func {
	k := responseClass()
	body := []bind.Key[request]{
		bind.K("body", bind.Ptr(bind.Text), "what to send", func(r *request) **string { return &r.Body }),
		bind.K("json", bind.JSON, "what to send, as JSON", func(r *request) *json.RawMessage { return &r.JSON }),
	}
	method := bind.K("method", bind.OneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), "what to do", func(r *request) *string { return &r.Method })
	where := bind.Req("url", bind.String, "where; http:// may be left out")
	of := func(name, doc string, r *bind.Record[request]) *bind.Func {
		return bind.Func2(name, doc, where, bind.Options(r), bind.Returns(k.Kind(), "the answer"), e.send)
	}
	nobody := "assert(select(2, try(http.%s, \"127.0.0.1:1\", { timeout = \"1s\" })).kind == \"failed\")"
	example := func(name string) string { return strings.Replace(nobody, "%s", name, 1) }
	return []*bind.Func{
		of("get", "Ask for a page.", requestRecord("GetOptions", "GET")).With(example("get")),
		of("head", "Ask for the header of a page.", requestRecord("HeadOptions", "HEAD")).With(example("head")),
		of("post", "Send something.", requestRecord("PostOptions", "POST", body...)).Change().With(example("post")),
		of("put", "Put something in a place.", requestRecord("PutOptions", "PUT", body...)).Change().With(example("put")),
		of("delete", "Remove what is in a place.", requestRecord("DeleteOptions", "DELETE")).Change().With(example("delete")),
		of("request", "Send a request of any method.", requestRecord("RequestOptions", "GET", append([]bind.Key[request]{method}, body...)...)).Change().With(example("request")),
	}
}

// ask opens a connection of its own and closes it, so that a container that was
// replaced is never asked through an old one.
func (e Effects) ask(ctx context.Context, where string, r request) (*response, error) {
	if !strings.Contains(where, "://") {
		where = "http://" + where
	}
	if r.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, r.Timeout)
		defer stop()
	}
	req, err := r.prepare(ctx, where)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: e.transport(r)}
	if !r.Follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	start := time.Now()
	answer, err := client.Do(req)
	if err != nil {
		return nil, unreachable(where, err)
	}
	defer func() { _ = answer.Body.Close() }()
	got := &response{status: answer.StatusCode, header: flat(answer.Header), url: answer.Request.URL.String()}
	if err := r.take(got, answer.Body); err != nil {
		return nil, unreachable(where, err)
	}
	got.duration = time.Since(start)
	return r.checked(where, got)
}

// prepare is the request as it goes out.
func (r request) prepare(ctx context.Context, where string) (*http.Request, error) {
	body := string(r.JSON)
	if r.Body != nil {
		body = *r.Body
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, where, strings.NewReader(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", err)
	}
	if r.JSON != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
		if strings.EqualFold(name, "host") {
			req.Host = value
		}
	}
	if r.User != "" {
		req.SetBasicAuth(r.User, r.Password)
	}
	if len(r.Query) > 0 {
		all := req.URL.Query()
		for name, value := range r.Query {
			all.Set(name, value)
		}
		req.URL.RawQuery = all.Encode()
	}
	return req, nil
}

func (e Effects) transport(r request) *http.Transport {
	t := &http.Transport{DisableKeepAlives: true, Proxy: e.Proxy}
	if r.Insecure {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	if r.Unix != "" {
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", r.Unix)
		}
	}
	return t
}

// take reads the body of an answer, into the file if one is named and the
// answer is what was asked for.
func (r request) take(got *response, body io.Reader) error {
	if r.To != "" && got.status < 300 {
		return Whole(r.To, 0o644, func(w io.Writer) error {
			_, err := io.Copy(w, body)
			return err
		})
	}
	all, err := io.ReadAll(io.LimitReader(body, largest+1))
	if err == nil && len(all) > largest {
		return fault.New(fault.Invalid, "the answer is larger than %s", bind.FormatSize(largest)).WithHint(`let it go to a file: to = "PATH"`)
	}
	got.body = string(all)
	return err
}

// checked refuses an answer that says the request failed.
func (r request) checked(where string, got *response) (*response, error) {
	if got.status >= 400 && r.Check {
		return nil, &fault.Error{Kind: fault.Failed, Op: strings.ToLower(r.Method), Object: where, Message: http.StatusText(got.status), Detail: got}
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

// unreachable says the cause once, without the method and the place again.
func unreachable(where string, err error) error {
	var known *url.Error
	if errors.As(err, &known) {
		return &fault.Error{Kind: fault.KindOf(err), Op: "reach", Object: where, Cause: known.Err}
	}
	return fault.Wrap("reach", where, err)
}

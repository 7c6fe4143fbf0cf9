package std

import (
	"context"
	"encoding/json"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func jsonFuncs() []*bind.Func {
	pretty := &bind.Record[string]{Name: "JSONOptions", Doc: "how to write it", Keys: []bind.Key[string]{
		bind.K("indent", bind.String, "spreads it over lines with this before each level", func(s *string) *string { return s }),
	}}
	return []*bind.Func{
		bind.Func2("encode", "A plain value as JSON. What came out of JSON keeps its order, its empty lists and its nulls.",
			bind.Req("value", bind.JSON, "what to write"), bind.Options(pretty), bind.Returns(bind.String, "the text"), encode,
		).With(`assert(json.encode({ 1, "two", { three = 3 } }) == '[1,"two",{"three":3}]')`),
		bind.Func1("decode", "JSON as a plain value; null is nil.", bind.Req("text", bind.String, "the JSON"), bind.Returns(bind.JSON, "the value"),
			func(_ context.Context, text string) (json.RawMessage, error) { return document(text) },
		).With(`assert(json.decode('{ "a": [ 1, null ] }').a[1] == 1)`),
	}
}

func encode(_ context.Context, raw json.RawMessage, indent string) (string, error) {
	if indent == "" {
		return string(raw), nil
	}
	return bind.Indent(raw, indent)
}

// document is a text that is JSON.
func document(text string) (json.RawMessage, error) {
	if !json.Valid([]byte(text)) {
		var v any
		return nil, fault.New(fault.Invalid, "no JSON: %v", json.Unmarshal([]byte(text), &v))
	}
	return json.RawMessage(text), nil
}

package std

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// What is read of YAML. The parser's time grows with the square of the depth,
// and an alias may stand for all that came before it.
const (
	longestYAML  = 4 << 20 // bytes
	deepestYAML  = 200     // levels
	heaviestYAML = 1 << 20 // values, with those that aliases repeat
)

func yamlFuncs() []*bind.Func {
	text := bind.Req("text", bind.String, "the YAML")
	return []*bind.Func{
		bind.Func1("decode", "YAML as a plain value; null is nil. A text of several documents needs decode_all.", text, bind.Returns(bind.JSON, "the value"),
			func(_ context.Context, text string) (json.RawMessage, error) {
				all, err := readYAML(text)
				switch {
				case err != nil:
					return nil, err
				case len(all) == 0:
					return json.RawMessage("null"), nil
				case len(all) > 1:
					return nil, fault.New(fault.Invalid, "the text has %d documents", len(all)).WithHint("yaml.decode_all gives a list of them")
				}
				return all[0], nil
			}).With(`assert(yaml.decode("ports: [80, 443]").ports[2] == 443)`),
		bind.Func1("decode_all", "The documents of a YAML text; empty ones are left out.", text, bind.Returns(bind.ListOf(bind.JSON), "a list of values"),
			func(_ context.Context, text string) ([]json.RawMessage, error) { return readYAML(text) },
		).With(`assert(#yaml.decode_all("a: 1\n---\nb: 2\n") == 2)`),
		bind.Func1("encode", "Plain values as YAML. What came out of JSON or YAML keeps its order, its empty lists and its nulls.",
			bind.Rest("value", bind.JSON, "what to write; several become several documents"), bind.Returns(bind.String, "the text"), writeYAML,
		).With(`assert(yaml.encode({ name = "web" }) == "name: web\n")`),
	}
}

// readYAML gives the documents as JSON, which keeps the order of keys.
func readYAML(text string) ([]json.RawMessage, error) {
	if len(text) > longestYAML {
		return nil, fault.New(fault.Invalid, "the YAML is longer than %s", bind.FormatSize(longestYAML))
	}
	tokens := lexer.Tokenize(text)
	if tooDeep(tokens) {
		return nil, fault.New(fault.Invalid, "the YAML is nested deeper than %d levels", deepestYAML)
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, noYAML(err)
	}
	var all []json.RawMessage
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		raw, err := readDocument(doc.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	return all, nil
}

func readDocument(body ast.Node) (json.RawMessage, error) {
	w := weigher{anchors: map[string]int{}}
	if w.weight(body) > heaviestYAML {
		return nil, fault.New(fault.Invalid, "the YAML stands for more than %d values", heaviestYAML)
	}
	var v any
	if err := yaml.NodeToValue(body, &v, yaml.UseOrderedMap()); err != nil {
		return nil, noYAML(err)
	}
	var b bytes.Buffer
	err := jsonOf(&b, v)
	return b.Bytes(), err
}

// noYAML is an error of the parser in one line.
func noYAML(err error) error {
	var known yaml.Error
	if !errors.As(err, &known) {
		return fault.New(fault.Invalid, "no YAML: %s", err)
	}
	return fault.New(fault.Invalid, "no YAML: line %d: %s", known.GetToken().Position.Line, known.GetMessage())
}

// tooDeep says whether brackets, or dashes on one line, are nested too deep.
func tooDeep(all token.Tokens) bool {
	depth := 0
	for _, t := range all {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if depth == 0 && t.Position.Column > 2*deepestYAML {
				return true
			}
		}
		if depth > deepestYAML {
			return true
		}
	}
	return false
}

// weigher counts the values that a document stands for.
type weigher struct{ anchors map[string]int }

func (w *weigher) weight(n ast.Node) int {
	total := 1
	switch n := n.(type) {
	case *ast.AnchorNode:
		total = w.weight(n.Value)
		w.anchors[n.Name.String()] = total
	case *ast.AliasNode:
		total += w.anchors[n.Value.String()]
	case *ast.TagNode:
		total += w.weight(n.Value)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			total = min(total+w.weight(v), math.MaxInt32)
		}
	case *ast.MappingNode:
		for _, v := range n.Values {
			total = min(total+w.weight(v), math.MaxInt32)
		}
	case *ast.MappingValueNode:
		total += w.weight(n.Value)
	}
	return total
}

// jsonOf writes what the decoder gave.
func jsonOf(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case yaml.MapSlice:
		b.WriteByte('{')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(jsonText(fmt.Sprint(item.Key)))
			b.WriteByte(':')
			if err := jsonOf(b, item.Value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := jsonOf(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case string:
		b.Write(jsonText(v))
	case []byte:
		b.Write(jsonText(string(v)))
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return fault.New(fault.Invalid, "%v has no plain form", v)
		}
		b.Write(raw)
	}
	return nil
}

// jsonText is a string in quotes that JSON and YAML read alike.
func jsonText(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has a form
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func writeYAML(_ context.Context, all []json.RawMessage) (string, error) {
	docs := make([]string, len(all))
	for i, raw := range all {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		v, err := ordered(d)
		if err != nil {
			return "", fault.New(fault.Bug, "no JSON: %v", err)
		}
		text, err := yaml.MarshalWithOptions(v, yaml.CustomMarshaler(yamlText))
		if err != nil {
			return "", fault.New(fault.Invalid, "%s", err)
		}
		docs[i] = string(text)
	}
	return strings.Join(docs, "---\n"), nil
}

var simple = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_/][\w./@+ -]*$`) })

// yamlText is a string without quotes only where nothing can take it for
// something else: not for a number, a word with a meaning, or a mark.
func yamlText(s string) ([]byte, error) {
	if simple().MatchString(s) && !strings.HasSuffix(s, " ") && !strings.Contains(s, " -") && !token.IsNeedQuoted(s) {
		return []byte(s), nil
	}
	return jsonText(s), nil
}

// ordered reads one value of a JSON document.
func ordered(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return orderedList(d)
		}
		return orderedMap(d)
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n, nil
		}
		return t.Float64()
	}
	return t, nil
}

func orderedList(d *json.Decoder) (any, error) {
	all := []any{}
	for d.More() {
		v, err := ordered(d)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	_, err := d.Token()
	return all, err
}

func orderedMap(d *json.Decoder) (any, error) {
	all := yaml.MapSlice{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := ordered(d)
		if err != nil {
			return nil, err
		}
		all = append(all, yaml.MapItem{Key: key, Value: v})
	}
	_, err := d.Token()
	return all, err
}

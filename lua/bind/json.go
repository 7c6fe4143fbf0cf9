package bind

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// DecodeJSON makes Lua values of one JSON document. The caller holds the lock.
func (st *State) DecodeJSON(raw []byte) (lua.LValue, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	v, err := st.decodeValue(d, 0)
	if err != nil {
		return lua.LNil, fault.New(fault.Invalid, "no JSON: %v", err)
	}
	if d.More() {
		return lua.LNil, fault.New(fault.Invalid, "no JSON: more after the value")
	}
	return v, nil
}

func (st *State) decodeValue(d *json.Decoder, level int) (lua.LValue, error) {
	token, err := d.Token()
	if err != nil {
		return lua.LNil, err
	}
	if level > depth {
		return lua.LNil, fmt.Errorf("nested too deep")
	}
	switch token {
	case json.Delim('['):
		return st.decodeList(d, level)
	case json.Delim('{'):
		return st.decodeMap(d, level)
	}
	return st.toLua(token), nil
}

func (st *State) decodeList(d *json.Decoder, level int) (lua.LValue, error) {
	t, f := st.root.CreateTable(0, 0), &form{list: true}
	for d.More() {
		v, err := st.decodeValue(d, level+1)
		if err != nil {
			return lua.LNil, err
		}
		f.size++
		if v != lua.LNil {
			t.RawSetInt(f.size, v)
		}
	}
	_, err := d.Token()
	return st.formed(t, f), err
}

func (st *State) decodeMap(d *json.Decoder, level int) (lua.LValue, error) {
	t, f := st.root.CreateTable(0, 0), &form{nulls: map[string]bool{}}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return lua.LNil, err
		}
		v, err := st.decodeValue(d, level+1)
		if err != nil {
			return lua.LNil, err
		}
		name := key.(string)
		f.order = append(f.order, name)
		if v == lua.LNil {
			f.nulls[name] = true
			continue
		}
		t.RawSetString(name, v)
	}
	_, err := d.Token()
	return st.formed(t, f), err
}

// EncodeJSON writes a plain Lua value as JSON. Keys keep the order they came
// in; new ones follow, sorted. indent, if not empty, spreads it over lines.
func EncodeJSON(v lua.LValue, indent string) ([]byte, error) {
	var b bytes.Buffer
	if err := writeJSON(&b, v, nil); err != nil {
		return nil, err
	}
	if indent == "" {
		return b.Bytes(), nil
	}
	var out bytes.Buffer
	err := json.Indent(&out, b.Bytes(), "", indent)
	return out.Bytes(), err
}

// Indent spreads a JSON document over lines.
func Indent(raw []byte, indent string) (string, error) {
	var out bytes.Buffer
	err := json.Indent(&out, raw, "", indent)
	return out.String(), err
}

func writeJSON(b *bytes.Buffer, v lua.LValue, above []*lua.LTable) error {
	t, ok := v.(*lua.LTable)
	if !ok {
		return writeScalar(b, v)
	}
	if slices.Contains(above, t) || len(above) > depth {
		return fault.New(fault.Invalid, "the table contains itself or is nested too deep")
	}
	above = append(above, t)
	f := formOf(t)
	items, keys, err := split(t)
	switch {
	case f != nil && f.list && len(keys) == 0, f == nil && isList(t):
		return writeList(b, t, f, above)
	case err != nil:
		return err
	case len(items) > 0 && len(keys) > 0:
		return fault.New(fault.Invalid, "a plain table is a list or a map; this one has items and the key %q", keys[0])
	case len(items) > 0:
		return writeList(b, t, nil, above)
	}
	return writeMap(b, t, f, keys, above)
}

func writeScalar(b *bytes.Buffer, v lua.LValue) error {
	plain, err := fromLua(v, nil)
	if err != nil {
		return err
	}
	if n, ok := plain.(float64); ok && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return fault.New(fault.Invalid, "%v has no JSON form", n)
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if n, ok := plain.(float64); ok && n == math.Trunc(n) && math.Abs(n) <= exact {
		plain = int64(n)
	}
	if err := e.Encode(plain); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

func writeList(b *bytes.Buffer, t *lua.LTable, f *form, above []*lua.LTable) error {
	n := t.MaxN()
	if f != nil && n < f.size {
		n = f.size
	}
	b.WriteByte('[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteByte(',')
		}
		if err := writeJSON(b, t.RawGetInt(i), above); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func writeMap(b *bytes.Buffer, t *lua.LTable, f *form, keys []string, above []*lua.LTable) error {
	if f != nil {
		rest := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return slices.Contains(f.order, k) })
		keys = append(slices.Clone(f.order), rest...)
	}
	b.WriteByte('{')
	first := true
	for _, k := range keys {
		v := t.RawGetString(k)
		if v == lua.LNil && !f.nulls[k] {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if err := writeScalar(b, lua.LString(k)); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeJSON(b, v, above); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

package page

import (
	"slices"

	"neap/lua/bind"
)

// slot is where among the arguments of a call the cursor is.
type slot struct {
	fn    thing           // what is called; its fn is nil for none
	keys  []bind.ParamDoc // the table the cursor is in may have these, if it stands before a key
	used  []string        // and has these
	value bind.ParamDoc   // what is expected at the cursor
}

// slot finds the innermost call with a declaration, and follows the tables
// between it and the cursor.
func (e Env) slot(l *lexed) slot {
	for k := len(l.opens) - 1; k >= 0; k-- {
		o := l.opens[k]
		if l.is(o, "[") {
			return slot{}
		}
		call := e.ending(l, o-1)
		if call.fn == nil {
			continue
		}
		return e.inside(l, call, l.opens[k:])
	}
	return slot{}
}

// inside follows open brackets from that of a call to the cursor.
func (e Env) inside(l *lexed, call thing, opens []int) slot {
	params := call.fn.Params
	at := slot{fn: call}
	table := bind.ParamDoc{Name: "(", Keys: params}
	for n, o := range opens {
		end := len(l.tokens)
		if n+1 < len(opens) {
			end = opens[n+1]
		}
		switch {
		case n == 0 && l.is(o, "{"):
			if len(params) == 0 {
				return slot{}
			}
			table = params[max(0, slices.IndexFunc(params, func(p bind.ParamDoc) bool { return len(p.Keys) > 0 }))]
		case n > 0 && l.is(o, "{"):
			table = at.value
		case n > 0:
			return slot{} // another call, or arithmetic
		}
		at = e.within(l, at.fn, table, o, end)
	}
	return at
}

// within is the slot in one bracket, of which the tokens from o to end are
// written.
func (e Env) within(l *lexed, call thing, table bind.ParamDoc, o, end int) slot {
	at := slot{fn: call}
	items, fresh, key := 0, o+1, ""
	for i := o + 1; i < end; i++ {
		switch {
		case l.is(i, "(", "{", "["):
			if c := l.closing(i); c >= 0 && c < end {
				i = c
			}
		case l.is(i, ",", ";"):
			if key == "" {
				items++
			}
			fresh, key = i+1, ""
		case l.named(i) && i == fresh && l.is(i+1, "=") && l.is(o, "{"):
			key = l.tokens[i].text
			at.used = append(at.used, key)
		}
	}
	switch {
	case l.is(o, "("):
		at.value = positional(table.Keys, items)
	case len(table.Keys) == 0: // a list of values of one kind
		at.value = table
	case key == "unless":
		at.value = bind.ParamDoc{Name: key, Keys: table.Keys}
	case key != "":
		at.value = keyed(table.Keys, key)
	default:
		at.value = positional(listed(table.Keys), items)
		if fresh == end || fresh == end-1 && l.named(fresh) {
			at.keys = table.Keys
		}
	}
	return at
}

// positional is the parameter at a place; the last may stand for the rest.
func positional(params []bind.ParamDoc, i int) bind.ParamDoc {
	if n := len(params); n > 0 && i >= n && params[n-1].Rest {
		return params[n-1]
	}
	if i < len(params) {
		return params[i]
	}
	return bind.ParamDoc{}
}

func keyed(keys []bind.ParamDoc, name string) bind.ParamDoc {
	if i := slices.IndexFunc(keys, func(k bind.ParamDoc) bool { return k.Name == name && !k.Listed }); i >= 0 {
		return keys[i]
	}
	return bind.ParamDoc{}
}

func listed(keys []bind.ParamDoc) (all []bind.ParamDoc) {
	for _, k := range keys {
		if k.Listed {
			all = append(all, k)
		}
	}
	return all
}

package host

import (
	"errors"

	"neap/lua/bind"
)

func traceOf(err error) string {
	var r *bind.Raised
	if !errors.As(err, &r) {
		return ""
	}
	text := ""
	for _, p := range r.Trace {
		text += p.String() + " " + p.Func + "\n"
	}
	return text
}

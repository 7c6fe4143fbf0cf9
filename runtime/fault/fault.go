// Package fault is the vocabulary of what can go wrong in neap: an error is an
// operation, a kind, an object and a cause.
//
// It knows the kinds that callers may act upon and how an error reads. It does
// not know who raises them, nor Lua, nor how they are shown on a terminal.
package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// A Kind is a class of errors that a caller treats alike. Its text is what
// scripts see as err.kind.
type Kind string

// The kinds, as LUA.md rule 5 lists them.
const (
	NotFound    Kind = "not_found"   // nothing has this name
	Exists      Kind = "exists"      // the name is taken
	Conflict    Kind = "conflict"    // its state forbids this
	Invalid     Kind = "invalid"     // the request makes no sense
	Denied      Kind = "denied"      // not allowed
	Unsupported Kind = "unsupported" // this kernel or host cannot
	Timeout     Kind = "timeout"     // it took too long
	Canceled    Kind = "canceled"    // the caller gave up
	Busy        Kind = "busy"        // somebody uses or holds it
	Damaged     Kind = "damaged"     // what is on disk cannot be believed
	Partial     Kind = "partial"     // some of several were done
	Failed      Kind = "failed"      // a program ended with another code than 0
	Script      Kind = "script"      // a plain error of a script
	Bug         Kind = "bug"         // neap is wrong
)

// Kinds lists every kind in the order of the reference.
func Kinds() []Kind {
	return []Kind{
		NotFound, Exists, Conflict, Invalid, Denied, Unsupported, Timeout, Canceled,
		Busy, Damaged, Partial, Failed, Script, Bug,
	}
}

// Error is one failure. Op is a verb phrase ("remove volume"), Object the name
// of what it was done to, Message what is wrong in a few lower-case words, Hint
// the way out. Any part may be empty.
type Error struct {
	Kind    Kind
	Op      string
	Object  string
	Message string
	Hint    string
	Cause   error
	Detail  any // *Batch for Partial; the result of the program for Failed
}

// Batch is the Detail of a Partial error: which objects were done, which not.
// Done holds what the verb returned for each object, Failed the object and its
// error, both in the order of the list.
type Batch struct {
	Done   []any
	Failed []Failure
}

// Failure is one object of a Batch and why it was not done.
type Failure struct {
	Object any
	Err    error
}

// Error reads "cannot OP OBJECT: MESSAGE: CAUSE", leaving out what is empty.
func (e *Error) Error() string {
	var parts []string
	if e.Op != "" {
		head := "cannot " + e.Op
		if e.Object != "" {
			head += " " + quote(e.Object)
		}
		parts = append(parts, head)
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	if len(parts) == 0 {
		return string(e.Kind)
	}
	return strings.Join(parts, ": ")
}

func quote(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' }) {
		return fmt.Sprintf("%q", s)
	}
	return `"` + s + `"`
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a kind whose message is the formatted text.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap says which operation on which object failed because of err. It is nil
// for a nil err. An err that is already an *Error keeps its kind, message and
// hint, and gets op and object only where it has none; any other error becomes
// the cause, with its kind taken from KindOf, and hint and detail from the
// *Error in its chain, if there is one.
func Wrap(op, object string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) && known == err { //nolint:errorlint // only an *Error itself may be filled in
		if known.Op != "" {
			return known
		}
		filled := *known
		filled.Op, filled.Object = op, object
		return &filled
	}
	wrapped := &Error{Kind: KindOf(err), Op: op, Object: object, Cause: err}
	if known != nil {
		wrapped.Hint, wrapped.Detail = known.Hint, known.Detail
	}
	return wrapped
}

// WithHint returns the error with a hint, replacing none that is there.
func (e *Error) WithHint(format string, args ...any) *Error {
	if e.Hint != "" {
		return e
	}
	hinted := *e
	hinted.Hint = fmt.Sprintf(format, args...)
	return &hinted
}

// KindOf is the kind of err: that of the outermost *Error in its chain, else
// the one that fits the context or system error in it, else Bug for a nil
// error's misuse and Failed for all others.
func KindOf(err error) Kind {
	var known *Error
	switch {
	case errors.As(err, &known) && known.Kind != "":
		return known.Kind
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, unix.ETIMEDOUT):
		return Timeout
	case errors.Is(err, fs.ErrNotExist):
		return NotFound
	case errors.Is(err, fs.ErrExist):
		return Exists
	case errors.Is(err, fs.ErrPermission):
		return Denied
	case errors.Is(err, unix.EBUSY):
		return Busy
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return Unsupported
	case err == nil:
		return Bug
	default:
		return Failed
	}
}

// Is says whether err is of one of the kinds.
func Is(err error, kinds ...Kind) bool {
	if err == nil {
		return false
	}
	kind := KindOf(err)
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

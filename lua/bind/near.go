package bind

import (
	"slices"
	"strconv"
	"strings"

	"neap/runtime/fault"
)

// Near is the known word that looks most like the given one, or "".
func Near(word string, known []string) string { return fault.Near(word, known) }

// suggestion ends a message about an unknown word: the nearest one, or all.
func suggestion(word string, known []string) string {
	if near := Near(word, known); near != "" {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	return "there are " + strings.Join(sorted, ", ")
}

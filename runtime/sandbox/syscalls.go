package sandbox

import (
	"strconv"
	"strings"
)

// syscallNumbers are the numbers of this architecture's system calls by name.
func syscallNumbers() map[string]uint32 {
	numbers := make(map[string]uint32, 400)
	next := uint32(0)
	for word := range strings.FieldsSeq(syscallTable) {
		if jump, ok := strings.CutPrefix(word, "+"); ok {
			n, _ := strconv.ParseUint(jump, 10, 32) // the table is right
			next = uint32(n)
			continue
		}
		numbers[word] = next
		next++
	}
	return numbers
}

package engine

import (
	"strings"
	"testing"
)

// TestFormat fills templates with names as Docker's source has them and as its
// documents do.
func TestFormat(t *testing.T) {
	v := struct {
		ID    string `json:"Id"`
		State struct{ ExitCode int }
	}{ID: "abc"}
	for text, want := range map[string]string{
		"{{.ID}}": "abc", "{{.Id}} {{.State.ExitCode}}": "abc 0", "{{json .State}}": `{"ExitCode":0}`,
	} {
		if got, err := Format(text, v); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	if _, err := Format("{{.Nope}}", v); err == nil || !strings.Contains(err.Error(), "Nope") {
		t.Error(err)
	}
}

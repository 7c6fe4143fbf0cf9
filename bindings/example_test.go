package bindings_test

import (
	"strings"
	"testing"

	"neap/bindings"
	"neap/lua/bind"
)

// unshown are the functions without an example, and why.
func unshown() map[string]string {
	return map[string]string{
		"images.pull":   "needs a registry; runtime/image tests it with one",
		"images.load":   "needs an archive; TestImages has one",
		"images.import": "needs a tar; TestImages has one",
		"images.save":   "needs a place; TestImages has one",
		"images.push":   "needs a registry; runtime/image tests it with one",
		"Image:remove":  "the examples share one image; TestImages removes one",
	}
}

type shown struct{ title, example string }

func everything(s *bindings.Surface) (all []shown) {
	for _, m := range s.Modules {
		for _, f := range m.Members() {
			all = append(all, shown{f.Title(m.Name), f.Example})
		}
	}
	for _, k := range s.Classes {
		d := bind.Describe(k)
		for _, f := range d.Methods {
			all = append(all, shown{f.Title(d.Name), f.Example})
		}
	}
	return all
}

func TestEveryFunctionHasAnExample(t *testing.T) {
	excused := unshown()
	for _, f := range everything(bindings.All(bindings.Runtime{})) {
		if _, ok := excused[f.title]; ok == (f.example != "") {
			t.Errorf("%s: it must have an example or an excuse, and not both", f.title)
		}
		delete(excused, f.title)
	}
	for title := range excused {
		t.Errorf("%s is excused and does not exist", title)
	}
}

func TestExamplesRun(t *testing.T) {
	if testing.Short() {
		t.Skip("there are hundreds, which are the same on every host")
	}
	open(t).examples(nil)
}

// unsimulated are the functions whose examples need a kernel, and why.
func unsimulated() map[string]string {
	return map[string]string{}
}

// TestExamplesRunInSimulation runs every example that needs no kernel.
func TestExamplesRunInSimulation(t *testing.T) { simulate(t).examples(unsimulated()) }

// examples runs all but those that are left out.
func (r *hall) examples(without map[string]string) {
	for _, f := range everything(bindings.All(bindings.Runtime{})) {
		if f.example == "" || without[f.title] != "" {
			continue
		}
		r.must("example of "+strings.ReplaceAll(f.title, ":", " "), f.example)
		r.clear()
	}
}

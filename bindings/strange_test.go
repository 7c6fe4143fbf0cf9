package bindings_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"neap/bindings"
	"neap/lua/bind"
	"neap/lua/host"
	"neap/runtime/engine"
)

// hollow nouns give objects that can do nothing: a call that gets past its
// arguments ends at a nil interface.
type (
	hollowContainers struct{ bindings.Containers }
	hollowImages     struct{ bindings.Images }
	hollowImage      struct{ bindings.Image }
	hollowVolumes    struct{ bindings.Volumes }
	hollowVolume     struct{ bindings.Volume }
	hollowNetworks   struct{ bindings.Networks }
	hollowNetwork    struct{ bindings.Network }
	hollowPorts      struct{ bindings.Ports }
)

func (hollowContainers) Get(context.Context, string) (bindings.Container, error) { return shed{}, nil }

func (hollowImages) Get(context.Context, string) (bindings.Image, error) { return hollowImage{}, nil }

func (hollowVolumes) Get(context.Context, string) (bindings.Volume, error) {
	return hollowVolume{}, nil
}

func (hollowNetworks) Get(context.Context, string) (bindings.Network, error) {
	return hollowNetwork{}, nil
}

func (hollowPorts) List(context.Context) ([]engine.PublishedPort, error) {
	return []engine.PublishedPort{{}}, nil
}

// driver calls a function with each strange value at each place, and under each
// key of its options.
const driver = `
local loop = {}; loop[1] = loop; loop.x = loop
local huge = ("x"):rep(1e6)
strange = { false, true, 0 / 0, 1 / 0, -1 / 0, -1, 0, 1.5, 2 ^ 53 + 1, -2 ^ 63, huge, "", "\0", "\255\254", "a\nb", "../..", loop, {}, { {} }, { loop },
  { [1.5] = 1 }, { [-1] = 1 }, { nil, "x" }, { a = loop }, function() end, function() error("no") end, coroutine.create(function() end),
  containers, io.stdout, print, containers.get("a"), images.get("a"), re("a") }

local function judge(title, err)
  assert(type(err) == "userdata", title .. ": a plain error: " .. tostring(err):sub(1, 200))
  if err.kind == "invalid" then
    local text = tostring(err)
    assert(#text > 0 and #text < 5000, title .. ": what is wrong is told in " .. #text .. " bytes")
  end
end

function attack(title, call, places, keys)
  local function once(...)
    local ok, err = pcall(call, ...)
    if not ok then judge(title, err) end
  end
  once()
  for _, s in ipairs(strange) do
    for place = 1, places + 1 do
      local args = {}
      args[place] = s
      once(unpack(args, 1, place))
      for i = 1, place - 1 do args[i] = "a" end
      once(unpack(args, 1, place))
    end
    for _, key in ipairs(keys) do
      once({ "a", [key] = s })
      once("a", { [key] = s })
      once("a", "a", { [key] = s })
      once({ [key] = { s } })
      once({ [key] = { a = s } })
    end
  end
end
`

// TestStrangeArguments gives every bound function what none wants, by its
// declaration: an error, and no panic before the arguments have been read.
func TestStrangeArguments(t *testing.T) {
	var out bytes.Buffer
	surface := bindings.All(bindings.Runtime{
		Nouns:    bindings.Nouns{Containers: hollowContainers{}, Images: hollowImages{}, Volumes: hollowVolumes{}, Networks: hollowNetworks{}, Ports: hollowPorts{}},
		Terminal: paper{&bytes.Buffer{}},
	})
	h, err := host.New(host.Options{Modules: surface.Modules, Classes: surface.Classes, Stdout: &out, Panic: func(what string, value any, stack []byte) {
		if !reached(fmt.Sprint(value), string(stack)) {
			t.Errorf("panic in %s: %v\n%s", what, value, stack)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if err := h.RunString(ctx, "driver", driver, nil); err != nil {
		t.Fatal(h.Explain(err))
	}
	for _, src := range attacks(surface, h.State().Classes()) {
		if err := h.RunString(ctx, "attack", src, nil); err != nil {
			t.Errorf("%s%s", h.Explain(err), src)
		}
	}
}

// attacks are chunks that call each function, of modules and of objects.
func attacks(s *bindings.Surface, classes []bind.ClassDoc) (all []string) {
	for _, m := range s.Modules {
		for _, f := range m.Members() {
			if m.Name != "" {
				all = append(all, attackOn(f.Title(m.Name), m.Name+"."+f.Name, f))
			}
		}
	}
	subjects := map[string]string{
		"Container": `containers.get("a")`, "Image": `images.get("a")`, "Volume": `volumes.get("a")`, "Network": `networks.get("a")`, "Port": `ports.list()[1]`,
	}
	for _, c := range classes {
		subject, ok := subjects[c.Name]
		for _, f := range c.Methods {
			if ok {
				all = append(all, attackOn(f.Title(c.Name), fmt.Sprintf("function(...) return %s:%s(...) end", subject, f.Name), f))
			}
		}
	}
	return all
}

func attackOn(title, call string, f *bind.Func) string {
	var keys []string
	for _, p := range f.Params {
		for _, k := range p.Keys {
			keys = append(keys, fmt.Sprintf("%q", k.Name))
		}
	}
	return fmt.Sprintf("attack(%q, %s, %d, { %s })", title, call, len(f.Params), strings.Join(keys, ", "))
}

// reached says whether a panic comes from a hollow noun: the arguments were
// good, and the doorway called it.
func reached(value, stack string) bool {
	if !strings.Contains(value, "nil pointer") {
		return false
	}
	_, after, _ := strings.Cut(stack, "\npanic(")
	frame := regexp.MustCompile(`(?m)^neap/\S+`).FindString(after)
	return strings.HasPrefix(frame, "neap/bindings")
}

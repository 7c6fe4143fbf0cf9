package bind

import (
	"context"
	"regexp"

	"neap/runtime/fault"
)

var regexpClass = makeRegexpClass()

// RegexpClass is the class of what re("…") returns.
func RegexpClass() *Class[*regexp.Regexp] { return regexpClass }

// Expression is how re reads a pattern.
type Expression struct {
	Literal, IgnoreCase, Multiline bool
}

// ExpressionOptions are the options of re.
func ExpressionOptions() *Record[Expression] {
	return &Record[Expression]{
		Name: "ReOptions", Doc: "how to read it",
		Keys: []Key[Expression]{
			K("literal", Bool, "every character stands for itself", func(e *Expression) *bool { return &e.Literal }),
			K("ignore_case", Bool, "capital and small letters are alike", func(e *Expression) *bool { return &e.IgnoreCase }),
			K("multiline", Bool, "^ and $ stand for the ends of lines too", func(e *Expression) *bool { return &e.Multiline }),
		},
	}
}

// Compile makes a regular expression of the RE2 syntax.
func Compile(_ context.Context, pattern string, e Expression) (*regexp.Regexp, error) {
	if e.Literal {
		pattern = regexp.QuoteMeta(pattern)
	}
	if e.IgnoreCase {
		pattern = "(?i)" + pattern
	}
	if e.Multiline {
		pattern = "(?m)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", err)
	}
	return re, nil
}

func makeRegexpClass() *Class[*regexp.Regexp] {
	k := NewClass[*regexp.Regexp]("Regexp", "A regular expression.")
	k.Fill = func() { fillRegexp(k) }
	return k
}

func fillRegexp(k *Class[*regexp.Regexp]) {
	k.Text = func(re *regexp.Regexp) string { return re.String() }
	k.Same = func(a, b *regexp.Regexp) bool { return a.String() == b.String() }
	text := Req("text", Text, "where to look")
	k.Methods = []Method[*regexp.Regexp]{
		Method1("test", "Whether a text has a match.", text, Returns(Bool, "yes or no"),
			func(_ context.Context, re *regexp.Regexp, text string) (bool, error) {
				return re.MatchString(text), nil
			}).
			With(`assert(re("^a+$"):test("aaa"))`),
		Method1("match", "The first match in a text: a list of the whole and its groups, or nil.",
			text, Returns(Ptr(Strings), "the match"),
			func(_ context.Context, re *regexp.Regexp, text string) (*[]string, error) {
				found := re.FindStringSubmatch(text)
				if found == nil {
					return nil, nil
				}
				return &found, nil
			}).With(`assert(re("(\\w+)@(\\w+)"):match("a@b")[3] == "b")`),
		Method1("groups", "The named groups of the first match, or nil: (?P<name>…).", text, Returns(Ptr(Map), "a table"), groups).
			With(`assert(re("(?P<key>\\w+)=(?P<value>.*)"):groups("a=1").value == "1")`),
		Method2("find", "Where the first match begins and ends, as string.find has it, or nil.", text, Opt("init", Int, 1, "where to begin"),
			Returns2("first", Ptr(Int), "last", Ptr(Int), "its bytes"), find).
			With(`assert(re("b+"):find("abbc") == 2)`),
		Method1("find_all", "All matches in a text.", text, Returns(Strings, "them"),
			func(_ context.Context, re *regexp.Regexp, text string) ([]string, error) {
				return re.FindAllString(text, -1), nil
			}).With(`assert(#re("[0-9]+"):find_all("1 22 333") == 3)`),
		Method2("split", "The parts of a text between matches.", text, Opt("most", Int, -1, "how many parts at most; -1 for all"), Returns(Strings, "them"),
			func(_ context.Context, re *regexp.Regexp, text string, most int) ([]string, error) {
				return re.Split(text, most), nil
			}).With(`assert(re(",\\s*"):split("a, b,c")[3] == "c")`),
		Method2("replace", "The text with every match replaced; $1 is the first group.",
			text, Req("with", Text, "what to put there"), Returns(String, "the new text"),
			func(_ context.Context, re *regexp.Regexp, text, with string) (string, error) {
				return re.ReplaceAllString(text, with), nil
			}).With(`assert(re("(a)(b)"):replace("ab", "$2$1") == "ba")`),
	}
}

func groups(_ context.Context, re *regexp.Regexp, text string) (*map[string]string, error) {
	found := re.FindStringSubmatch(text)
	if found == nil {
		return nil, nil
	}
	named := map[string]string{}
	for i, name := range re.SubexpNames() {
		if name != "" {
			named[name] = found[i]
		}
	}
	return &named, nil
}

func find(_ context.Context, re *regexp.Regexp, text string, init int) (p Pair[*int, *int], err error) {
	if init < 0 {
		init = max(len(text)+init+1, 1)
	}
	from := max(init, 1) - 1
	if from > len(text) {
		return p, nil
	}
	at := re.FindStringIndex(text[from:])
	if at == nil {
		return p, nil
	}
	first, last := from+at[0]+1, from+at[1]
	return Pair[*int, *int]{A: &first, B: &last}, nil
}

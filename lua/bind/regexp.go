package bind

import (
	"context"
	"regexp"

	"neap/runtime/fault"
)

var regexpClass = makeRegexpClass()

// RegexpClass is the class of what re("…") returns.
func RegexpClass() *Class[*regexp.Regexp] { return regexpClass }

// Compile makes a regular expression of the RE2 syntax.
func Compile(_ context.Context, pattern string) (*regexp.Regexp, error) {
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
	k.Methods = []Method[*regexp.Regexp]{
		Method1("match", "The first match in a text: a list of the whole and its groups, or nil.",
			Req("text", Text, "where to look"), Returns(Ptr(Strings), "the match"),
			func(_ context.Context, re *regexp.Regexp, text string) (*[]string, error) {
				found := re.FindStringSubmatch(text)
				if found == nil {
					return nil, nil
				}
				return &found, nil
			}),
		Method1("find_all", "All matches in a text.", Req("text", Text, "where to look"), Returns(Strings, "them"),
			func(_ context.Context, re *regexp.Regexp, text string) ([]string, error) {
				return re.FindAllString(text, -1), nil
			}),
		Method2("replace", "The text with every match replaced; $1 is the first group.",
			Req("text", Text, "where to look"), Req("with", Text, "what to put there"), Returns(String, "the new text"),
			func(_ context.Context, re *regexp.Regexp, text, with string) (string, error) {
				return re.ReplaceAllString(text, with), nil
			}),
	}
}

package bind

import "context"

// Consent asks whoever sits at a terminal before a verb changes several objects.
// An error says no, and is raised. It may be called from several goroutines.
type Consent func(ctx context.Context, verb, noun string, objects []string) error

type consentKey struct{}

// WithConsent makes bulk verbs ask. Scripts are not asked.
func WithConsent(ctx context.Context, ask Consent) context.Context {
	return context.WithValue(ctx, consentKey{}, ask)
}

// agreed asks, where somebody is there to be asked.
func (k *Class[S]) agreed(ctx context.Context, m Method[S], objects []any) error {
	ask, _ := ctx.Value(consentKey{}).(Consent)
	if ask == nil || !m.Mutates || len(objects) == 0 {
		return nil
	}
	names := make([]string, len(objects))
	for i, s := range objects {
		names[i] = k.text(s.(S))
	}
	return ask(ctx, m.Name, k.noun(), names)
}

package store

import "context"

type glanceKey struct{}

// Glance is ctx for who only looks: what makes the next look cheaper, as notes
// and what is made at the first need, is left undone, so that all files stay as
// they are.
func Glance(ctx context.Context) context.Context { return context.WithValue(ctx, glanceKey{}, true) }

// Glancing says whether who asks only looks.
func Glancing(ctx context.Context) bool { return ctx.Value(glanceKey{}) != nil }

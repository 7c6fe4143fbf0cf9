package plan

import "context"

// shown is what a recording shows of a thing, or one around it does; nil if the
// thing is as it is.
func shown[S any](ctx context.Context, known func(*recording) *S) (*recording, *S) {
	r := recordingOf(ctx)
	for at := r; at != nil; at = at.outer {
		if s := known(at); s != nil {
			return r, s
		}
	}
	return r, nil
}

// got is what find finds in a recording, else the error of get, which names what
// is near, else that the plan removes it.
func got[H comparable](ctx context.Context, r *recording, kind, ref string, find, get func(context.Context, string) (H, error)) (h H, err error) {
	var none H
	h, err = find(ctx, ref)
	if err != nil || h != none {
		return h, err
	}
	if _, err := get(r.under(ctx), ref); err != nil {
		return none, err
	}
	return none, gone("find "+kind, ref)
}

// snapshot is a copy of a shadow, for who reads it while others change it.
func snapshot[S any](s *S) *S {
	if s == nil {
		return nil
	}
	same := *s
	return &same
}

package store

import "context"

// rehearsing is the key of contexts of rehearsals.
type rehearsing struct{}

// Rehearse returns a context with which methods that change something tell what would become of it, and change nothing: what they wrote is undone. What one call
// would have changed, the next one does not see.
func Rehearse(ctx context.Context) context.Context { return context.WithValue(ctx, rehearsing{}, true) }

// IsRehearsal tells whether a context is one that Rehearse made.
func IsRehearsal(ctx context.Context) bool { return ctx.Value(rehearsing{}) != nil }

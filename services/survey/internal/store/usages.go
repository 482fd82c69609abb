package store

import "context"

// Usages counts what is stored.
type Usages interface {
	// CountUsage counts what was stored since it was called last, up to a number of positions, and tells whether there is more to count.
	CountUsage(ctx context.Context, positions int64) (more bool, err error)
	// GetUsage returns what is stored of an organisation, as of the last count.
	GetUsage(ctx context.Context, organization string) (Usage, error)
	// Progress returns a number that SetProgress stored under a name; 0 when there is none.
	Progress(ctx context.Context, name string) (int64, error)
	// SetProgress stores how far something has come.
	SetProgress(ctx context.Context, name string, position int64) error
}

// Usage is how much is stored.
type Usage struct {
	// Submissions are responses and refusals, Bytes the size of their bodies.
	Submissions, Bytes int64
}

package chore

import (
	"context"
	"errors"
)

// EachDue does everything that is due, at least batch at a time. due returns what is due, at most limit, that which is due longest first; do sees to it that it is not
// due any more. What fails stops nothing else: it is left out from then on by its key, and its error is told at the end.
func EachDue[T any, K comparable](
	ctx context.Context, batch int, due func(ctx context.Context, limit int) ([]T, error), key func(T) K, do func(ctx context.Context, one T) error,
) error {
	var errs []error
	failed := map[K]bool{}
	for {
		// Those that failed are due still, and come first.
		limit := batch + len(failed)
		found, err := due(ctx, limit)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, one := range found {
			if failed[key(one)] {
				continue
			}
			if err := do(ctx, one); err != nil {
				failed[key(one)] = true
				errs = append(errs, err)
			}
		}
		if len(found) < limit || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
}

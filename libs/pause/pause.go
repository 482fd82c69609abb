// Package pause waits without outstaying the caller.
package pause

import (
	"context"
	"time"
)

// For waits for d, or returns the error of ctx when that ends first. It does not wait at all when d is not positive.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Until waits until woken is closed or has something, for d at most, or returns the error of ctx when that ends first.
func Until(ctx context.Context, woken <-chan struct{}, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-woken:
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

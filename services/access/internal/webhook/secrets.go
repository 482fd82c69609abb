package webhook

import (
	"context"
	"errors"
	"fmt"
)

// associated binds a sealed secret to its webhook, so that it cannot be put in another's place.
func associated(w Ref) []byte { return []byte("webhook\x00" + w.Organization + "\x00" + w.ID) }

// SealSecret seals a secret of a webhook.
func SealSecret(s Sealer, w Ref, secret string) ([]byte, error) {
	sealed, err := s.Seal([]byte(secret), associated(w))
	if err != nil {
		return nil, fmt.Errorf("seal secret of webhook: %w", err)
	}
	return sealed, nil
}

// secrets are those by which messages are signed now, the newest first.
func (w *Worker) secrets(hook Webhook) ([]string, error) {
	all := [][]byte{hook.Secret}
	if len(hook.OldSecret) > 0 && w.Now().Before(hook.OldSecretEnd) {
		all = append(all, hook.OldSecret)
	}
	out := make([]string, len(all))
	for i, sealed := range all {
		plain, err := w.Sealer.Open(sealed, associated(hook.Ref))
		if err != nil {
			return nil, fmt.Errorf("open secret of webhook: %w", err)
		}
		out[i] = string(plain)
	}
	return out, nil
}

// keepHouse forgets old deliveries.
func (w *Worker) keepHouse(ctx context.Context) error {
	now := w.Now()
	for {
		n, err := w.Queue.SweepDeliveries(ctx, now.Add(-keepDelivered), now.Add(-keepFailed), sweepLimit)
		if err != nil || n < sweepLimit {
			return err
		}
	}
}

// rewrapPage is how many webhooks are looked at together.
const rewrapPage = 100

// Ring seals secrets at rest by the first of several keys (libs/seal.Ring).
type Ring interface {
	Sealer
	// First is the identifier of the key that seals.
	First() string
}

// Rotation seals secrets anew after another key has become the first.
type Rotation struct {
	Queue Queue
	Ring  Ring
	// KeyOf tells by which key a text was sealed.
	KeyOf func(sealed []byte) (string, error)
}

// Outdated counts the secrets that were sealed by others than the first key, by key.
func (r Rotation) Outdated(ctx context.Context) (map[string]int64, error) {
	left := make(map[string]int64)
	err := r.each(ctx, func(hook Webhook) error {
		for _, text := range [][]byte{hook.Secret, hook.OldSecret} {
			if len(text) == 0 {
				continue
			}
			key, err := r.KeyOf(text)
			if err != nil {
				return fmt.Errorf("read key of webhook %s: %w", hook.ID, err)
			}
			if key != r.Ring.First() {
				left[key]++
			}
		}
		return nil
	})
	return left, err
}

// Rotate seals secrets by the first key and tells of how many webhooks. A secret that cannot be opened stays as it is and makes an error in the end.
func (r Rotation) Rotate(ctx context.Context) (int, error) {
	n := 0
	err := r.each(ctx, func(hook Webhook) error {
		changed, err := r.rewrap(ctx, hook)
		if changed {
			n++
		}
		return err
	})
	return n, err
}

// each calls fn with every webhook. Errors of fn are gathered.
func (r Rotation) each(ctx context.Context, fn func(Webhook) error) error {
	var failed error
	var after Ref
	for {
		page, err := r.Queue.ListSealed(ctx, after, rewrapPage)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, hook := range page {
			after = hook.Ref
			failed = errors.Join(failed, fn(hook))
		}
		if len(page) < rewrapPage {
			return failed
		}
	}
}

func (r Rotation) rewrap(ctx context.Context, hook Webhook) (bool, error) {
	sealed := [2][]byte{hook.Secret, hook.OldSecret}
	changed := false
	for i, text := range sealed {
		if len(text) == 0 {
			continue
		}
		key, err := r.KeyOf(text)
		if err != nil {
			return false, fmt.Errorf("read key of webhook %s: %w", hook.ID, err)
		}
		if key == r.Ring.First() {
			continue
		}
		plain, err := r.Ring.Open(text, associated(hook.Ref))
		if err != nil {
			return false, fmt.Errorf("open secret of webhook %s: %w", hook.ID, err)
		}
		if sealed[i], err = r.Ring.Seal(plain, associated(hook.Ref)); err != nil {
			return false, fmt.Errorf("seal secret of webhook %s: %w", hook.ID, err)
		}
		changed = true
	}
	if !changed {
		return false, nil
	}
	return true, r.Queue.ReplaceSealed(ctx, hook, sealed[0], sealed[1])
}

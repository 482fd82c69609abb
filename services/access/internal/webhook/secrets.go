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

// Rewrap seals secrets anew that were sealed by another key than the first of the ring, and tells how many; keyOf tells by which key a text was
// sealed. It is for whoever rotates key-encryption keys. A secret that cannot be opened stays as it is and makes an error in the end.
func Rewrap(ctx context.Context, queue Queue, sealer Sealer, first string, keyOf func(sealed []byte) (string, error)) (int, error) {
	n := 0
	var failed error
	var after Ref
	for {
		page, err := queue.ListSealed(ctx, after, rewrapPage)
		if err != nil {
			return n, errors.Join(failed, err)
		}
		for _, hook := range page {
			after = hook.Ref
			changed, err := rewrap(ctx, queue, sealer, hook, first, keyOf)
			failed = errors.Join(failed, err)
			if changed {
				n++
			}
		}
		if len(page) < rewrapPage {
			return n, failed
		}
	}
}

func rewrap(ctx context.Context, queue Queue, sealer Sealer, hook Webhook, first string, keyOf func([]byte) (string, error)) (bool, error) {
	sealed := [2][]byte{hook.Secret, hook.OldSecret}
	changed := false
	for i, text := range sealed {
		if len(text) == 0 {
			continue
		}
		key, err := keyOf(text)
		if err != nil {
			return false, fmt.Errorf("read key of webhook %s: %w", hook.ID, err)
		}
		if key == first {
			continue
		}
		plain, err := sealer.Open(text, associated(hook.Ref))
		if err != nil {
			return false, fmt.Errorf("open secret of webhook %s: %w", hook.ID, err)
		}
		if sealed[i], err = sealer.Seal(plain, associated(hook.Ref)); err != nil {
			return false, fmt.Errorf("seal secret of webhook %s: %w", hook.ID, err)
		}
		changed = true
	}
	if !changed {
		return false, nil
	}
	return true, queue.ReplaceSealed(ctx, hook, sealed[0], sealed[1])
}

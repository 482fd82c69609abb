package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/store"
)

// rotateBatch is how many keys are wrapped anew in one transaction: few, so that nobody waits for it.
const rotateBatch = 200

// Outdated counts the keys that each key-encryption key but the first wraps, without those of which there are none. What it does not name can be
// taken out of the configuration.
func (v *Vault) Outdated(ctx context.Context) (map[string]int64, error) {
	keks, err := v.others(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, kek := range keks {
		n, err := v.store.CountWrapped(ctx, kek, countMost)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			counts[kek] = n
		}
	}
	return counts, nil
}

// others names the key-encryption keys that something may be wrapped by, but the first of the ring.
func (v *Vault) others(ctx context.Context) ([]string, error) {
	checks, err := v.store.ListVaultKeys(ctx, store.CheckKey)
	if err != nil {
		return nil, err
	}
	var keks []string
	for _, check := range checks {
		if check.ID != v.ring.First() {
			keks = append(keks, check.ID)
		}
	}
	return keks, nil
}

// Rotate wraps by the first key what is wrapped by others, and tells how many keys those were. What cannot be unwrapped is left as it is and part
// of the error; a key-encryption key that another process has and this one has not is none of its business.
func (v *Vault) Rotate(ctx context.Context) (int, error) {
	keks, err := v.others(ctx)
	if err != nil {
		return 0, err
	}
	done := 0
	var errs []error
	for _, kek := range keks {
		n, err := v.rotateFrom(ctx, kek)
		done += n
		if err != nil && !errors.Is(err, seal.ErrNoKey) {
			errs = append(errs, fmt.Errorf("wrap anew what is wrapped by %q: %w", kek, err))
		}
	}
	return done, errors.Join(errs...)
}

func (v *Vault) rotateFrom(ctx context.Context, kek string) (int, error) {
	done := 0
	for {
		rows, err := v.store.ListWrapped(ctx, kek, rotateBatch)
		if err != nil || len(rows) == 0 {
			return done, err
		}
		for i := range rows {
			secret, err := v.unwrap(rows[i])
			if err != nil {
				return done, err
			}
			if err := v.wrap(&rows[i], secret); err != nil {
				return done, err
			}
		}
		if err := v.store.RewrapKeys(ctx, kek, rows); err != nil {
			return done, err
		}
		done += len(rows)
	}
}

// Package vault gives out the keys that personal data is sealed with, keeps them wrapped by key-encryption keys, and destroys them.
package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/store"
)

// The errors of Open, which end the start: without its keys the vault would make what is sealed unreadable while looking sound.
var (
	// ErrKeyMissing tells that keys are wrapped by a key-encryption key that the configuration does not name.
	ErrKeyMissing = errors.New("a key-encryption key is missing")
	// ErrKeyChanged tells that the configuration holds another key-encryption key of the same name.
	ErrKeyChanged = errors.New("a key-encryption key is another than it was")
)

// Vault keeps keys. It is a seal.Vault. Safe for concurrent use.
type Vault struct {
	store store.Vault
	ring  *seal.Ring
	now   func() time.Time
}

var _ seal.Vault = (*Vault)(nil)

// Open makes a vault and makes sure that the ring holds every key-encryption key that keys are wrapped by, and each unchanged. Errors:
// ErrKeyMissing, ErrKeyChanged, both with the name of the key at fault; those of the store.
func Open(ctx context.Context, s store.Vault, ring *seal.Ring, now func() time.Time) (*Vault, error) {
	v := &Vault{store: s, ring: ring, now: now}
	if err := v.introduce(ctx); err != nil {
		return nil, err
	}
	checks, err := s.ListVaultKeys(ctx, store.CheckKey)
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	for _, id := range ring.IDs() {
		held[id] = true
	}
	for _, check := range checks {
		if held[check.ID] {
			_, err = ring.Open(check.Body, associated(check))
			if errors.Is(err, seal.ErrOpen) {
				return nil, fmt.Errorf("%w: %q: give the key back that had this name, and give the new one a name of its own", ErrKeyChanged, check.ID)
			}
		} else {
			err = v.refuseIfUsed(ctx, check.ID)
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

// introduce remembers how to know the first key again, before anything is wrapped by it.
func (v *Vault) introduce(ctx context.Context) error {
	check := store.WrappedKey{Kind: store.CheckKey, ID: v.ring.First()}
	if err := v.wrap(&check, []byte(check.ID)); err != nil {
		return err
	}
	return v.store.AddVaultKeys(ctx, []store.WrappedKey{check})
}

// countMost bounds what is counted for a message.
const countMost = 1_000_000

func (v *Vault) refuseIfUsed(ctx context.Context, kek string) error {
	n, err := v.store.CountWrapped(ctx, kek, countMost)
	if err != nil || n == 0 {
		return err
	}
	return fmt.Errorf("%w: %q, by which %d keys are wrapped: name it after the first in access.vault.keys until none is left", ErrKeyMissing, kek, n)
}

// Used tells whether anything was ever wrapped: a new key-encryption key may be made up only while nothing was.
func Used(ctx context.Context, s store.Vault) (bool, error) {
	checks, err := s.ListVaultKeys(ctx, store.CheckKey)
	return len(checks) > 0, err
}

// associated says where a wrapped key belongs, so that it opens nowhere else.
func associated(k store.WrappedKey) []byte { return fmt.Appendf(nil, "vault/%d/%s", k.Kind, k.ID) }

// wrap sets KEK and Body.
func (v *Vault) wrap(k *store.WrappedKey, secret []byte) error {
	body, err := v.ring.Seal(secret, associated(*k))
	if err != nil {
		return fmt.Errorf("wrap key: %w", err)
	}
	k.KEK, k.Body = v.ring.First(), body
	return nil
}

func (v *Vault) unwrap(k store.WrappedKey) ([]byte, error) {
	secret, err := v.ring.Open(k.Body, associated(k))
	if err != nil {
		return nil, fmt.Errorf("unwrap key %s, wrapped by %q: %w", k.ID, k.KEK, err)
	}
	return secret, nil
}

// Lease makes n keys that nobody else gets. They are durable when it returns.
func (v *Vault) Lease(ctx context.Context, n int) ([]seal.Key, error) {
	keys, rows := make([]seal.Key, n), make([]store.WrappedKey, n)
	now := v.now()
	for i := range keys {
		keys[i] = seal.NewKey(now)
		rows[i] = store.WrappedKey{Kind: store.PersonKey, ID: keys[i].ID}
		if err := v.wrap(&rows[i], keys[i].Secret); err != nil {
			return nil, err
		}
	}
	if err := v.store.AddVaultKeys(ctx, rows); err != nil {
		return nil, err
	}
	return keys, nil
}

// Get returns keys in any order, without those that were destroyed.
func (v *Vault) Get(ctx context.Context, ids []string) ([]seal.Key, error) {
	rows, err := v.store.GetVaultKeys(ctx, store.PersonKey, ids)
	if err != nil {
		return nil, err
	}
	keys := make([]seal.Key, len(rows))
	for i, row := range rows {
		secret, err := v.unwrap(row)
		if err != nil {
			return nil, err
		}
		keys[i] = seal.Key{ID: row.ID, Secret: secret}
	}
	return keys, nil
}

// Destroy destroys keys for ever and tells how many there were.
func (v *Vault) Destroy(ctx context.Context, ids []string) (int, error) {
	return v.store.DestroyVaultKeys(ctx, store.PersonKey, ids)
}

// PseudonymKey returns the organisation's key for pseudonyms, made at the first call. It never changes.
func (v *Vault) PseudonymKey(ctx context.Context, organization string) ([]byte, error) {
	for made := false; ; made = true {
		rows, err := v.store.GetVaultKeys(ctx, store.PseudonymKey, []string{organization})
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			return v.unwrap(rows[0])
		}
		if made {
			return nil, errors.New("get key for pseudonyms: it was stored and is not there")
		}
		secret := make([]byte, seal.KeyBytes)
		// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
		_, _ = rand.Read(secret)
		row := store.WrappedKey{Kind: store.PseudonymKey, ID: organization}
		if err := v.wrap(&row, secret); err != nil {
			return nil, err
		}
		// Of several who make it at once the first wins: all read what is stored.
		if err := v.store.AddVaultKeys(ctx, []store.WrappedKey{row}); err != nil {
			return nil, err
		}
	}
}

// Pseudonym is the pseudonym of a person in an organisation.
func (v *Vault) Pseudonym(ctx context.Context, organization, respondent string) (string, error) {
	key, err := v.PseudonymKey(ctx, organization)
	if err != nil {
		return "", err
	}
	return seal.Pseudonym(key, respondent), nil
}

// String keeps keys out of logs.
func (v *Vault) String() string { return "vault with " + strings.Join(v.ring.IDs(), ", ") }

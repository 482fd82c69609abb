package erasure

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/seal"
)

// whose says where a sealed respondent belongs.
func whose(e Erasure) []byte { return []byte("erasure/" + e.Organization + "/" + e.ID) }

// SealRespondent seals who is to be erased with a key of the erasure's own, which is destroyed at its end.
func SealRespondent(ctx context.Context, vault seal.Vault, e *Erasure, respondent string) error {
	keys, err := vault.Lease(ctx, 1)
	if err != nil {
		return fmt.Errorf("lease key of erasure: %w", err)
	}
	if len(keys) != 1 {
		return errors.New("lease key of erasure: the vault gave none")
	}
	e.Sealed, err = seal.Seal(keys[0], []byte(respondent), whose(*e))
	return err
}

// respondent is who is to be erased.
func respondent(ctx context.Context, vault seal.Vault, e Erasure) (string, error) {
	id, err := seal.KeyID(e.Sealed)
	if err != nil {
		return "", fmt.Errorf("read respondent of erasure: %w", err)
	}
	keys, err := vault.Get(ctx, []string{id})
	if err != nil {
		return "", fmt.Errorf("get key of erasure: %w", err)
	}
	if len(keys) == 0 {
		return "", fmt.Errorf("get key of erasure: %w", seal.ErrDestroyed)
	}
	text, err := seal.Open(keys[0], e.Sealed, whose(e))
	return string(text), err
}

// Forget destroys the erasure's own key, after which nobody can tell who it was.
func Forget(ctx context.Context, vault seal.Vault, e Erasure) error {
	if len(e.Sealed) == 0 {
		return nil
	}
	id, err := seal.KeyID(e.Sealed)
	if err != nil {
		return fmt.Errorf("read respondent of erasure: %w", err)
	}
	_, err = vault.Destroy(ctx, []string{id})
	return err
}

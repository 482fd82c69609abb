package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	// exchangeInterval is how often is looked whether the vault is the one that it was.
	exchangeInterval = 10 * time.Second
	// exchangeRetryAfter is when it is worth while to try again: somebody has to restore a database.
	exchangeRetryAfter = time.Minute
)

// knownVault is a vault that is held to be the one by which persons were made unknown and their words sealed. With another one, such as a new one in
// place of one that was lost, everybody would be a stranger: nothing would be found of persons, and what is sealed would look as if it had been erased.
// So nothing is asked of another one.
type knownVault struct {
	seal.Vault
	notes store.Vaults
	log   *slog.Logger
	// state is what was found at the last look.
	state atomic.Int32
}

const (
	vaultUnknown int32 = iota
	vaultKnown
	vaultExchanged
)

// exchanged is the error of what needs the vault that is gone.
func exchanged() *rpcerr.Error {
	return refuse(codes.Unavailable, surveyv1.ErrorReason_ERROR_REASON_VAULT_EXCHANGED,
		"the access service has another vault than the one by which persons were made unknown: its database was lost or exchanged; restore the access database",
		rpcerr.WithRetryAfter(exchangeRetryAfter), rpcerr.WithCause(seal.ErrExchanged))
}

// refusal is the error of a vault that was found to be another one.
func (v *knownVault) refusal() error {
	if v.state.Load() == vaultExchanged {
		return exchanged()
	}
	return nil
}

// look finds out whether the vault is the one that it was. It errs when that cannot be told.
func (v *knownVault) look(ctx context.Context) error {
	organization, noted, err := v.notes.AnyVault(ctx)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrOutdated) {
		return nil // nobody was made unknown yet, or there is no place to note by which
	}
	if err != nil {
		return err
	}
	key, err := v.Vault.PseudonymKey(ctx, organization)
	if err != nil {
		return err
	}
	state := vaultKnown
	if !bytes.Equal(noted, vaultFingerprint(key)) {
		state = vaultExchanged
	}
	switch before := v.state.Swap(state); {
	case state == vaultExchanged && before != state:
		v.log.ErrorContext(ctx, "the vault is another one than it was: nobody is found, and nothing is sealed, exported or erased before the access database is restored")
	case state == vaultKnown && before == vaultExchanged:
		v.log.InfoContext(ctx, "the vault is the one that it was again")
	}
	return nil
}

// watch looks from time to time. That the vault is away others say.
func (v *knownVault) watch(ctx context.Context) error {
	if err := v.look(ctx); err != nil {
		v.log.DebugContext(ctx, "it cannot be told whether the vault is the one that it was", slog.Any("error", err))
	}
	return nil
}

// sure looks, unless that was done.
func (v *knownVault) sure(ctx context.Context) error {
	if v.state.Load() == vaultUnknown {
		if err := v.look(ctx); err != nil {
			return err
		}
	}
	return v.refusal()
}

// PseudonymKey implements seal.Vault.
func (v *knownVault) PseudonymKey(ctx context.Context, organization string) ([]byte, error) {
	key, err := v.Vault.PseudonymKey(ctx, organization)
	if err != nil {
		return nil, err
	}
	own := vaultFingerprint(key)
	noted, err := v.notes.NoteVault(ctx, organization, own)
	if errors.Is(err, store.ErrOutdated) {
		return key, nil
	}
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(noted, own) {
		return nil, exchanged()
	}
	return key, nil
}

// Lease implements seal.Vault.
func (v *knownVault) Lease(ctx context.Context, n int) ([]seal.Key, error) {
	if err := v.sure(ctx); err != nil {
		return nil, err
	}
	return v.Vault.Lease(ctx, n)
}

// Get implements seal.Vault.
func (v *knownVault) Get(ctx context.Context, ids []string) ([]seal.Key, error) {
	if err := v.sure(ctx); err != nil {
		return nil, err
	}
	return v.Vault.Get(ctx, ids)
}

// Destroy implements seal.Vault.
func (v *knownVault) Destroy(ctx context.Context, ids []string) (int, error) {
	if err := v.sure(ctx); err != nil {
		return 0, err
	}
	return v.Vault.Destroy(ctx, ids)
}

// vaultFingerprint tells keys for pseudonyms apart, and nothing about them.
func vaultFingerprint(key []byte) []byte { return fingerprint([]byte("vault\x00"), key) }

// Ready tells whether the vault is the one by which persons were made unknown, as far as it was looked at.
func (s *Server) Ready() error {
	if s.vault.refusal() == nil {
		return nil
	}
	return unready{exchanged()}
}

// unready is why the service is not ready, with words for everybody who looks at its health.
type unready struct{ cause *rpcerr.Error }

// Error implements error.
func (e unready) Error() string { return e.cause.Error() }

// Unwrap is for errors.As.
func (e unready) Unwrap() error { return e.cause }

// Public is what is wrong and how to mend it.
func (e unready) Public() string { return e.cause.Message }

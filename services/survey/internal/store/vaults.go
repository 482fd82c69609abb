package store

import "context"

// Vaults remembers by the keys of which vault persons were made unknown and their words sealed.
type Vaults interface {
	// NoteVault remembers the fingerprint of the vault that an organisation uses, unless one is remembered, and returns what is remembered.
	NoteVault(ctx context.Context, organization string, fingerprint []byte) ([]byte, error)
	// AnyVault returns an organisation of which a fingerprint is remembered, with the fingerprint. Errors: ErrNotFound when there is none.
	AnyVault(ctx context.Context) (organization string, fingerprint []byte, err error)
}

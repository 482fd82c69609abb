package store

import "context"

// KeyKind is what a key of the vault is for. The numbers are stored: they never change.
type KeyKind uint8

// The kinds of keys.
const (
	// PersonKey seals what is kept of a person; its identifier is random.
	PersonKey KeyKind = 1
	// PseudonymKey makes the pseudonyms of an organisation, which is its identifier.
	PseudonymKey KeyKind = 2
	// CheckKey tells whether a key-encryption key is the one that it was; its identifier is that of the key-encryption key. It is no secret.
	CheckKey KeyKind = 3
)

// WrappedKey is a key as it is kept: encrypted.
type WrappedKey struct {
	Kind KeyKind
	ID   string
	// KEK is the key-encryption key that Body is sealed with.
	KEK  string
	Body []byte
}

// Vault keeps keys. They belong to no organisation: what is sealed with them does.
type Vault interface {
	// AddVaultKeys stores keys, all or none. Where one of the kind and identifier exists it stays as it is, as if it had been stored before. Calls that come
	// together may share a commit.
	AddVaultKeys(ctx context.Context, keys []WrappedKey) error
	// GetVaultKeys returns those of the keys that exist, in any order.
	GetVaultKeys(ctx context.Context, kind KeyKind, ids []string) ([]WrappedKey, error)
	// DestroyVaultKeys removes keys and tells how many there were. What the backend keeps of them is overwritten in its own time.
	DestroyVaultKeys(ctx context.Context, kind KeyKind, ids []string) (int, error)
	// ListVaultKeys returns all keys of a kind, in the order of their identifiers: for kinds of which there are few.
	ListVaultKeys(ctx context.Context, kind KeyKind) ([]WrappedKey, error)
	// ListWrapped returns keys of any kind but CheckKey that are wrapped by a key-encryption key, at most limit.
	ListWrapped(ctx context.Context, kek string, limit int) ([]WrappedKey, error)
	// CountWrapped counts keys of any kind but CheckKey that are wrapped by a key-encryption key, up to most.
	CountWrapped(ctx context.Context, kek string, most int64) (int64, error)
	// RewrapKeys replaces KEK and Body of those of the keys that are wrapped by another key-encryption key, from. Keys that were destroyed meanwhile
	// stay so.
	RewrapKeys(ctx context.Context, from string, keys []WrappedKey) error
}

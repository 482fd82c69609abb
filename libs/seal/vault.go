package seal

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Vault keeps keys of persons.
type Vault interface {
	// Lease makes n keys that nobody else gets. They are durable when it returns.
	Lease(ctx context.Context, n int) ([]Key, error)
	// Get returns keys in any order, without those that were destroyed. At most GetMax at a time.
	Get(ctx context.Context, ids []string) ([]Key, error)
	// Destroy destroys keys for ever and tells how many there were. At most GetMax at a time.
	Destroy(ctx context.Context, ids []string) (int, error)
	// PseudonymKey returns the organisation's key for pseudonyms, which never changes.
	PseudonymKey(ctx context.Context, organization string) ([]byte, error)
}

// GetMax is how many keys can be asked for, and destroyed, at a time.
const GetMax = 1000

// The errors of a Keeper.
var (
	// ErrDestroyed tells that the key was destroyed: what was sealed with it cannot be read any more.
	ErrDestroyed = errors.New("the key is destroyed")
	// ErrUnavailable tells that the vault is needed and cannot be asked. It is an *rpcerr.Error UNAVAILABLE with retry advice.
	ErrUnavailable error = rpcerr.New(codes.Unavailable, "VAULT_UNAVAILABLE", "the vault of keys cannot be asked", rpcerr.WithRetryAfter(unavailableRetryAfter))
	// ErrExchanged tells that the vault is another one than that whose keys are in use. Whoever returns it says so to callers: it passes as it is.
	ErrExchanged = errors.New("the vault is another one")
	// ErrKeeperClosed tells that the keeper was closed.
	ErrKeeperClosed error = rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down")
)

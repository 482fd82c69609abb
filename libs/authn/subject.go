package authn

import (
	"context"
	"time"
)

// Subject is somebody whom a token of an OpenID provider proves: a person, or a machine with client credentials. What the subject may do is
// told by whoever knows the members of the organisation, not by the provider.
type Subject struct {
	// Issuer is the provider, and ID the provider's identifier of the subject (claim `sub`).
	Issuer, ID string
	// Organization is the one that the configuration gives the provider.
	Organization string
	// VerifiedEmail is the address of the subject; empty unless the provider has verified it.
	VerifiedEmail string
	// Name is what the provider calls the subject; may be empty.
	Name string
	// Expires is when the token ends.
	Expires time.Time
}

// TokenVerifier tells whom a signed token proves. Its errors are *rpcerr.Error: UNAUTHENTICATED, always the same to the caller, or UNAVAILABLE
// when the keys of the provider are not at hand.
type TokenVerifier interface {
	VerifyToken(ctx context.Context, token string) (Subject, error)
}

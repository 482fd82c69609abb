package authn

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"
)

// Lookup tells whom the secret of that SHA-256 proves. Errors: UNAUTHENTICATED when nobody; UNAVAILABLE when it cannot be known at present.
type Lookup func(ctx context.Context, sha256 [sha256.Size]byte) (Principal, error)

// Resolver authenticates secrets that a source elsewhere knows (keys, sessions, one-time tokens), whose answers it remembers for seconds. A
// credential that was revoked there ends to work CacheOptions.Fresh later at the latest, as long as the source can be asked.
type Resolver struct {
	cache *cache[[sha256.Size]byte]
	uses  *Uses
}

var _ Authenticator = (*Resolver)(nil)

// NewResolver makes a resolver over lookup. uses, unless nil, is told which secrets are in use.
func NewResolver(lookup Lookup, uses *Uses, options CacheOptions) *Resolver {
	return &Resolver{cache: newCache(options, lookup), uses: uses}
}

// Authenticate returns whom the token proves.
func (r *Resolver) Authenticate(ctx context.Context, c Credential) (Principal, error) {
	if c.Token == "" {
		return Principal{}, ErrMissing
	}
	hash := hashToken(c.Token)
	p, noteUse, err := r.cache.find(ctx, hash)
	if err != nil {
		return Principal{}, err
	}
	now := r.cache.options.Now()
	if p.ended(now) {
		return Principal{}, ErrInvalid
	}
	if noteUse && r.uses != nil {
		r.uses.note(hash, now)
	}
	return p, nil
}

// ended tells whether the credential has ended, which the answers that are remembered may tell no more.
func (p *Principal) ended(now time.Time) bool {
	return !p.Expires.IsZero() && !now.Before(p.Expires)
}

// SubjectLookup tells which member a subject is, but for when the token ends, which it is not told; errors are as those of Lookup.
type SubjectLookup func(ctx context.Context, s Subject) (Principal, error)

// Subjects authenticates tokens that a provider of identities has signed. Who a subject is, is remembered as by a Resolver; the signature and the
// times of the token are checked each time.
type Subjects struct {
	verifier TokenVerifier
	cache    *cache[subjectKey]
}

var _ Authenticator = (*Subjects)(nil)

// subjectKey is all that the source is asked by, which leaves out when the token ends: somebody whose address was verified since must not get the
// answer from before.
type subjectKey struct {
	issuer, id, organization, email, name string
}

// NewSubjects makes an authenticator of signed tokens.
func NewSubjects(verifier TokenVerifier, lookup SubjectLookup, options CacheOptions) *Subjects {
	return &Subjects{verifier: verifier, cache: newCache(options, func(ctx context.Context, k subjectKey) (Principal, error) {
		return lookup(ctx, Subject{Issuer: k.issuer, ID: k.id, Organization: k.organization, VerifiedEmail: k.email, Name: k.name})
	})}
}

// Authenticate returns whom the token proves. What cannot be a signed token is not looked at.
func (s *Subjects) Authenticate(ctx context.Context, c Credential) (Principal, error) {
	if c.Token == "" {
		return Principal{}, ErrMissing
	}
	if strings.Count(c.Token, ".") != 2 {
		return Principal{}, ErrInvalid
	}
	subject, err := s.verifier.VerifyToken(ctx, c.Token)
	if err != nil {
		return Principal{}, err
	}
	p, _, err := s.cache.find(ctx, subjectKey{
		issuer: subject.Issuer, id: subject.ID, organization: subject.Organization, email: subject.VerifiedEmail, name: subject.Name,
	})
	if err != nil {
		return Principal{}, err
	}
	if !subject.Expires.IsZero() && (p.Expires.IsZero() || subject.Expires.Before(p.Expires)) {
		p.Expires = subject.Expires
	}
	// The verifier has checked the times of the token, with some leeway; here it is the member's that count.
	return p, nil
}

package store

import "context"

// Consents keeps what persons decided about the use of what is kept about them. Decisions never change.
type Consents interface {
	// RecordConsent stores a decision. With a request whose key was used before with an equal fingerprint it stores nothing and returns the decision of
	// that call with replayed=true; when that was erased since, the one that came now. Errors: ErrIDReused when the request's key was used with
	// another fingerprint; ErrOutdated.
	RecordConsent(ctx context.Context, c Consent, request Request) (stored Consent, replayed bool, err error)
	// ListConsents returns a person's decisions, those with the greatest identifiers first.
	ListConsents(ctx context.Context, organization string, person []byte, limit int) ([]Consent, error)
	// EraseConsents removes a person's decisions for an erasure, those that are sealed with one of these keys (nil: all), counts them and notes their keys,
	// and tells how many there were.
	EraseConsents(ctx context.Context, organization string, person []byte, erasure string, keys []string) (int, error)
}

// Consent is a decision as it is kept.
type Consent struct {
	Organization string
	// Person is the pseudonym of who decided.
	Person []byte
	// ID identifies it within the organisation; identifiers are in the order of time.
	ID string
	// Key is the key that the body is sealed with.
	Key string
	// Body is the decision itself.
	Body []byte
}

package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
)

// Credentials keeps keys, sessions, invitations and delegations, and finds them by the digests of their secrets.
type Credentials interface {
	Keys
	Sessions
	Invitations
	Delegations
	// Resolve returns what a secret belongs to, as it is after every change that was made before the call, ended or not: judging that is the
	// caller's. It is quick: one statement that walks indexes. Errors: ErrNotFound.
	Resolve(ctx context.Context, digest Digest) (Resolved, error)
	// NoteUse notes when secrets of keys were used; earlier times than those known, and secrets that are not known or not of keys, change nothing.
	NoteUse(ctx context.Context, uses []Use) error
	// SweepEnded removes secrets and invitations that ended before a time, at most limit of each, and tells how many were removed. Keys stay.
	SweepEnded(ctx context.Context, before time.Time, limit int) (int, error)
}

// Keys keeps the keys of programs.
type Keys interface {
	// CreateKey stores a new key with its secret under version 1. Errors: ErrExists.
	CreateKey(ctx context.Context, key Key, secret Secret) (Key, error)
	// GetKey returns a key with its secrets. Errors: ErrNotFound.
	GetKey(ctx context.Context, organization, id string) (Key, error)
	// ListKeys returns keys with their secrets, those created last first, and whether there are more.
	ListKeys(ctx context.Context, q Query) (keys []Key, more bool, err error)
	// UpdateKey stores Key and ExpireTime of a key over the version key.Version and returns it with the next version. Errors: ErrNotFound, ErrChanged,
	// the latter also when it was revoked.
	UpdateKey(ctx context.Context, key Key) (Key, error)
	// RotateKey gives a key of the version another secret and ends those before at a time, if they do not end earlier. Errors: ErrNotFound,
	// ErrChanged, the latter also when it was revoked.
	RotateKey(ctx context.Context, organization, id string, version int64, secret Secret, end time.Time) (Key, error)
	// RevokeKey ends a key for good: its secrets are forgotten. A revoked key stays as it is. Errors: ErrNotFound.
	RevokeKey(ctx context.Context, organization, id string, at time.Time) (Key, error)
}

// Sessions keeps sessions, which are known by their digests alone.
type Sessions interface {
	// CreateSession stores a session of an enabled member who still has the session's subject. Errors: ErrNotFound.
	CreateSession(ctx context.Context, session Session) error
	// EndSession forgets a session of the organisation. That there is none changes nothing.
	EndSession(ctx context.Context, organization string, digest Digest) error
}

// Invitations keeps what one-time tokens stand for.
type Invitations interface {
	// CreateInvitations stores invitations of one organisation with their secrets, all or none. Errors: *TakenError.
	CreateInvitations(ctx context.Context, invitations []NewInvitation) error
	// RevokeInvitation ends an invitation for good: its secret is forgotten. A revoked one stays as it is. Errors: ErrNotFound.
	RevokeInvitation(ctx context.Context, organization, id string, at time.Time) error
	// ListInvited returns up to limit invitations of a person in the order of their identifiers, after one of them.
	ListInvited(ctx context.Context, organization, person, after string, limit int) ([]Invitation, error)
}

// Delegations keeps secrets by which services act on behalf of somebody.
type Delegations interface {
	// CreateDelegation stores a secret that belongs to somebody else's key, to a member or to a key of the configuration until it ends. It is forgotten when the
	// member is deleted, disabled or becomes somebody else, and when the key is revoked. Errors: ErrNotFound when there is no such enabled member or no such key
	// that is not revoked.
	CreateDelegation(ctx context.Context, d Delegation) error
}

// Delegation is that a service acts on behalf of somebody.
type Delegation struct {
	Organization string
	// Kind is DelegatedKey, DelegatedMember or DelegatedStatic, Owner on whose behalf, For the name of what it is for.
	Kind       SecretKind
	Owner, For string

	Digest                 Digest
	CreateTime, ExpireTime time.Time
}

// Digest is the SHA-256 of a secret.
type Digest [32]byte

// Key is a key as it is kept.
type Key struct {
	Organization, ID string
	credential.Key
	// Version counts the changes from 1.
	Version int64
	// CreateTime is when it was made. ExpireTime, RevokeTime and LastUseTime are zero when there is none.
	CreateTime, ExpireTime, RevokeTime, LastUseTime time.Time
	// Secrets are its secrets, ended ones among them, those made last first.
	Secrets []KeySecret
}

// Secret is a secret to be stored.
type Secret struct {
	Digest Digest
	// Hint is its last characters.
	Hint       string
	CreateTime time.Time
}

// KeySecret is a secret of a key as it is kept.
type KeySecret struct {
	Hint       string
	CreateTime time.Time
	// ExpireTime and LastUseTime are zero when there is none.
	ExpireTime, LastUseTime time.Time
}

// Session is somebody's having logged in.
type Session struct {
	Organization, Member string
	// Subject is whom the provider vouched for.
	Subject                string
	Digest                 Digest
	CreateTime, ExpireTime time.Time
}

// Invitation is what a one-time token stands for.
type Invitation struct {
	Organization, ID string
	// Invitation is the invitation's identifier, Survey the survey's.
	Invitation, Survey string
	// Respondent is who was invited.
	Respondent credential.Sealed
	// RevokeTime is zero when it was not revoked.
	CreateTime, ExpireTime, RevokeTime time.Time
}

// NewInvitation is an invitation with the digest of its secret.
type NewInvitation struct {
	Invitation
	Digest Digest
}

// TakenError tells which invitation was there before.
type TakenError struct {
	// Index is that of the first one taken, in the order of the call.
	Index int
}

// Error says that it is taken.
func (*TakenError) Error() string { return "the invitation exists" }

// Unwrap returns ErrExists.
func (*TakenError) Unwrap() error { return ErrExists }

// Resolved is what a secret belongs to: exactly one of Key, Member, Invitation and Static is set.
type Resolved struct {
	// ExpireTime is when the secret ends; zero when it does not.
	ExpireTime time.Time
	// For names what a service acts for that has the secret by delegation; empty for every other secret.
	For string
	// Key is without its secrets.
	Key        *Key
	Member     *Member
	Invitation *Invitation
	Static     *StaticKey
}

// StaticKey is a key of the configuration, of which the store knows nothing else.
type StaticKey struct{ Organization, ID string }

// Use is that a secret was used.
type Use struct {
	Digest Digest
	Time   time.Time
}

// Query asks for a page of keys or members.
type Query struct {
	Organization string
	// Before is the place of the last item of the page before; zero for the first page.
	Before Place
	// Limit is the greatest number of items.
	Limit int
	// Bytes is the size of bodies after which no further item is added; one item is returned whatever its size.
	Bytes int
}

// Place is where something stands in lists.
type Place struct {
	CreateTime time.Time
	ID         string
}

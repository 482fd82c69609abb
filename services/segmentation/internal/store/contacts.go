package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
)

// Contacts keeps contacts and by what they are known.
type Contacts interface {
	// SeeContacts returns the contacts that a caller sees of those named, by their identifiers; those that were merged, too.
	SeeContacts(ctx context.Context, organization string, units Units, ids []string) (map[string]SeenContact, error)
	// StandingContact returns the contact that stands for one, itself or the one that it was merged into, and whether it is the caller's own. Whether the caller
	// sees it is not looked for. Errors: ErrNotFound.
	StandingContact(ctx context.Context, organization string, units Units, id string) (SeenContact, error)
	// GetContacts returns the contacts that there are of those named, by their identifiers; those that were merged, too.
	GetContacts(ctx context.Context, organization string, ids []string) (map[string]directory.Contact, error)
	// Identities returns by what contacts are known, by contact: its own identifier first, then in the order in which they were claimed.
	Identities(ctx context.Context, organization string, contacts []string) (map[string][]directory.Identity, error)
	// ContactOf returns the contact that is known by a pseudonym. Errors: ErrNotFound.
	ContactOf(ctx context.Context, organization string, person []byte) (string, error)
	// ListContacts returns contacts that a caller sees in the order of their identifiers, without those that were merged, and whether there are more.
	ListContacts(ctx context.Context, q ContactQuery) (contacts []directory.Contact, more bool, err error)
	// PutContacts changes or makes contacts, all in one transaction. Each has an outcome of its own.
	PutContacts(ctx context.Context, organization string, at time.Time, bulk bool, changes []ContactChange) ([]ContactOutcome, error)
	// SettleContacts has everything that is worked out of contacts worked out anew, after PutContacts in bulk.
	SettleContacts(ctx context.Context, organization string, at time.Time) error
	// MergeContacts gives everything of m.From to m.To, and returns the move with its number; the move that did so before when m.From is merged into m.To
	// already. Errors: ErrNotFound, *directory.Refusal.
	MergeContacts(ctx context.Context, organization string, m directory.Move) (directory.Move, error)
	// UndoMerge gives back what a merge moved, as far as it is still there. m says who, why and when; m.To is where the merge went. Errors: ErrNotFound when there
	// is no such merge, ErrChanged when m.Keeps was made of another version of m.From, *directory.Refusal.
	UndoMerge(ctx context.Context, organization string, merge int64, m directory.Move) (directory.Move, error)
	// SplitContact gives m.Persons of m.From, with what came by them, to m.To, which is made when it does not exist; own are the pseudonyms of its own. Errors:
	// ErrNotFound, *directory.Refusal.
	SplitContact(ctx context.Context, organization string, m directory.Move, own []directory.Identity) (directory.Move, error)
	// ListMoves returns moves, the last first, and whether there are more. Before is the number of the last one that is known; 0 for the first page.
	ListMoves(ctx context.Context, organization, contact string, before int64, limit int) (moves []directory.Move, more bool, err error)
	// EachContact calls fn with the contacts of an organisation in the order of their identifiers, after one of them, without those that were merged; an error of
	// fn ends it.
	EachContact(ctx context.Context, organization, after string, fn func(ContactRow) error) error
}

// SeenContact is a contact as a caller restricted to units sees it. It sees those whose company or location, by the directory, is one of its own, or lies in a
// region of its own, and those who answered there, or whom a case there is about, as long as the answer or the case is kept. That somebody rated one of its
// employees lets it see nobody.
type SeenContact struct {
	directory.Contact
	// Own tells that it belongs to the caller by the directory, or that the caller is not restricted: all that happened with it is for the caller to see. Of
	// others only what happened in the caller's units is.
	Own bool
}

// ContactQuery asks for a page of contacts.
type ContactQuery struct {
	Organization string
	// Units are what the caller is restricted to.
	Units Units
	// Company narrows to those of a company.
	Company string
	After   string
	Limit   int
}

// ContactChange is a change of a contact.
type ContactChange struct {
	ID string
	// AllowMissing makes it when it does not exist.
	AllowMissing bool
	// Edit changes it; Version is 0 for a new one. It may be called again. Its error is the outcome.
	Edit func(*directory.Contact) error
	// Identities are claimed for it, unless it has them; its own identifier is to be among them.
	Identities []directory.Identity
	// Actor is who changes it, Reason why it claims what was known by its identities, for the history of moves.
	Actor, Reason string
}

// ContactOutcome is what became of a ContactChange.
type ContactOutcome struct {
	Contact          directory.Contact
	Created, Changed bool
	// Err is why it was refused: ErrNotFound, *directory.Refusal, or what Edit returned.
	Err error
}

// ContactRow is a contact as rules see it.
type ContactRow struct {
	ID, Company, Location, Region string
	Attributes                    attribute.Packed
}

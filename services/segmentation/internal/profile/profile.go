// Package profile keeps what is personal of contacts under keys of their own: names, addresses, numbers, and by what they are known.
package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Register puts and reads contacts with what is personal of them.
type Register struct {
	Store  store.Contacts
	Keeper *seal.Keeper
}

// Identifier is by what a contact is known in a channel.
type Identifier struct {
	Channel    string `json:"channel,omitempty"`
	Identifier string `json:"identifier"`
}

// Change is a change of a contact.
type Change struct {
	ID string
	// AllowMissing makes it when it does not exist.
	AllowMissing bool
	// Edit changes what is not personal, Profile what is; nil for neither. They may be called again. Their errors are the outcome.
	Edit    func(*directory.Contact) error
	Profile func(*directory.Profile)
	// Identifiers are claimed for it, by Actor and for Reason.
	Identifiers   []Identifier
	Actor, Reason string
}

// attempts is how often a change is tried anew when the contact was changed meanwhile.
const attempts = 4

// Put changes or makes contacts. Each has an outcome of its own.
func (r *Register) Put(ctx context.Context, organization string, at time.Time, bulk bool, changes []Change) ([]store.ContactOutcome, error) {
	out := make([]store.ContactOutcome, len(changes))
	left := make([]int, len(changes))
	for i := range left {
		left[i] = i
	}
	for range attempts {
		part := make([]Change, len(left))
		for i, at := range left {
			part[i] = changes[at]
		}
		outcomes, err := r.putOnce(ctx, organization, at, bulk, part)
		if err != nil {
			return nil, err
		}
		var again []int
		for i, at := range left {
			if out[at] = outcomes[i]; errors.Is(outcomes[i].Err, errMeanwhile) {
				out[at].Err = store.ErrChanged
				again = append(again, at)
			}
		}
		if left = again; len(left) == 0 {
			break
		}
	}
	return out, nil
}

// errMeanwhile tells that a contact was changed between reading and writing it.
var errMeanwhile = errors.New("changed while it was being sealed")

func (r *Register) putOnce(ctx context.Context, organization string, at time.Time, bulk bool, changes []Change) ([]store.ContactOutcome, error) {
	known, err := r.profiles(ctx, organization, changes)
	if err != nil {
		return nil, err
	}
	puts, refused := make([]store.ContactChange, 0, len(changes)), map[int]error{}
	var order []int
	for i, c := range changes {
		put, err := r.prepare(ctx, organization, c, known[c.ID])
		var refusal *directory.Refusal
		if errors.As(err, &refusal) {
			refused[i] = err
			continue
		}
		if err != nil {
			return nil, err
		}
		puts, order = append(puts, put), append(order, i)
	}
	out := make([]store.ContactOutcome, len(changes))
	for i, err := range refused {
		out[i].Err = err
	}
	if len(puts) == 0 {
		return out, nil
	}
	outcomes, err := r.Store.PutContacts(ctx, organization, at, bulk, puts)
	for i, o := range outcomes {
		out[order[i]] = o
	}
	return out, err
}

// sealed is a profile as it is kept, and opened.
type sealed struct {
	contact directory.Contact
	profile directory.Profile
}

// profiles are those of contacts whose profile is to be changed.
func (r *Register) profiles(ctx context.Context, organization string, changes []Change) (map[string]sealed, error) {
	var ids []string
	for _, c := range changes {
		if c.Profile != nil {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	contacts, err := r.Store.GetContacts(ctx, organization, ids)
	if err != nil {
		return nil, err
	}
	opened, err := r.Profiles(ctx, organization, slices.Collect(maps.Values(contacts)))
	out := make(map[string]sealed, len(contacts))
	for id, c := range contacts {
		out[id] = sealed{c, opened[id]}
	}
	return out, err
}

// prepare seals what is personal of a change. Errors: *directory.Refusal, several of them joined.
func (r *Register) prepare(ctx context.Context, organization string, c Change, before sealed) (store.ContactChange, error) {
	put := store.ContactChange{ID: c.ID, AllowMissing: c.AllowMissing, Actor: c.Actor, Reason: c.Reason}
	if err := directory.CheckID("name", c.ID); err != nil {
		return put, err
	}
	own, err := r.Own(ctx, organization, c.ID)
	if err != nil {
		return put, err
	}
	if !directory.GivenByService(c.ID) {
		put.Identities = append(put.Identities, directory.Identity{Person: own, Home: c.ID})
	}
	for _, i := range c.Identifiers {
		identity, err := r.identity(ctx, organization, own, i)
		if err != nil {
			return put, err
		}
		put.Identities = append(put.Identities, identity)
	}
	after, now := before.profile, before.contact
	if c.Profile != nil {
		if c.Profile(&after); after != before.profile {
			if err := after.Check(); err != nil {
				return put, err
			}
			if now.Sealed, now.Key, err = r.seal(ctx, organization, own, after); err != nil {
				return put, err
			}
		}
	}
	put.Edit = func(contact *directory.Contact) error {
		if c.Profile != nil {
			if contact.Version != before.contact.Version {
				return errMeanwhile
			}
			contact.Sealed, contact.Key = now.Sealed, now.Key
		}
		if c.Edit == nil {
			return nil
		}
		return c.Edit(contact)
	}
	return put, nil
}

// Own is the pseudonym of a contact's own identifier.
func (r *Register) Own(ctx context.Context, organization, id string) ([]byte, error) {
	if directory.GivenByService(id) {
		return directory.KnownPerson(id), nil
	}
	return r.Person(ctx, organization, id)
}

// Person is the pseudonym of an identifier.
func (r *Register) Person(ctx context.Context, organization, identifier string) ([]byte, error) {
	text, err := r.Keeper.Pseudonym(ctx, organization, identifier)
	if err != nil {
		return nil, err
	}
	b, ok := seal.ParsePseudonym(text)
	if !ok {
		return nil, errors.New("parse pseudonym: it has another form")
	}
	return b, nil
}

// identity is an identifier as it is kept.
func (r *Register) identity(ctx context.Context, organization string, own []byte, i Identifier) (directory.Identity, error) {
	if err := directory.CheckID("identities", i.Identifier); err != nil {
		return directory.Identity{}, err
	}
	person, err := r.Person(ctx, organization, i.Identifier)
	if err != nil {
		return directory.Identity{}, err
	}
	out := directory.Identity{Person: person, Channel: i.Channel}
	out.Sealed, out.Key, err = r.seal(ctx, organization, own, i)
	return out, err
}

// seal seals what is personal with a key of a person; nothing for an empty profile.
func (r *Register) seal(ctx context.Context, organization string, person []byte, content any) ([]byte, string, error) {
	if content == (directory.Profile{}) {
		return nil, "", nil
	}
	if store.IsRehearsal(ctx) {
		// Nothing is kept: no key is made for it, and that it is another one than before is all that matters.
		return []byte("rehearsed"), "", nil
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, "", fmt.Errorf("encode what is personal: %w", err)
	}
	key, err := r.Keeper.KeyFor(ctx, seal.FormatPseudonym(person))
	if err != nil {
		return nil, "", err
	}
	out, err := seal.Seal(key, text, store.Associated(organization))
	if err != nil {
		return nil, "", fmt.Errorf("seal what is personal: %w", err)
	}
	return out, key.ID, nil
}

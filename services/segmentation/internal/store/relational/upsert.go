package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// upsert is how things of a kind are stored in the place of what is there, many at a time.
type upsert[T any] struct {
	// id tells things apart.
	id func(T) string
	// find reads what is there; relational.ErrNoRow when there is nothing.
	find func(ctx context.Context, id string) (T, error)
	// settle completes a thing before it is compared. What store.ErrNotFound or store.ErrExists it returns refuses the thing.
	settle func(ctx context.Context, thing T) (T, error)
	// renew is the thing that takes the place of one before, and whether that says the same.
	renew func(before, thing T) (T, bool)
	// put stores a thing.
	put func(ctx context.Context, thing T) error
}

// run stores things of an organisation one after another, and tells what became of each.
func (u upsert[T]) run(ctx context.Context, w *writing, organization string, things []T) ([]store.Upserted, error) {
	out := make([]store.Upserted, len(things))
	var done importCount
	for i, thing := range things {
		thing, err := u.settle(ctx, thing)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
			out[i].Err = err
			continue
		}
		if err != nil {
			return nil, err
		}
		out[i].Change = store.Created
		before, err := u.find(ctx, u.id(thing))
		switch {
		case errors.Is(err, relational.ErrNoRow):
		case err != nil:
			return nil, err
		default:
			var isSame bool
			if thing, isSame = u.renew(before, thing); isSame {
				out[i].Change = store.Unchanged
				continue
			}
			out[i].Change = store.Updated
		}
		if store.IsRehearsal(ctx) {
			continue
		}
		if err := u.put(ctx, thing); err != nil {
			return nil, err
		}
		done.add(out[i].Change == store.Created)
	}
	return out, w.countImported(ctx, organization, done)
}

// customers finds the contacts of a batch, each once.
type customers struct {
	w            *writing
	organization string
	known        map[purchase.Who]customer
	// erased are pseudonyms that nothing is stored of again; nil until they are read.
	erased map[string]bool
}

// customer is a contact, and the pseudonym by which something came to it.
type customer struct {
	contact string
	person  []byte
}

func newCustomers(w *writing, organization string) *customers {
	return &customers{w: w, organization: organization, known: map[purchase.Who]customer{}}
}

// of is the contact that is named by its identifier, or where that is empty by a pseudonym. Errors: store.ErrNotFound.
func (c *customers) of(ctx context.Context, contact string, person []byte) (customer, error) {
	key := purchase.Who{Contact: contact, Respondent: string(person)}
	if contact != "" {
		key.Respondent = ""
	}
	if known, ok := c.known[key]; ok {
		return known, nil
	}
	out := customer{person: person}
	var err error
	if contact == "" {
		if out.contact, err = contactOf(ctx, c.w, c.organization, person); err != nil {
			return customer{}, err
		}
	} else {
		// What came to a contact that was merged into another goes with it again when they are taken apart.
		if out.person, err = contactPerson(ctx, c.w, c.organization, contact); err != nil {
			return customer{}, err
		}
		now, err := standing(ctx, c.w, c.organization, contact)
		if err != nil {
			return customer{}, err
		}
		out.contact = now.ID
	}
	if c.erased == nil {
		if c.erased, err = erasedSince(ctx, c.w, c.organization); err != nil {
			return customer{}, err
		}
	}
	if c.erased[string(out.person)] {
		return customer{}, store.ErrNotFound
	}
	c.known[key] = out
	return out, nil
}

// standing is the contact that stands for one now: itself, or the one that it was merged into. Errors: store.ErrNotFound.
func standing(ctx context.Context, r relational.Reader, organization, contact string) (directory.Contact, error) {
	for {
		found, err := contactsIn(ctx, r, organization, []string{contact})
		if err != nil {
			return directory.Contact{}, err
		}
		c, ok := found[contact]
		switch {
		case !ok:
			return directory.Contact{}, store.ErrNotFound
		case c.MergedInto == "":
			return c, nil
		}
		contact = c.MergedInto
	}
}

// standing is the contact that something is about now which was read before this transaction: whoever came by the pseudonym, or else was called so. Errors:
// store.ErrNotFound when the contact was erased meanwhile: nothing may be kept of it.
func (w *writing) standing(ctx context.Context, organization, contact string, person []byte) (string, error) {
	if len(person) > 0 {
		now, err := relational.One(ctx, w, relational.Value[string], sqlContactOf, organization, person)
		if !errors.Is(err, relational.ErrNoRow) {
			return now, err
		}
	}
	now, err := standing(ctx, w, organization, contact)
	return now.ID, err
}

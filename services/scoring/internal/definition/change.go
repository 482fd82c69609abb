package definition

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// attempts is how often a change is tried again that must hold for whatever is there, when another change was faster.
const attempts = 5

// Author is who changes something, and why.
type Author struct {
	// ID is the identifier of the caller's credential or membership.
	ID   string
	Note string
}

// Create makes a definition of the first version's content. One that was made of the same content is returned as it is now, so that the call may
// be repeated. With dryRun nothing is stored; what is returned is what would be. Errors: *composite.FieldError, store.ErrTaken,
// store.ErrTooMany, and those of the catalog.
func (r *Registry) Create(ctx context.Context, organization, id string, c Content, by Author, dryRun bool) (Definition, error) {
	// A definition that is there already is looked at before: a repeated call must not fail because what it refers to has been retired since.
	d, err := r.made(ctx, organization, id, c)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return d, err
	}
	if _, ok := r.builtInByID(id); ok {
		return Definition{}, fmt.Errorf("create definition %q: %w: %w", id, store.ErrTaken, ErrBuiltIn)
	}
	pinned, err := r.check(ctx, organization, id, c, nil)
	if err != nil {
		return Definition{}, err
	}
	s, err := r.toStore(organization, id, pinned, by)
	if err != nil {
		return Definition{}, err
	}
	if dryRun {
		s.Version, s.Newest, s.Changes = 1, 1, 1
		return decode(s)
	}
	s, err = r.store.CreateDefinition(ctx, s, Most)
	if errors.Is(err, store.ErrTaken) {
		// Made a moment ago, perhaps by the same call.
		return r.made(ctx, organization, id, c)
	}
	if err != nil {
		return Definition{}, err
	}
	return decode(s)
}

// made returns a definition whose first version was made of the content. store.ErrNotFound when there is none of the identifier, store.ErrTaken
// when it was made of something else, and store.ErrRetired besides when it is retired.
func (r *Registry) made(ctx context.Context, organization, id string, c Content) (Definition, error) {
	s, err := r.store.Definition(ctx, organization, id, 1)
	if err != nil {
		return Definition{}, err
	}
	first, err := decode(s)
	if err != nil {
		return Definition{}, err
	}
	paths, err := changed(first.Content, pinnedLike(c, first.Content))
	if err != nil {
		return Definition{}, err
	}
	newest, err := r.Find(ctx, organization, ref(id))
	switch {
	case err != nil:
		return Definition{}, err
	case len(paths) > 0 && newest.Retired != nil:
		return Definition{}, fmt.Errorf("create definition %q: %w: %w", id, store.ErrTaken, store.ErrRetired)
	case len(paths) > 0:
		return Definition{}, fmt.Errorf("create definition %q: %w", id, store.ErrTaken)
	}
	return newest, nil
}

// Revise makes the next version of a definition from what edit makes of the newest. changes is what Definition.Changes must be now, 0 for
// whatever it is. An edit that changes nothing makes no version. Errors: those of edit and of Create, *NotFoundError, ErrBuiltIn, store.ErrChanged,
// store.ErrRetired.
func (r *Registry) Revise(
	ctx context.Context, organization, id string, changes int64, edit func(Content) (Content, error), by Author, dryRun bool,
) (Definition, error) {
	return r.change(ctx, organization, id, changes, func(current Definition) (Definition, error) {
		c, err := edit(current.Content)
		if err != nil {
			return Definition{}, err
		}
		if was := kind(current.Spec); kind(c.Spec) != was {
			return Definition{}, wrong("", "the definition is of the kind %s and stays so: create another one", was)
		}
		if c, err = r.check(ctx, organization, id, c, &current.Content); err != nil {
			return Definition{}, err
		}
		before, err := encode(current.Content)
		if err != nil {
			return Definition{}, err
		}
		next, err := r.toStore(organization, id, c, by)
		switch {
		case err != nil:
			return Definition{}, err
		case bytes.Equal(before, next.Body):
			// Nothing changed.
			return current, nil
		}
		next.Changes = current.Changes
		if dryRun {
			next.Version, next.Newest, next.Changes = int64(current.Newest)+1, int64(current.Newest)+1, current.Changes+1
			return decode(next)
		}
		if next, err = r.store.ReviseDefinition(ctx, next); err != nil {
			return Definition{}, err
		}
		return decode(next)
	})
}

// Retire takes a definition out of use: it is not listed any more, unless asked for, and nothing new can be made of it. It can be computed as
// before. changes is as for Revise. One that is retired already is returned as it is. Errors: *NotFoundError, ErrBuiltIn, store.ErrChanged.
func (r *Registry) Retire(ctx context.Context, organization, id string, changes int64, by Author) (Definition, error) {
	d, err := r.change(ctx, organization, id, changes, func(current Definition) (Definition, error) {
		s, err := r.store.RetireDefinition(ctx, organization, id, current.Changes, store.Retirement{Author: by.ID, Note: by.Note, Time: r.now()})
		if err != nil {
			return Definition{}, err
		}
		return decode(s)
	})
	if errors.Is(err, store.ErrRetired) {
		// A repeated call is answered like the first, whatever etag it holds.
		return r.Find(ctx, organization, ref(id))
	}
	return d, err
}

// change calls fn with the newest version of a definition that is in use, again when another change was faster and any state will do.
func (r *Registry) change(
	ctx context.Context, organization, id string, changes int64, fn func(current Definition) (Definition, error),
) (Definition, error) {
	for range attempts {
		current, err := r.Find(ctx, organization, ref(id))
		switch {
		case err != nil:
			return Definition{}, err
		case current.BuiltIn:
			return Definition{}, fmt.Errorf("change definition %q: %w", id, ErrBuiltIn)
		case current.Retired != nil:
			return Definition{}, fmt.Errorf("change definition %q: %w", id, store.ErrRetired)
		case changes != 0 && current.Changes != changes:
			return Definition{}, fmt.Errorf("change definition %q: %w", id, store.ErrChanged)
		}
		d, err := fn(current)
		if err == nil || changes != 0 || !errors.Is(err, store.ErrChanged) {
			return d, err
		}
	}
	return Definition{}, fmt.Errorf("change definition %q: %w", id, store.ErrChanged)
}

// toStore is a version as it is to be stored.
func (r *Registry) toStore(organization, id string, c Content, by Author) (store.Definition, error) {
	body, err := encode(c)
	if err != nil {
		return store.Definition{}, err
	}
	return store.Definition{Organization: organization, ID: id, Author: by.ID, Note: by.Note, Created: r.now(), Body: body}, nil
}

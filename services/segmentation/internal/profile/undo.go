package profile

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// UndoMerge gives back what a merge into m.From moved. Of the profile that m.From got by it, what is the other contact's still is taken back field by field, also
// when other fields were changed meanwhile. Errors: those of store.Contacts.
func (r *Register) UndoMerge(ctx context.Context, organization string, merge int64, m directory.Move) (out directory.Move, err error) {
	for range attempts {
		if m.Keeps, err = r.kept(ctx, organization, merge, m.From); err != nil {
			return out, err
		}
		if out, err = r.Store.UndoMerge(ctx, organization, merge, m); !errors.Is(err, store.ErrChanged) {
			return out, err
		}
	}
	return out, err
}

// kept is the profile that a contact keeps without what it got by a merge; nil where it got none.
func (r *Register) kept(ctx context.Context, organization string, merge int64, into string) (*directory.KeptProfile, error) {
	moves, _, err := r.Store.ListMoves(ctx, organization, into, merge+1, 1)
	if err != nil || len(moves) == 0 || moves[0].ID != merge || !moves[0].Filled.Profile {
		return nil, err
	}
	contacts, err := r.Store.GetContacts(ctx, organization, []string{moves[0].From, into})
	if err != nil {
		return nil, err
	}
	opened, err := r.Profiles(ctx, organization, slices.Collect(maps.Values(contacts)))
	if err != nil {
		return nil, err
	}
	own, err := r.Own(ctx, organization, into)
	if err != nil {
		return nil, err
	}
	out := &directory.KeptProfile{Version: contacts[into].Version}
	out.Sealed, out.Key, err = r.seal(ctx, organization, own, opened[into].Without(opened[moves[0].From]))
	return out, err
}

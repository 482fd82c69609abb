package profile

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Profiles opens the profiles of contacts, by their identifiers. Those whose key was destroyed are missing, as are those of contacts that have none.
func (r *Register) Profiles(ctx context.Context, organization string, contacts []directory.Contact) (map[string]directory.Profile, error) {
	var ids []string
	for _, c := range contacts {
		if c.Key != "" {
			ids = append(ids, c.Key)
		}
	}
	keys, err := r.keys(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]directory.Profile, len(ids))
	for _, c := range contacts {
		var p directory.Profile
		there, err := open(keys, organization, c.Key, c.Sealed, &p)
		if err != nil {
			return nil, err
		}
		if there {
			out[c.ID] = p
		}
	}
	return out, nil
}

// Identifiers opens the identifiers of identities, in their order. Empty are those that are not known any more, or never were.
func (r *Register) Identifiers(ctx context.Context, organization string, identities []directory.Identity) ([]string, error) {
	var ids []string
	for _, i := range identities {
		if i.Key != "" {
			ids = append(ids, i.Key)
		}
	}
	keys, err := r.keys(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(identities))
	for n, i := range identities {
		if i.Home != "" && !directory.GivenByService(i.Home) {
			out[n] = i.Home
		}
		var known Identifier
		if there, err := open(keys, organization, i.Key, i.Sealed, &known); err != nil {
			return nil, err
		} else if there {
			out[n] = known.Identifier
		}
	}
	return out, nil
}

func (r *Register) keys(ctx context.Context, ids []string) (map[string]seal.Key, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return r.Keeper.Keys(ctx, ids)
}

// open opens what seal sealed; false when there is nothing, or nobody can open it any more.
func open(keys map[string]seal.Key, organization, id string, sealed []byte, content any) (bool, error) {
	key, there := keys[id]
	if id == "" || !there {
		return false, nil
	}
	text, err := seal.Open(key, sealed, store.Associated(organization))
	if err != nil {
		return false, fmt.Errorf("open what is personal: %w", err)
	}
	if err := json.Unmarshal(text, content); err != nil {
		return false, fmt.Errorf("decode what is personal: %w", err)
	}
	return true, nil
}

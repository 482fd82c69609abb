package api

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
)

// ownName is the name of this service.
const ownName = "access"

// invitedPart is how many invitations are read at a time: no more than there are keys destroyed in one call.
const invitedPart = seal.GetMax

// staleMessages is for how long after an erasure no message tells of what happened to the person: by so much may the clocks of the services differ that tell when.
const staleMessages = time.Minute

// ownHolder is this service as one that keeps something of persons: the invitations, and messages to webhooks.
type ownHolder struct {
	store       store.Store
	keeper      *seal.Keeper
	respondents credential.Respondents
	now         func() time.Time
}

// OwnHolder is the access service as one that keeps something of persons. Respondents are sealed with keys of the keeper.
func OwnHolder(s store.Store, keeper *seal.Keeper, respondents credential.Respondents, now func() time.Time) erasure.Holder {
	return &ownHolder{store: s, keeper: keeper, respondents: respondents, now: now}
}

// Name is the service's.
func (*ownHolder) Name() string { return ownName }

// Export implements erasure.Holder.
func (h *ownHolder) Export(ctx context.Context, organization, person string, fn func(erasure.Record) error) error {
	for after := ""; ; {
		list, err := h.store.ListInvited(ctx, organization, person, after, invitedPart)
		if err != nil {
			return err
		}
		for _, v := range list {
			after = v.ID
			r, err := h.record(ctx, v)
			if err != nil {
				return err
			}
			if err := fn(r); err != nil {
				return err
			}
		}
		if len(list) < invitedPart {
			return nil
		}
	}
}

func (h *ownHolder) record(ctx context.Context, v store.Invitation) (erasure.Record, error) {
	respondent, err := h.respondents.Open(ctx, v.Organization, v.Respondent)
	if err != nil {
		return erasure.Record{}, err
	}
	content := map[string]any{
		"name": invitationsCollection + v.ID, "invitation": v.Invitation, "survey": surveysCollection + v.Survey, "respondent": respondent,
		"createTime": v.CreateTime.UTC().Format(time.RFC3339Nano), "expireTime": v.ExpireTime.UTC().Format(time.RFC3339Nano),
	}
	if !v.RevokeTime.IsZero() {
		content["revokeTime"] = v.RevokeTime.UTC().Format(time.RFC3339Nano)
	}
	return erasure.Record{Service: ownName, Kind: store.CountedTokens, Name: invitationsCollection + v.ID, Time: v.CreateTime, Content: content}, nil
}

// Erase implements erasure.Holder.
func (h *ownHolder) Erase(ctx context.Context, s erasure.Step) ([]erasure.Removal, int64, error) {
	for {
		list, err := h.store.ListInvited(ctx, s.Organization, s.Person, "", invitedPart)
		if err != nil {
			return nil, 0, err
		}
		ids, keys := namesAndKeys(list)
		// The keys first: what names them must not be gone before they are.
		if _, err := h.keeper.Destroy(ctx, keys); err != nil {
			return nil, 0, err
		}
		erased, err := h.store.EraseInvitations(ctx, s.Organization, s.Erasure, ids, len(keys))
		if err != nil {
			return nil, 0, err
		}
		if len(list) == invitedPart {
			continue
		}
		messages, err := h.store.EraseDeliveries(ctx, s.Organization, s.Erasure, s.Person, h.now().Add(staleMessages))
		return receipt(erased, messages), 0, err
	}
}

// namesAndKeys are the identifiers of invitations and those of the keys that they are sealed with, each once.
func namesAndKeys(list []store.Invitation) (ids, keys []string) {
	seen := map[string]bool{}
	for _, v := range list {
		ids = append(ids, v.ID)
		// What is not sealed names no key.
		if key, err := seal.KeyID(v.Respondent.Body); err == nil && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return ids, keys
}

func receipt(erased store.ErasedInvitations, messages int64) []erasure.Removal {
	return []erasure.Removal{
		{Service: ownName, Kind: store.CountedTokens, Place: "database", Count: erased.Tokens},
		{Service: ownName, Kind: store.CountedKeys, Place: "vault", Count: erased.Keys, Note: "copies of invitations in backups cannot be read without these keys"},
		{Service: ownName, Kind: store.CountedDeliveries, Place: "database", Count: messages, Note: "messages to webhooks that name the contact; what was sent is where it was sent to"},
		{Service: ownName, Kind: "audit_entries", Place: "audit log", Note: "entries name who acted, and contacts by their pseudonyms; those of versions before this one may name " +
			"the contact by its identifier: nothing is removed"},
	}
}

package api

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/peers"
)

// addressBook makes credentials that the server of the tests lets in. Safe for concurrent use.
type addressBook struct {
	mu sync.Mutex
	// made are the roles of credentials by their names; holders are those that can be asked about, gone ones have no entry in them.
	made    map[string]string
	holders map[string]peers.Holder
	asked   map[string]bool
	invited []string
}

// Make implements Addresses.
func (b *addressBook) Make(_ context.Context, organization, _, role string) (name, secret string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made == nil {
		b.made = map[string]string{}
	}
	name = fmt.Sprint("apiKeys/k", len(b.made))
	b.made[name] = role
	return name, "secret-of-" + name, nil
}

// End implements Addresses.
func (b *addressBook) End(_ context.Context, _, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made[name] = ""
	return nil
}

// Holder implements Addresses.
func (b *addressBook) Holder(_ context.Context, _, name string, _ time.Time) (h peers.Holder, known, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.asked[name] {
		return peers.Holder{}, false, true, nil
	}
	h, ok = b.holders[name]
	return h, true, ok, nil
}

// Invite implements Addresses.
func (b *addressBook) Invite(_ context.Context, _, survey, invitation, respondent string, _ time.Time) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.invited = append(b.invited, survey+" "+invitation+" "+respondent)
	return "token", nil
}

// live are the names of credentials of a role that have not ended.
func (b *addressBook) live(role string) (names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range len(b.made) {
		if name := fmt.Sprint("apiKeys/k", n); b.made[name] == role {
			names = append(names, name)
		}
	}
	return names
}

// at is the context of a call by a secret address.
func at(ctx context.Context, name, role string) context.Context {
	return authn.WithPrincipal(ctx, authn.Principal{ID: name, Organization: "acme", Roles: []string{role}})
}

package api

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/peers"
)

// Addresses makes credentials of secret addresses and of invitations; *peers.Addresses is one.
type Addresses interface {
	// Make makes a credential of a role and returns its name and its secret.
	Make(ctx context.Context, organization, displayName, role string) (name, secret string, err error)
	// End revokes a credential; one that there is not is nothing to it.
	End(ctx context.Context, organization, name string) error
	// Holder returns what a credential may do now; known is false where nobody can be asked, ok where it has ended.
	Holder(ctx context.Context, organization, name string, now time.Time) (h peers.Holder, known, ok bool, err error)
	// Invite makes a one-time token by which a respondent answers a survey under an invitation.
	Invite(ctx context.Context, organization, survey, invitation, respondent string, expires time.Time) (string, error)
}

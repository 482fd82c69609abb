package peers

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// The roles of credentials that are handed out in links: by which recipients of reports unsubscribe, and by which reports are read.
const (
	RoleRecipient = "report_recipient"
	RoleReader    = "report_reader"
)

// Credential is what a credential is to be.
type Credential struct {
	DisplayName, Role string
	// Expires is when it ends; zero for no end.
	Expires time.Time
	// Rate is how many calls a second it may make; 0 for the bound of the configuration.
	Rate float64
}

// Credentials makes credentials for what can send none of its own, and knows the addresses of members. Safe for concurrent use.
type Credentials struct{ client accessv1.AccessServiceClient }

// NewCredentials asks the access service. conn calls with the role service.
func NewCredentials(conn grpc.ClientConnInterface) *Credentials {
	return &Credentials{accessv1.NewAccessServiceClient(conn)}
}

// Make makes a credential and returns its name and its secret, which is told once.
func (c *Credentials) Make(ctx context.Context, organization string, of Credential) (name, secret string, err error) {
	key := &accessv1.ApiKey{DisplayName: of.DisplayName, Kind: accessv1.ApiKey_KIND_SECRET, Roles: []string{of.Role}, Rate: of.Rate}
	if !of.Expires.IsZero() {
		key.ExpireTime = timestamppb.New(of.Expires)
	}
	r, err := c.client.CreateApiKey(rpcclient.WithOrganization(ctx, organization), &accessv1.CreateApiKeyRequest{ApiKey: key})
	if err != nil {
		return "", "", fmt.Errorf("make credential: %w", err)
	}
	return r.GetApiKey().GetName(), r.GetSecret(), nil
}

// End revokes a credential. That there is none, or that it is revoked, changes nothing.
func (c *Credentials) End(ctx context.Context, organization, name string) error {
	_, err := c.client.RevokeApiKey(rpcclient.WithOrganization(ctx, organization), &accessv1.RevokeApiKeyRequest{Name: name})
	if err != nil && rpcerr.Code(err) != codes.NotFound {
		return fmt.Errorf("revoke credential: %w", err)
	}
	return nil
}

// Address returns the address of `members/{member}`; false when there is no such enabled member, empty when the member has none.
func (c *Credentials) Address(ctx context.Context, organization, member string) (string, bool, error) {
	r, err := c.client.GetMember(rpcclient.WithOrganization(ctx, organization), &accessv1.GetMemberRequest{Name: member})
	if rpcerr.Code(err) == codes.NotFound {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("ask for the member: %w", err)
	}
	return r.GetMember().GetEmail(), !r.GetMember().GetDisabled(), nil
}

package peers

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// Erasures knows whether somebody was erased. Safe for concurrent use.
type Erasures struct {
	client accessv1.PrivacyServiceClient
}

// NewErasures asks the access service over conn, whose calls carry a credential of the role service.
func NewErasures(conn grpc.ClientConnInterface) *Erasures {
	return &Erasures{client: accessv1.NewPrivacyServiceClient(conn)}
}

// Since tells whether an erasure of an organisation was under way at a time or later. One that was asked for long before counts while it runs: until it has ended,
// any service may still tell what was kept of the person.
func (e *Erasures) Since(ctx context.Context, organization string, at time.Time) (bool, error) {
	resp, err := e.client.ListErasures(rpcclient.WithOrganization(ctx, organization), &accessv1.ListErasuresRequest{PageSize: 1, UnderWaySince: Stamp(at)})
	if err != nil {
		return false, fmt.Errorf("ask for erasures: %w: %w", ErrUnavailable, err)
	}
	return len(resp.GetErasures()) > 0, nil
}

// Stamp converts a time; nil for zero.
func Stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

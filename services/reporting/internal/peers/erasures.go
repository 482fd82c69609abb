package peers

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/rpcclient"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// Erasures knows when somebody was erased. Safe for concurrent use.
type Erasures struct {
	client accessv1.PrivacyServiceClient
}

// NewErasures asks the access service over conn, whose calls carry a credential of the role service.
func NewErasures(conn grpc.ClientConnInterface) *Erasures {
	return &Erasures{client: accessv1.NewPrivacyServiceClient(conn)}
}

// Last tells when the last erasure of an organisation was asked for; zero when there was none.
func (e *Erasures) Last(ctx context.Context, organization string) (time.Time, error) {
	resp, err := e.client.ListErasures(rpcclient.WithOrganization(ctx, organization), &accessv1.ListErasuresRequest{PageSize: 1})
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for erasures: %w: %w", ErrUnavailable, err)
	}
	if len(resp.GetErasures()) == 0 {
		return time.Time{}, nil
	}
	return resp.GetErasures()[0].GetCreateTime().AsTime(), nil
}

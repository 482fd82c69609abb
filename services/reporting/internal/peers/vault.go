package peers

import (
	"context"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/seal"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// NewVault is the vault of the access service. conn calls with the role service.
func NewVault(conn grpc.ClientConnInterface) seal.Vault {
	return vault{accessv1.NewVaultServiceClient(conn)}
}

type vault struct{ client accessv1.VaultServiceClient }

// Lease implements seal.Vault.
func (v vault) Lease(ctx context.Context, n int) ([]seal.Key, error) {
	r, err := v.client.LeasePersonKeys(ctx, &accessv1.LeasePersonKeysRequest{Count: int32(n)}) //nolint:gosec // far below
	return keysFromProto(r.GetKeys()), err
}

// Get implements seal.Vault.
func (v vault) Get(ctx context.Context, ids []string) ([]seal.Key, error) {
	r, err := v.client.GetPersonKeys(ctx, &accessv1.GetPersonKeysRequest{Ids: ids})
	return keysFromProto(r.GetKeys()), err
}

// Destroy implements seal.Vault.
func (v vault) Destroy(ctx context.Context, ids []string) (int, error) {
	r, err := v.client.DestroyPersonKeys(ctx, &accessv1.DestroyPersonKeysRequest{Ids: ids})
	return int(r.GetDestroyed()), err
}

// PseudonymKey implements seal.Vault.
func (v vault) PseudonymKey(ctx context.Context, organization string) ([]byte, error) {
	r, err := v.client.GetPseudonymKey(rpcclient.WithOrganization(ctx, organization), &accessv1.GetPseudonymKeyRequest{})
	return r.GetKey(), err
}

func keysFromProto(in []*accessv1.PersonKey) []seal.Key {
	out := make([]seal.Key, len(in))
	for i, k := range in {
		out[i] = seal.Key{ID: k.GetId(), Secret: k.GetKey()}
	}
	return out
}

package api

import (
	"context"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/seal"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// Vault gives out keys.
type Vault interface {
	seal.Vault
	// Pseudonym is the pseudonym of a person in an organisation.
	Pseudonym(ctx context.Context, organization, respondent string) (string, error)
}

// vaultServer serves VaultService.
type vaultServer struct {
	accessv1.UnimplementedVaultServiceServer
	*Server
}

// LeasePersonKeys makes keys ahead.
func (s *vaultServer) LeasePersonKeys(ctx context.Context, req *accessv1.LeasePersonKeysRequest) (*accessv1.LeasePersonKeysResponse, error) {
	keys, err := s.vault.Lease(ctx, int(req.GetCount()))
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.LeasePersonKeysResponse{Keys: personKeys(keys)}, nil
}

// GetPersonKeys returns those of the keys that exist.
func (s *vaultServer) GetPersonKeys(ctx context.Context, req *accessv1.GetPersonKeysRequest) (*accessv1.GetPersonKeysResponse, error) {
	keys, err := s.vault.Get(ctx, req.GetIds())
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.GetPersonKeysResponse{Keys: personKeys(keys)}, nil
}

// DestroyPersonKeys destroys keys.
func (s *vaultServer) DestroyPersonKeys(ctx context.Context, req *accessv1.DestroyPersonKeysRequest) (*accessv1.DestroyPersonKeysResponse, error) {
	n, err := s.vault.Destroy(ctx, req.GetIds())
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.DestroyPersonKeysResponse{Destroyed: int32(n)}, nil //nolint:gosec // at most as many as the request names
}

// GetPseudonymKey returns the organisation's key for pseudonyms.
func (s *vaultServer) GetPseudonymKey(ctx context.Context, _ *accessv1.GetPseudonymKeyRequest) (*accessv1.GetPseudonymKeyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	key, err := s.vault.PseudonymKey(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.GetPseudonymKeyResponse{Key: key}, nil
}

func personKeys(keys []seal.Key) []*accessv1.PersonKey {
	out := make([]*accessv1.PersonKey, len(keys))
	for i, k := range keys {
		out[i] = &accessv1.PersonKey{Id: k.ID, Key: k.Secret}
	}
	return out
}

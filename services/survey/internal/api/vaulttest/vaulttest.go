// Package vaulttest runs a vault in memory behind a gRPC server, for tests of what keeps its keys there.
package vaulttest

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/seal"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// Vault is a running vault.
type Vault struct {
	accessv1.UnimplementedVaultServiceServer
	// Conn leads to it.
	Conn grpc.ClientConnInterface

	mu            sync.Mutex
	keys          map[string][]byte
	organizations map[string][]byte
	away          bool
	leases        int
}

// New starts a vault and stops it at the end of the test.
func New(t testing.TB) *Vault {
	t.Helper()
	v := &Vault{keys: map[string][]byte{}, organizations: map[string][]byte{}}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	accessv1.RegisterVaultServiceServer(server, v)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	v.Conn = conn
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return v
}

// SetAway makes the vault answer nothing, or answer again.
func (v *Vault) SetAway(away bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.away = away
}

// Leases is how often keys were leased.
func (v *Vault) Leases() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.leases
}

// enter takes the lock, unless the vault is away.
func (v *Vault) enter() error {
	v.mu.Lock()
	if v.away {
		v.mu.Unlock()
		return status.Error(codes.Unavailable, "the vault is away")
	}
	return nil
}

// LeasePersonKeys implements accessv1.VaultServiceServer.
func (v *Vault) LeasePersonKeys(_ context.Context, req *accessv1.LeasePersonKeysRequest) (*accessv1.LeasePersonKeysResponse, error) {
	if err := v.enter(); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	v.leases++
	out := &accessv1.LeasePersonKeysResponse{}
	for range req.GetCount() {
		key := seal.NewKey(time.Now())
		v.keys[key.ID] = key.Secret
		out.Keys = append(out.Keys, &accessv1.PersonKey{Id: key.ID, Key: key.Secret})
	}
	return out, nil
}

// GetPersonKeys implements accessv1.VaultServiceServer.
func (v *Vault) GetPersonKeys(_ context.Context, req *accessv1.GetPersonKeysRequest) (*accessv1.GetPersonKeysResponse, error) {
	if err := v.enter(); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	out := &accessv1.GetPersonKeysResponse{}
	for _, id := range req.GetIds() {
		if secret, ok := v.keys[id]; ok {
			out.Keys = append(out.Keys, &accessv1.PersonKey{Id: id, Key: secret})
		}
	}
	return out, nil
}

// DestroyPersonKeys implements accessv1.VaultServiceServer.
func (v *Vault) DestroyPersonKeys(_ context.Context, req *accessv1.DestroyPersonKeysRequest) (*accessv1.DestroyPersonKeysResponse, error) {
	if err := v.enter(); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	out := &accessv1.DestroyPersonKeysResponse{}
	for _, id := range req.GetIds() {
		if _, ok := v.keys[id]; ok {
			delete(v.keys, id)
			out.Destroyed++
		}
	}
	return out, nil
}

// GetPseudonymKey implements accessv1.VaultServiceServer.
func (v *Vault) GetPseudonymKey(ctx context.Context, _ *accessv1.GetPseudonymKeyRequest) (*accessv1.GetPseudonymKeyResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	named := md.Get(authn.MetadataOrganization)
	if len(named) != 1 || named[0] == "" {
		return nil, status.Error(codes.InvalidArgument, "no organisation is named")
	}
	if err := v.enter(); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	key, ok := v.organizations[named[0]]
	if !ok {
		key = seal.NewKey(time.Now()).Secret
		v.organizations[named[0]] = key
	}
	return &accessv1.GetPseudonymKeyResponse{Key: key}, nil
}

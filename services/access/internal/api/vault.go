package api

import accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"

// vaultServer serves VaultService.
type vaultServer struct {
	accessv1.UnimplementedVaultServiceServer
	*Server
}

package api

import accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"

// credentialServer serves CredentialService.
type credentialServer struct {
	accessv1.UnimplementedCredentialServiceServer
	*Server
}

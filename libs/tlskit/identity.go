package tlskit

import (
	"context"
	"crypto/x509"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/otklik/otklik/libs/authn"
)

// MetadataByCertificate marks calls that act by the certificate of their connection (ByCertificate). Nothing from outside of the suite may become
// this metadata.
const MetadataByCertificate = "otklik-by-certificate"

// PeerIdentity tells whom the certificate of a call's connection proves: a service, when the certificate was verified, one of its names is among
// those of the configuration, and the call asks to act by it.
func (s *Server) PeerIdentity(ctx context.Context) (authn.Principal, bool) {
	if len(s.services) == 0 || len(metadata.ValueFromIncomingContext(ctx, MetadataByCertificate)) == 0 {
		return authn.Principal{}, false
	}
	p, ok := peer.FromContext(ctx)
	if !ok {
		return authn.Principal{}, false
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 || len(info.State.VerifiedChains[0]) == 0 {
		return authn.Principal{}, false
	}
	name, ok := s.service(info.State.VerifiedChains[0][0])
	if !ok {
		return authn.Principal{}, false
	}
	return authn.Principal{Kind: authn.KindService, ID: name, Name: name, Roles: []string{authn.RoleService}}, true
}

// service returns the first name of a certificate that stands for a service. The common name is not one: nobody checks it.
func (s *Server) service(certificate *x509.Certificate) (string, bool) {
	for _, u := range certificate.URIs {
		if s.services[u.String()] {
			return u.String(), true
		}
	}
	for _, name := range certificate.DNSNames {
		if s.services[name] {
			return name, true
		}
	}
	return "", false
}

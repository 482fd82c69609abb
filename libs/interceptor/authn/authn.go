// Package authn is the step that finds out who calls: `authorization: Bearer TOKEN` in the metadata must prove somebody, or else the certificate of
// the connection. A service may name the organisation that it acts for.
package authn

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/accesslog"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "authn"

// PeerIdentity tells whom the connection of a call proves by itself, by its verified certificate; false when nobody.
type PeerIdentity func(ctx context.Context) (authn.Principal, bool)

// Interceptor is the step.
type Interceptor struct {
	authenticator authn.Authenticator
	peer          PeerIdentity
}

// New makes the step. peer is asked for calls that bring no token; nil is never. A token comes first: the gateway passes on those of its callers
// over connections of its own.
func New(authenticator authn.Authenticator, peer PeerIdentity) *Interceptor {
	return &Interceptor{authenticator: authenticator, peer: peer}
}

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if interceptor.Public(info.FullMethod) {
			return handler(ctx, req)
		}
		ctx, err := i.authenticate(ctx)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Stream intercepts streams.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if interceptor.Public(info.FullMethod) {
			return handler(srv, ss)
		}
		ctx, err := i.authenticate(ss.Context())
		if err != nil {
			return err
		}
		return handler(srv, interceptor.WithContext(ctx, ss))
	}
}

func (i *Interceptor) authenticate(ctx context.Context) (context.Context, error) {
	credential, err := authn.FromMetadata(ctx)
	if err != nil {
		return nil, err
	}
	p, err := i.identify(ctx, credential)
	if err != nil {
		return nil, err
	}
	if err := authn.CheckOrigin(p, credential.Origin); err != nil {
		return nil, err
	}
	if err := actFor(&p, metadata.ValueFromIncomingContext(ctx, authn.MetadataOrganization)); err != nil {
		return nil, err
	}
	p.Device = credential.Device
	accesslog.SetPrincipal(ctx, p.ID, p.Organization)
	return authn.WithPrincipal(ctx, p), nil
}

func (i *Interceptor) identify(ctx context.Context, credential authn.Credential) (authn.Principal, error) {
	if credential.Token == "" && i.peer != nil {
		if p, ok := i.peer(ctx); ok {
			return p, nil
		}
	}
	return i.authenticator.Authenticate(ctx, credential)
}

// actFor lets a service act for the organisation that it names. Anybody else may only name the own one: silently ignoring another would
// answer with data of the wrong organisation.
func actFor(p *authn.Principal, values []string) error {
	switch {
	case len(values) == 0:
		return nil
	case len(values) > 1 || values[0] == "":
		return rpcerr.New(codes.InvalidArgument, "ORGANIZATION_INVALID", "the metadata "+authn.MetadataOrganization+" must hold one organisation")
	case values[0] == p.Organization:
		return nil
	case !p.HasRole(authn.RoleService):
		return rpcerr.New(codes.PermissionDenied, "ORGANIZATION_DENIED", "the key may not act for this organisation")
	}
	p.Organization = values[0]
	return nil
}

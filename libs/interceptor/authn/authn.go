// Package authn is the step that finds out who calls: `authorization: Bearer KEY` in the metadata must be a known key. A service may name the
// organisation that it acts for.
package authn

import (
	"context"
	"strings"

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

// MetadataAuthorization is the metadata key of the credentials.
const MetadataAuthorization = "authorization"

const scheme = "bearer "

// Authenticator knows whom a token proves; errors are *rpcerr.Error.
type Authenticator interface {
	Authenticate(token string) (authn.Principal, error)
}

// Interceptor is the step.
type Interceptor struct {
	keys Authenticator
}

// New makes the step.
func New(keys Authenticator) *Interceptor { return &Interceptor{keys: keys} }

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
	token, err := bearer(metadata.ValueFromIncomingContext(ctx, MetadataAuthorization))
	if err != nil {
		return nil, err
	}
	p, err := i.keys.Authenticate(token)
	if err != nil {
		return nil, err
	}
	if err := actFor(&p, metadata.ValueFromIncomingContext(ctx, authn.MetadataOrganization)); err != nil {
		return nil, err
	}
	accesslog.SetPrincipal(ctx, p.ID, p.Organization)
	return authn.WithPrincipal(ctx, p), nil
}

func bearer(values []string) (string, error) {
	switch {
	case len(values) == 0:
		return "", rpcerr.New(codes.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials; send `authorization: Bearer KEY`")
	case len(values) > 1:
		return "", rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "the call carries more than one credential")
	}
	v := values[0]
	if len(v) < len(scheme) || !strings.EqualFold(v[:len(scheme)], scheme) {
		return "", rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "the credentials are not of the form `Bearer KEY`")
	}
	return strings.TrimSpace(v[len(scheme):]), nil
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

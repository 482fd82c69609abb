// Package authn is the step that finds out who calls: `authorization: Bearer TOKEN` in the metadata must prove somebody, or else the certificate of
// the connection. A service may name the organisation that it acts for. A stream lasts no longer than what its caller was let in by.
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

// Refused is told of callers who are known and refused all the same, for where they call from or for whom. ctx carries the caller; the request is nil
// for streams.
type Refused func(ctx context.Context, fullMethod string, request any, refusal error)

// Interceptor is the step.
type Interceptor struct {
	authenticator authn.Authenticator
	peer          PeerIdentity
	refused       Refused
}

// New makes the step. peer is asked for calls that bring no token; nil is never. A token comes first: the gateway passes on those of its callers
// over connections of its own. refused may be nil.
func New(authenticator authn.Authenticator, peer PeerIdentity, refused Refused) *Interceptor {
	return &Interceptor{authenticator: authenticator, peer: peer, refused: refused}
}

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if interceptor.Public(info.FullMethod) {
			return handler(ctx, req)
		}
		c, err := i.authenticate(ctx, info.FullMethod, req)
		if err != nil {
			return nil, err
		}
		return handler(authn.WithPrincipal(ctx, c.principal), req)
	}
}

// Stream intercepts streams.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if interceptor.Public(info.FullMethod) {
			return handler(srv, ss)
		}
		c, err := i.authenticate(ss.Context(), info.FullMethod, nil)
		if err != nil {
			return err
		}
		return i.whileLetIn(ss.Context(), c, func(ctx context.Context) error {
			return handler(srv, interceptor.WithContext(authn.WithPrincipal(ctx, c.principal), ss))
		})
	}
}

// caller is who calls: whom the credential proves, and as whom the call acts.
type caller struct {
	credential        authn.Credential
	proved, principal authn.Principal
}

func (i *Interceptor) authenticate(ctx context.Context, method string, request any) (caller, error) {
	credential, err := authn.FromMetadata(ctx)
	if err != nil {
		return caller{}, err
	}
	proved, err := i.identify(ctx, credential)
	if err != nil {
		return caller{}, err
	}
	p := proved
	p.Device = credential.Device
	err = authn.CheckOrigin(p, credential.Origin)
	if err == nil {
		err = actFor(&p, metadata.ValueFromIncomingContext(ctx, authn.MetadataOrganization))
	}
	accesslog.SetPrincipal(ctx, p.ID, p.Organization)
	if err != nil {
		if i.refused != nil {
			i.refused(authn.WithPrincipal(ctx, p), method, request, err)
		}
		return caller{}, err
	}
	return caller{credential: credential, proved: proved, principal: p}, nil
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

// Package peers asks the other services on behalf of a caller, by the caller's own credential: they tell what they would tell the caller, and no more.
package peers

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
)

// passed is the metadata of a call that says who makes it, and by which it is found again in logs.
var passed = []string{
	authn.MetadataAuthorization, authn.MetadataOrganization, authn.MetadataOrigin, authn.MetadataDevice, authn.MetadataClientAddress, requestid.Metadata,
}

// asCaller makes calls go out as the caller of ctx.
func asCaller(ctx context.Context) context.Context {
	md := make(metadata.MD, len(passed))
	for _, key := range passed {
		if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
			md[key] = values
		}
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// ErrUnavailable tells that a service did not answer: ask again.
var ErrUnavailable = errors.New("the service did not answer")

// Refusal is what a service says to the caller.
type Refusal struct{ Cause *rpcerr.Error }

// Error is for logs.
func (r *Refusal) Error() string { return r.Cause.Error() }

// failure is an error of a call: a *Refusal, ErrUnavailable, or that of ctx.
func failure(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e, ok := rpcerr.FromError(err)
	if ok {
		switch e.Code {
		case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.PermissionDenied, codes.Unauthenticated, codes.ResourceExhausted,
			codes.OutOfRange:
			return &Refusal{Cause: e}
		}
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}

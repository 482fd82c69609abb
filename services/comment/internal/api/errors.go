package api

import (
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// domain owns the reasons of otklik.comment.v1.ErrorReason.
const domain = "comment.otklik"

// refuse makes an error of this service.
func refuse(code codes.Code, reason commentv1.ErrorReason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, rpcerr.ReasonOf(reason), message, append(opts, rpcerr.WithDomain(domain))...)
}

// refuseField is a refusal because of one field.
func refuseField(code codes.Code, reason commentv1.ErrorReason, field, description string) *rpcerr.Error {
	return refuse(code, reason, field+": "+description, rpcerr.WithField(field, rpcerr.ReasonOf(reason), description))
}

func notFound(reason commentv1.ErrorReason, what, name string) error {
	return refuse(codes.NotFound, reason, "there is no "+what+" "+name, rpcerr.WithMetadata("resource", name))
}

// orNotFound explains an error of the store about something of a name.
func orNotFound(err error, reason commentv1.ErrorReason, what, name string) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound(reason, what, name)
	}
	return storeError(err)
}

// storeError explains an error of the store that the caller of the store has no better answer for. Errors of the backend pass: they say themselves what
// callers may know.
func storeError(err error) error {
	var known *rpcerr.Error
	if errors.Is(err, store.ErrClosed) && !errors.As(err, &known) {
		return rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down", rpcerr.WithCause(err))
	}
	return err
}

func etagMismatch(field string) error {
	return refuseField(codes.Aborted, commentv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH, field,
		"is not the etag as it is now: read again, apply the change to what is there now, and send the new etag")
}

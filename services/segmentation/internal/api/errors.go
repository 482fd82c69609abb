package api

import (
	"errors"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// domain owns the reasons of otklik.segmentation.v1.ErrorReason.
const domain = "segmentation.otklik"

// refuse makes an error of this service.
func refuse(code codes.Code, reason segmentationv1.ErrorReason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, rpcerr.ReasonOf(reason), message, append(opts, rpcerr.WithDomain(domain))...)
}

// refuseField is a refusal because of one field.
func refuseField(code codes.Code, reason segmentationv1.ErrorReason, field, description string) *rpcerr.Error {
	return refuse(code, reason, field+": "+description, rpcerr.WithField(field, rpcerr.ReasonOf(reason), description))
}

func notFound(reason segmentationv1.ErrorReason, what, name string) error {
	return refuse(codes.NotFound, reason, "there is no "+what+" "+name, rpcerr.WithMetadata("resource", name))
}

// orNotFound explains an error of the store about something of a name.
func orNotFound(err error, reason segmentationv1.ErrorReason, what, name string) error {
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
	return refuseField(codes.Aborted, segmentationv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH, field,
		"is not the etag as it is now: read again, apply the change to what is there now, and send the new etag")
}

// together is one error of several, of which some may be nil: the first, with the fields of all. What is no error of a field is returned as it is.
func together(errs ...error) error {
	var all *rpcerr.Error
	for _, err := range errs {
		var known *rpcerr.Error
		switch {
		case err == nil:
		case !errors.As(err, &known):
			return err
		case all == nil:
			first := *known
			first.Fields = slices.Clone(known.Fields)
			all = &first
		default:
			all.Fields = append(all.Fields, known.Fields...)
			all.Message += "; " + known.Message
		}
	}
	if all == nil {
		return nil
	}
	return all
}

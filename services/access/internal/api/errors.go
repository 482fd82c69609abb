package api

import (
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// domain owns the reasons of otklik.access.v1.ErrorReason.
const domain = "access.otklik"

// refuse makes an error of this service.
func refuse(code codes.Code, reason accessv1.ErrorReason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, rpcerr.ReasonOf(reason), message, append(opts, rpcerr.WithDomain(domain))...)
}

// invalidField is a field that cannot have its value.
func invalidField(field, description string) error {
	return refuseField(codes.InvalidArgument, accessv1.ErrorReason_ERROR_REASON_FIELD_INVALID, field, description)
}

// refuseField is a refusal because of one field.
func refuseField(code codes.Code, reason accessv1.ErrorReason, field, description string) *rpcerr.Error {
	return refuse(code, reason, field+": "+description, rpcerr.WithField(field, rpcerr.ReasonOf(reason), description))
}

func notFound(reason accessv1.ErrorReason, what, name string) error {
	return refuse(codes.NotFound, reason, "there is no "+what+" "+name, rpcerr.WithMetadata("resource", name))
}

// storeError explains an error of the store that the caller of the store has no better answer for. Errors of the backend pass: they say
// themselves what callers may know.
func storeError(err error) error {
	var known *rpcerr.Error
	if errors.Is(err, store.ErrClosed) && !errors.As(err, &known) {
		return rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down", rpcerr.WithCause(err))
	}
	return err
}

func etagMismatch(field string) error {
	return refuseField(codes.Aborted, accessv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH, field,
		"is not the etag as it is now: read again, apply the change to what is there now, and send the new etag")
}

// grantError explains a *credential.Refusal, whose field lies below parent; other errors pass.
func grantError(parent string, err error) error {
	var refusal *credential.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	code, reason := codes.InvalidArgument, accessv1.ErrorReason_ERROR_REASON_FIELD_INVALID
	switch {
	case errors.Is(err, credential.ErrRoleUnknown):
		reason = accessv1.ErrorReason_ERROR_REASON_ROLE_UNKNOWN
	case errors.Is(err, credential.ErrRolesConflict):
		reason = accessv1.ErrorReason_ERROR_REASON_ROLES_CONFLICT
	case errors.Is(err, credential.ErrUnitsRequired):
		reason = accessv1.ErrorReason_ERROR_REASON_UNITS_REQUIRED
	case errors.Is(err, credential.ErrEscalation):
		code, reason = codes.PermissionDenied, accessv1.ErrorReason_ERROR_REASON_ESCALATION
	}
	return refuseField(code, reason, joinPath(parent, refusal.Field), refusal.Description)
}

func joinPath(parent, field string) string {
	if parent == "" {
		return field
	}
	return parent + "." + field
}

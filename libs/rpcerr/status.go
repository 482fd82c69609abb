package rpcerr

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// FromError returns the Error that err is, wraps, or carries as a gRPC status (then with the details decoded). The second result is false
// when err is nil or neither.
func FromError(err error) (*Error, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e, true
	}
	st, ok := statusOf(err)
	if !ok || st.Code() == codes.OK {
		return nil, false
	}
	return FromStatus(st), true
}

// FromStatus decodes a status with its details. The inverse of GRPCStatus but for the cause, which does not travel.
func FromStatus(st *status.Status) *Error {
	e := &Error{Code: st.Code(), Message: st.Message()}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			e.Reason, e.Domain, e.Metadata = d.GetReason(), d.GetDomain(), d.GetMetadata()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				e.Fields = append(e.Fields, FieldViolation{Field: v.GetField(), Reason: v.GetReason(), Description: v.GetDescription()})
			}
		case *errdetails.QuotaFailure:
			for _, v := range d.GetViolations() {
				e.Quotas = append(e.Quotas, QuotaViolation{Subject: v.GetSubject(), Description: v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	return e
}

// Reason is the machine-readable reason that err carries, or "".
func Reason(err error) string {
	if e, ok := FromError(err); ok {
		return e.Reason
	}
	return ""
}

// Fields lists the fields at fault that err carries.
func Fields(err error) []FieldViolation {
	if e, ok := FromError(err); ok {
		return e.Fields
	}
	return nil
}

// RetryAfter is the wait that err advises, or 0.
func RetryAfter(err error) time.Duration {
	e, ok := FromError(err)
	if !ok {
		return 0
	}
	return e.retryAfter()
}

// Code is the canonical code of err: OK for nil, Unknown for an error that carries none.
func Code(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	if e, ok := FromError(err); ok {
		return e.Code
	}
	return codes.Unknown
}

// CodeName is the canonical name of a code as the API shows it, e.g. INVALID_ARGUMENT; codes.Code.String spells it InvalidArgument.
func CodeName(code codes.Code) string {
	if name, ok := codeNames[code]; ok {
		return name
	}
	return "UNKNOWN"
}

var codeNames = map[codes.Code]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN", codes.InvalidArgument: "INVALID_ARGUMENT",
	codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED", codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.Aborted: "ABORTED", codes.OutOfRange: "OUT_OF_RANGE", codes.Unimplemented: "UNIMPLEMENTED", codes.Internal: "INTERNAL",
	codes.Unavailable: "UNAVAILABLE", codes.DataLoss: "DATA_LOSS", codes.Unauthenticated: "UNAUTHENTICATED",
}

// statusOf finds a status in the chain of wrapped errors. Unlike status.FromError it does not put the wrapping text in the message, since
// that text is for logs.
func statusOf(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		if st := carrier.GRPCStatus(); st != nil {
			return st, true
		}
	}
	return nil, false
}

// Package rpcerr describes failures of calls in the shape that goes over the wire: one of the sixteen canonical codes, a machine-readable
// reason, and details in the messages of google.rpc. Services return *Error; the error mapping interceptor turns it into a status.
package rpcerr

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// DefaultDomain is the error domain (google.rpc.ErrorInfo.domain) of errors that name none.
const DefaultDomain = "otklik"

// DefaultRetryAfter is the retry advice of UNAVAILABLE and RESOURCE_EXHAUSTED errors that give none: these two codes always carry one.
const DefaultRetryAfter = time.Second

// FieldViolation says what is wrong with one field of a request.
type FieldViolation struct {
	// Field is the dotted proto path, e.g. `response.answers[2].score`.
	Field string
	// Reason is an UPPER_SNAKE_CASE word for machines; may be empty.
	Reason string
	// Description is one sentence for people, in English.
	Description string
}

// QuotaViolation says which quota is used up.
type QuotaViolation struct {
	// Subject is what the quota belongs to, e.g. `organization:acme`.
	Subject string
	// Description is one sentence for people, in English.
	Description string
}

// ReasonShuttingDown is the reason of calls that end because the server is being stopped. It is no fault: nobody needs to be woken.
const ReasonShuttingDown = "SHUTTING_DOWN"

// Error is a failure that may be shown to the caller in full. The cause, if any, is for logs and errors.Is only: it never leaves the process.
type Error struct {
	// Code is one of the canonical codes but OK.
	Code codes.Code
	// Reason is an UPPER_SNAKE_CASE word, unique in the domain.
	Reason string
	// Domain owns the reason; empty means DefaultDomain.
	Domain string
	// Message is for developers, in English, without personal data.
	Message string
	// Metadata gives details for machines, without personal data.
	Metadata map[string]string
	// Fields names the fields at fault.
	Fields []FieldViolation
	// Quotas names the quotas that are used up.
	Quotas []QuotaViolation
	// RetryAfter is the shortest wait before a retry; 0 means no advice (UNAVAILABLE and RESOURCE_EXHAUSTED then advise DefaultRetryAfter).
	RetryAfter time.Duration

	cause error
}

// Option completes an Error under construction.
type Option func(*Error)

// New makes an error. reason is UPPER_SNAKE_CASE; message is for developers and must hold no personal data.
func New(code codes.Code, reason, message string, opts ...Option) *Error {
	e := &Error{Code: code, Reason: reason, Domain: DefaultDomain, Message: message}
	for _, opt := range opts {
		opt(e)
	}
	return e
}

// WithDomain sets the owner of the reason.
func WithDomain(domain string) Option { return func(e *Error) { e.Domain = domain } }

// WithField adds a field at fault: its dotted proto path, a machine reason (may be empty) and a sentence for people.
func WithField(field, reason, description string) Option {
	return func(e *Error) {
		e.Fields = append(e.Fields, FieldViolation{Field: field, Reason: reason, Description: description})
	}
}

// WithFields adds fields at fault.
func WithFields(fields ...FieldViolation) Option {
	return func(e *Error) { e.Fields = append(e.Fields, fields...) }
}

// WithQuota adds a quota that is used up: what it belongs to and a sentence for people.
func WithQuota(subject, description string) Option {
	return func(e *Error) {
		e.Quotas = append(e.Quotas, QuotaViolation{Subject: subject, Description: description})
	}
}

// WithMetadata adds one machine-readable detail; no personal data.
func WithMetadata(key, value string) Option {
	return func(e *Error) {
		if e.Metadata == nil {
			e.Metadata = make(map[string]string, 1)
		}
		e.Metadata[key] = value
	}
}

// WithRetryAfter advises the caller to wait for at least d before it tries again.
func WithRetryAfter(d time.Duration) Option { return func(e *Error) { e.RetryAfter = d } }

// WithCause keeps the underlying error for logs and errors.Is; callers never see it.
func WithCause(err error) Option { return func(e *Error) { e.cause = err } }

// Error is the text for logs: unlike what the caller is told it includes the cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s %s: %s: %v", e.Code, e.Reason, e.Message, e.cause)
	}
	return fmt.Sprintf("%s %s: %s", e.Code, e.Reason, e.Message)
}

// Unwrap returns the cause or nil.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus is the error as a status: ErrorInfo always, BadRequest when fields are named, QuotaFailure when quotas are, RetryInfo when there is advice and always for
// UNAVAILABLE and RESOURCE_EXHAUSTED. A detail that cannot be encoded (invalid UTF-8) is dropped together with the other details rather
// than failing the answer.
func (e *Error) GRPCStatus() *status.Status {
	code := e.Code
	if code == codes.OK {
		code = codes.Unknown
	}
	st := status.New(code, e.Message)
	domain := e.Domain
	if domain == "" {
		domain = DefaultDomain
	}
	reason := e.Reason
	if reason == "" {
		reason = CodeName(code)
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: reason, Domain: domain, Metadata: e.Metadata}}
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{FieldViolations: make([]*errdetails.BadRequest_FieldViolation, len(e.Fields))}
		for i, f := range e.Fields {
			bad.FieldViolations[i] = &errdetails.BadRequest_FieldViolation{Field: f.Field, Reason: f.Reason, Description: f.Description}
		}
		details = append(details, bad)
	}
	if len(e.Quotas) > 0 {
		used := &errdetails.QuotaFailure{Violations: make([]*errdetails.QuotaFailure_Violation, len(e.Quotas))}
		for i, q := range e.Quotas {
			used.Violations[i] = &errdetails.QuotaFailure_Violation{Subject: q.Subject, Description: q.Description}
		}
		details = append(details, used)
	}
	if after := e.retryAfter(); after > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	}
	full, err := st.WithDetails(details...)
	if err != nil {
		return st
	}
	return full
}

func (e *Error) retryAfter() time.Duration {
	if e.RetryAfter > 0 {
		return e.RetryAfter
	}
	if NeedsRetryInfo(e.Code) {
		return DefaultRetryAfter
	}
	return 0
}

// NeedsRetryInfo tells whether a status of this code must carry google.rpc.RetryInfo.
func NeedsRetryInfo(code codes.Code) bool {
	return code == codes.Unavailable || code == codes.ResourceExhausted
}

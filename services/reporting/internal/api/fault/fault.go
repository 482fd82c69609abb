// Package fault makes the errors of the reporting service's calls: its own refusals, and what other services say to the caller, in the words of our requests.
package fault

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/refusal"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Domain owns the reasons of otklik.reporting.v1.ErrorReason.
const Domain = "reporting.otklik"

// Refuse makes an error of this service.
func Refuse(code codes.Code, reason reportingv1.ErrorReason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, rpcerr.ReasonOf(reason), message, append(opts, rpcerr.WithDomain(Domain))...)
}

// Field is a refusal because of one field.
func Field(code codes.Code, reason reportingv1.ErrorReason, field, description string) *rpcerr.Error {
	return Refuse(code, reason, field+": "+description, rpcerr.WithField(field, rpcerr.ReasonOf(reason), description))
}

// Unweighted refuses weights where each response counts once.
func Unweighted(what string) error {
	return Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_WEIGHTING_UNSUPPORTED, "query.weighting", what+" count each response once: leave it out")
}

// Survey explains an error of the survey service; query.survey names the survey asked for.
func Survey(err error) error {
	var said *peers.Refusal
	switch {
	case errors.Is(err, peers.ErrUnavailable):
		return Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_SURVEY_UNAVAILABLE,
			"the survey service, which knows the questions, did not answer: try again", rpcerr.WithCause(err))
	case errors.As(err, &said):
		e := Passed(said, func(string) string { return "query.survey" })
		if e.Code == codes.NotFound && len(e.Fields) == 0 {
			e.Fields = []rpcerr.FieldViolation{{Field: "query.survey", Reason: e.Reason, Description: e.Message}}
		}
		return e
	}
	return err
}

// Fields says which field of a request each question that was asked about came from.
type Fields []string

// Of is the field of our request that a field of scoring's stands for.
func (f Fields) Of(theirs string) string {
	var at int
	if n, err := fmt.Sscanf(theirs, "questions[%d]", &at); n == 1 && err == nil && at < len(f) {
		return f[at]
	}
	return "query." + theirs
}

// Scoring explains an error of the scoring service; field names the field of our request that one of theirs stands for.
func Scoring(err error, field func(theirs string) string) error {
	var said *peers.Refusal
	switch {
	case errors.Is(err, peers.ErrUnavailable):
		return Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_SCORING_UNAVAILABLE,
			"the scoring service, which counts answers, did not answer: try again", rpcerr.WithCause(err))
	case errors.As(err, &said):
		return Passed(said, field)
	}
	return err
}

// Segmentation explains an error of the segmentation service, of which nothing is asked that comes from a field.
func Segmentation(err error) error {
	var said *peers.Refusal
	switch {
	case errors.Is(err, peers.ErrUnavailable):
		return Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_SEGMENTATION_UNAVAILABLE,
			"the segmentation service, which knows locations and lights, did not answer: try again", rpcerr.WithCause(err))
	case errors.As(err, &said):
		return Passed(said, func(theirs string) string { return theirs })
	}
	return err
}

// Passed is what another service says to the caller, with the fields of our request in place of theirs.
func Passed(said *peers.Refusal, field func(theirs string) string) *rpcerr.Error {
	e := *said.Cause
	e.Fields = make([]rpcerr.FieldViolation, len(said.Cause.Fields))
	for i, f := range said.Cause.Fields {
		ours := field(f.Field)
		e.Message = strings.Replace(e.Message, f.Field+": ", ours+": ", 1)
		f.Field = ours
		e.Fields[i] = f
	}
	return &e
}

// Analysis explains an error of an analysis: a refusal of numbers that would be wrong names the items.
func Analysis(err error) error {
	var e *refusal.Error
	if !errors.As(err, &e) {
		return err
	}
	code := codes.FailedPrecondition
	if e.Argument {
		code = codes.InvalidArgument
	}
	opts := []rpcerr.Option{rpcerr.WithDomain(Domain)}
	if len(e.Items) > 0 {
		opts = append(opts, rpcerr.WithMetadata("items", strings.Join(e.Items, ",")))
	}
	return rpcerr.New(code, string(e.Reason), e.Description, opts...)
}

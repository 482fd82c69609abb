package api

import (
	"errors"
	"strconv"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// domain owns the reasons of otklik.scoring.v1.ErrorReason.
const domain = "scoring.otklik"

// refuse makes an error of this service.
func refuse(code codes.Code, reason scoringv1.ErrorReason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, rpcerr.ReasonOf(reason), message, append(opts, rpcerr.WithDomain(domain))...)
}

// queryError explains an error of a query to the caller; `within` is the field that holds the query, `baseline` the one that holds the
// other side of a comparison.
func queryError(err error, within, baseline string) error {
	var e *query.Error
	if !errors.As(err, &e) {
		return err
	}
	code := codes.InvalidArgument
	switch {
	case e.Missing:
		code = codes.NotFound
	case e.State:
		code = codes.FailedPrecondition
	case e.Pending:
		code = codes.Unavailable
	}
	if e.Baseline {
		within = baseline
	}
	opts := []rpcerr.Option{rpcerr.WithDomain(domain)}
	if e.Nearest != "" {
		opts = append(opts, rpcerr.WithMetadata("nearest", e.Nearest))
	}
	if e.Position > 0 {
		opts = append(opts, rpcerr.WithMetadata("position", strconv.Itoa(e.Position)))
	}
	message := e.Description
	if e.Field != "" {
		field := e.Field
		if within != "" {
			field = within + "." + field
		}
		message = field + ": " + e.Description
		opts = append(opts, rpcerr.WithField(field, string(e.Reason), e.Description))
	}
	return rpcerr.New(code, string(e.Reason), message, opts...)
}

// catalogError explains why a survey is not known.
func catalogError(err error, field, name string) error {
	switch {
	case errors.Is(err, surveys.ErrNotFound):
		const what = "there is no such survey in your organisation: check its name"
		return refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_SURVEY_NOT_FOUND, name+": "+what,
			rpcerr.WithField(field, "SURVEY_NOT_FOUND", what), rpcerr.WithMetadata("survey", name), rpcerr.WithCause(err))
	case errors.Is(err, surveys.ErrUnavailable), errors.Is(err, surveys.ErrFault):
		return surveyServiceUnavailable(err)
	}
	return err
}

func surveyServiceUnavailable(err error) error {
	return refuse(codes.Unavailable, scoringv1.ErrorReason_ERROR_REASON_SURVEY_SERVICE_UNAVAILABLE,
		"the survey service, which knows the questions, did not answer: try again", rpcerr.WithCause(err))
}

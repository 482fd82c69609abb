package api

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// domain owns the reasons of otklik.survey.v1.ErrorReason.
const domain = "survey.otklik"

// reasonSchemaOutdated is the reason of what has to wait for otklik migrate.
const reasonSchemaOutdated = "SCHEMA_OUTDATED"

// refuse makes an error of this service.
func refuse(code codes.Code, reason surveyv1.ErrorReason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, rpcerr.ReasonOf(reason), message, append(opts, rpcerr.WithDomain(domain))...)
}

// invalid lists violations.
func invalid(reason surveyv1.ErrorReason, what string, v *questionnaire.Violations) *rpcerr.Error {
	fields := make([]rpcerr.FieldViolation, len(v.List))
	for i, f := range v.List {
		fields[i] = rpcerr.FieldViolation{Field: f.Field, Reason: f.Reason, Description: f.Description}
	}
	message := fmt.Sprintf("%s: %s: %s", what, fields[0].Field, fields[0].Description)
	if v.Total > 1 {
		message += fmt.Sprintf(" (and %d more)", v.Total-1)
	}
	return refuse(codes.InvalidArgument, reason, message, rpcerr.WithFields(fields...))
}

func surveyNotFound(id string) error {
	return refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_SURVEY_NOT_FOUND, fmt.Sprintf("there is no survey %s", surveyName(id)),
		rpcerr.WithMetadata("survey", surveyName(id)))
}

// storeError explains an error of the store that the caller of the store has no better answer for. Errors of the backend pass: they say
// themselves what callers may know.
func storeError(err error) error {
	var known *rpcerr.Error
	if errors.Is(err, store.ErrClosed) && !errors.As(err, &known) {
		return rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down", rpcerr.WithCause(err))
	}
	if errors.Is(err, store.ErrOutdated) {
		return rpcerr.New(codes.Unavailable, reasonSchemaOutdated, "the database is being brought up to date", rpcerr.WithCause(err))
	}
	return err
}

// surveyError explains an error of a call that names a survey.
func surveyError(id string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return surveyNotFound(id)
	case errors.Is(err, store.ErrChanged):
		return etagMismatch()
	case errors.Is(err, lifecycle.ErrArchived):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_SURVEY_ARCHIVED, "the survey is archived")
	case errors.Is(err, lifecycle.ErrNotPublished):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_SURVEY_STATE, "the survey was never published")
	case errors.Is(err, lifecycle.ErrWasPublished):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_SURVEY_STATE,
			"the survey was published: it can be archived, not deleted")
	}
	return storeError(err)
}

func etagMismatch() error {
	return refuse(codes.Aborted, surveyv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH,
		"the survey was changed meanwhile; read it again, apply the change to what it is now, and send its new etag",
		rpcerr.WithField("etag", "ETAG_MISMATCH", "is not the etag of the survey as it is now"))
}

func idReused(what string) error {
	return refuse(codes.AlreadyExists, surveyv1.ErrorReason_ERROR_REASON_ID_REUSED,
		fmt.Sprintf("this %s was used with other content; use a new one for new content", what),
		rpcerr.WithField(what, "ID_REUSED", "was used with other content"))
}

// aboutParent adds the field by which a submission names its survey to an error about that survey.
func aboutParent(err error) error {
	var known *rpcerr.Error
	if errors.As(err, &known) && known.Domain == domain && len(known.Fields) == 0 {
		known.Fields = []rpcerr.FieldViolation{{Field: "parent", Reason: known.Reason, Description: known.Message}}
	}
	return err
}

// intakeError explains why a survey takes no submission. timeField is the field of the time that decided.
func intakeError(err error, timeField string) error {
	switch {
	case errors.Is(err, intake.ErrNotPublished):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_SURVEY_NOT_PUBLISHED, "no revision of the survey was published",
			rpcerr.WithField("parent", "SURVEY_NOT_PUBLISHED", "names a survey of which no revision was published"))
	case errors.Is(err, intake.ErrArchived):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_SURVEY_ARCHIVED, "the survey is archived",
			rpcerr.WithField("parent", "SURVEY_ARCHIVED", "names an archived survey"))
	case errors.Is(err, intake.ErrClosed):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_SURVEY_CLOSED, "the answer was given after the survey closed",
			rpcerr.WithField(timeField, "AFTER_CLOSE", "lies after the survey closed"))
	case errors.Is(err, intake.ErrGracePeriodOver):
		return refuse(codes.FailedPrecondition, surveyv1.ErrorReason_ERROR_REASON_GRACE_PERIOD_OVER,
			"the answer was given in time but received after the grace period",
			rpcerr.WithField(timeField, "GRACE_PERIOD_OVER", "lies too far back for a closed survey"))
	}
	return err
}

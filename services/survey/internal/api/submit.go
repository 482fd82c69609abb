package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// submission is a response or a refusal on its way into the store: what to store, and the message that says so.
type submission[M any] struct {
	record  store.NewSubmission
	message M
}

// SubmitResponse stores a response.
func (s *surveyServer) SubmitResponse(ctx context.Context, req *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	survey, err := parseSurvey(req.GetParent())
	if err != nil {
		return nil, err
	}
	if err := bindResponse(ctx, req); err != nil {
		return nil, err
	}
	in, err := newResponse(survey, req.GetResponseId(), req.GetResponse())
	if err != nil {
		return nil, err
	}
	outcome, err := accept(ctx, s.Server, org, survey, store.KindResponse, &in, s.admitResponse)
	if err != nil {
		return nil, err
	}
	return acceptedResponse(outcome, in.message)
}

// accept stores one submission that admit lets in, or finds what an earlier call with its identifier stored.
func accept[M any](ctx context.Context, s *Server, org, survey string, kind store.Kind, in *submission[M],
	admit func(ctx context.Context, org, survey string, in *submission[M], now time.Time) error,
) (outcome, error) {
	if refusal := admit(ctx, org, survey, in, s.now()); refusal != nil {
		protected, err := s.protected(ctx, org, survey)
		if err != nil {
			return outcome{}, err
		}
		return s.recall(ctx, org, survey, kind, in.record, refusal, protected)
	}
	in.record.Trace = traceparent(ctx)
	outcomes, err := s.store.Accept(ctx, org, survey, kind, []store.NewSubmission{in.record})
	if err != nil {
		return outcome{}, storeError(err)
	}
	out := outcome{Outcome: outcomes[0]}
	if out.repeated() {
		out.untold, err = s.protected(ctx, org, survey)
	}
	return out, err
}

// outcome is what became of a submission, for its caller.
type outcome struct {
	store.Outcome
	// untold tells that its identifier was used before and that the caller may not learn for what: whether it is content that the caller has guessed,
	// say.
	untold bool
}

// repeated tells that the identifier was used before.
func (o outcome) repeated() bool { return o.Replayed || o.Err != nil }

// acceptedResponse is the answer to a response that is stored. sent is its message. What an earlier call stored is made from the record, but for what
// it says of a person, which is what was sent now: only equal content is replayed.
func acceptedResponse(o outcome, sent *surveyv1.Response) (*surveyv1.SubmitResponseResponse, error) {
	if o.untold {
		return &surveyv1.SubmitResponseResponse{Response: &surveyv1.Response{Name: sent.GetName()}, Replayed: true}, nil
	}
	if o.Err != nil {
		return nil, idReused("response_id")
	}
	if !o.Replayed {
		return &surveyv1.SubmitResponseResponse{Response: sent}, nil
	}
	first, p, err := responseFromRecord(o.Submission)
	if err != nil {
		return nil, err
	}
	if p.takenOut {
		_, personal := takeOut(sent, "")
		putBack(first, personal)
	}
	return &surveyv1.SubmitResponseResponse{Response: first, Replayed: true}, nil
}

// recall looks for an earlier call with the same identifier after this one was refused: a true retry gets the first result however the survey
// has changed since. Without one the refusal stands. Where employees are protected the content is not compared.
func (s *Server) recall(ctx context.Context, org, survey string, kind store.Kind, in store.NewSubmission, refusal error, protected bool) (outcome, error) {
	print := in.Fingerprint
	if protected {
		print = nil
	}
	first, err := s.store.Recall(ctx, org, survey, kind, in.ID, print)
	switch {
	case err == nil:
		return outcome{Outcome: store.Outcome{Submission: first, Replayed: true}, untold: protected}, nil
	case errors.Is(err, store.ErrIDReused):
		return outcome{Outcome: store.Outcome{Err: store.ErrIDReused}, untold: protected}, nil
	case errors.Is(err, store.ErrNotFound):
		return outcome{}, refusal
	default:
		return outcome{}, storeError(err)
	}
}

// newResponse prepares a client's response: clears what is output only, encodes the rest, and takes its fingerprint. The message is changed.
func newResponse(survey, id string, m *surveyv1.Response) (submission[*surveyv1.Response], error) {
	if m == nil {
		m = &surveyv1.Response{}
	}
	dropOwn(m)
	revision := m.GetRevision()
	m.Name, m.Revision, m.ReceiveTime, m.CountTime, m.Flags, m.WithheldFields = "", "", nil, nil, nil, nil
	body, err := encode(m)
	if err != nil {
		return submission[*surveyv1.Response]{}, fmt.Errorf("encode response: %w", err)
	}
	m.Name, m.Revision = responseName(survey, id), revision
	// The revision counts as it was sent: a retry that leaves it empty stays the same after another revision was published.
	print := fingerprint(body, []byte{0}, []byte(revision))
	return submission[*surveyv1.Response]{record: store.NewSubmission{ID: id, Fingerprint: print, Body: body}, message: m}, nil
}

// Reasons of violations that do not depend on the questionnaire.
const (
	reasonRevisionMalformed = "REVISION_MALFORMED"
	reasonRevisionUnknown   = "REVISION_UNKNOWN"
	reasonTimestampInvalid  = "TIMESTAMP_INVALID"
)

// admitResponse checks a response against the survey and its questionnaire and completes it by what the server decides. Its error refuses the
// response, unless it is a retry.
func (s *Server) admitResponse(ctx context.Context, org, survey string, in *submission[*surveyv1.Response], now time.Time) error {
	status, err := s.store.Status(ctx, org, survey)
	if err != nil {
		return aboutParent(surveyError(survey, err))
	}
	return s.judgeResponse(ctx, org, survey, status, in, now)
}

// judgeResponse is admitResponse for a survey whose status is known.
func (s *Server) judgeResponse(ctx context.Context, org, survey string, status lifecycle.Status, in *submission[*surveyv1.Response], now time.Time) error {
	m := in.message
	if err := checkTime("response.answer_time", m.GetAnswerTime(), surveyv1.ErrorReason_ERROR_REASON_RESPONSE_INVALID); err != nil {
		return err
	}
	verdict, err := intake.Judge(status, intake.Arrival{Given: m.GetAnswerTime().AsTime(), Stated: m.GetAnswerTime() != nil, Received: now}, s.grace)
	if err != nil {
		return intakeError(err, "response.answer_time")
	}
	revision, form, err := s.formFor(ctx, org, survey, status, m.GetRevision())
	if err != nil {
		return err
	}
	v := form.Check(answersFromProto(m.GetAnswers()), "response.answers")
	checkTexts(&v, "response", m)
	checkConsents(&v, "response", m)
	if !v.Empty() {
		return invalid(surveyv1.ErrorReason_ERROR_REASON_RESPONSE_INVALID, "the response does not fit its questionnaire", &v)
	}
	if err := s.quotas.check(ctx, org); err != nil {
		return err
	}
	if err := completeResponse(in, survey, revision, now, verdict); err != nil {
		return err
	}
	return s.sealResponse(ctx, org, survey, in)
}

// completeResponse adds what the server decides to a response that is accepted.
func completeResponse(in *submission[*surveyv1.Response], survey string, revision int32, now time.Time, verdict intake.Verdict) error {
	m := in.message
	m.Revision, m.ReceiveTime, m.CountTime = revisionName(survey, revision), timestamppb.New(now), timestamppb.New(verdict.CountTime)
	if verdict.Late {
		m.Flags = append(m.Flags, surveyv1.Response_FLAG_LATE)
	}
	if verdict.ClockAhead {
		m.Flags = append(m.Flags, surveyv1.Response_FLAG_CLOCK_AHEAD)
	}
	if verdict.ClockUnset {
		m.Flags = append(m.Flags, surveyv1.Response_FLAG_CLOCK_UNSET)
	}
	in.record.Revision = revision
	return in.finish(verdict.CountTime, &surveyv1.Response{ReceiveTime: m.GetReceiveTime(), CountTime: m.GetCountTime(), Flags: m.GetFlags()})
}

// formFor returns the questionnaire that a response answers: that of the revision it names, or of the one published last.
func (s *Server) formFor(ctx context.Context, org, survey string, status lifecycle.Status, name string) (int32, *questionnaire.Form, error) {
	const field = "response.revision"
	number := status.Revision
	if name != "" {
		of, n, ok := parseRevision(name)
		if !ok {
			return 0, nil, refuse(codes.InvalidArgument, surveyv1.ErrorReason_ERROR_REASON_RESPONSE_INVALID, "the name of the revision is malformed",
				rpcerr.WithField(field, reasonRevisionMalformed, "must have the form surveys/{survey}/revisions/{revision}, or be empty"))
		}
		if of != survey {
			return 0, nil, refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_REVISION_NOT_FOUND, "the revision belongs to another survey",
				rpcerr.WithField(field, reasonRevisionUnknown, "must be a revision of "+surveyName(survey)))
		}
		number = n
	}
	form, err := s.forms.get(ctx, org, survey, number)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil, refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_REVISION_NOT_FOUND, "the survey has no such revision",
			rpcerr.WithField(field, reasonRevisionUnknown, "must be a published revision of "+surveyName(survey)))
	}
	if err != nil {
		return 0, nil, storeError(err)
	}
	return number, form, nil
}

// finish adds what the server decides to the record. The body grows by an encoding of the new fields alone, which is the
// same as encoding the whole again.
func (in *submission[M]) finish(countTime time.Time, outputs proto.Message) error {
	body, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(in.record.Body, outputs)
	if err != nil {
		return fmt.Errorf("encode outputs: %w", err)
	}
	in.record.Body, in.record.CountTime = body, countTime
	return nil
}

// checkTime refuses a timestamp that protobuf does not define.
func checkTime(field string, t *timestamppb.Timestamp, reason surveyv1.ErrorReason) error {
	if t == nil || t.IsValid() {
		return nil
	}
	return refuse(codes.InvalidArgument, reason, field+" is no valid time",
		rpcerr.WithField(field, reasonTimestampInvalid, "must lie between the years 1 and 9999, with nanos from 0 to 999,999,999"))
}

package api

import (
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// encode writes a body. Deterministic, so that equal messages give equal bytes.
func encode(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

// surveyBody is the part of a survey that the store keeps as opaque bytes.
func surveyBody(displayName string, draft *surveyv1.Questionnaire) ([]byte, error) {
	b, err := encode(&surveyv1.Survey{DisplayName: displayName, Draft: draft})
	if err != nil {
		return nil, fmt.Errorf("encode survey: %w", err)
	}
	return b, nil
}

func surveyFromRecord(v store.Survey) (*surveyv1.Survey, error) {
	out := &surveyv1.Survey{}
	if err := proto.Unmarshal(v.Body, out); err != nil {
		return nil, fmt.Errorf("decode survey %s: %w", v.ID, err)
	}
	fillOutputs(out.GetDraft())
	out.Name = surveyName(v.ID)
	out.State = stateToProto(v.Status.State)
	if v.Status.Revision > 0 {
		out.CurrentRevision = revisionName(v.ID, v.Status.Revision)
	}
	out.CreateTime = timestamppb.New(v.CreateTime)
	out.UpdateTime = timestamppb.New(v.UpdateTime)
	if !v.Status.CloseTime.IsZero() {
		out.CloseTime = timestamppb.New(v.Status.CloseTime)
	}
	out.Etag = etag(v)
	return out, nil
}

// etag changes with every change; with the time of creation in it, it is not that of a survey of the same name deleted before.
func etag(v store.Survey) string {
	return strconv.FormatInt(v.CreateTime.UnixMicro(), 36) + "." + strconv.FormatInt(v.Version, 36)
}

func stateToProto(s lifecycle.State) surveyv1.Survey_State {
	switch s {
	case lifecycle.Draft:
		return surveyv1.Survey_STATE_DRAFT
	case lifecycle.Published:
		return surveyv1.Survey_STATE_PUBLISHED
	case lifecycle.Closed:
		return surveyv1.Survey_STATE_CLOSED
	case lifecycle.Archived:
		return surveyv1.Survey_STATE_ARCHIVED
	default:
		return surveyv1.Survey_STATE_UNSPECIFIED
	}
}

func revisionFromRecord(v store.Revision) (*surveyv1.Revision, error) {
	q := &surveyv1.Questionnaire{}
	if err := proto.Unmarshal(v.Body, q); err != nil {
		return nil, fmt.Errorf("decode revision %d of survey %s: %w", v.Number, v.Survey, err)
	}
	fillOutputs(q)
	return &surveyv1.Revision{Name: revisionName(v.Survey, v.Number), Questionnaire: q, PublishTime: timestamppb.New(v.PublishTime)}, nil
}

// responseFromRecord is a response as it is stored: what it says of a person is in the parts.
func responseFromRecord(v store.Submission) (*surveyv1.Response, parts, error) {
	out := &surveyv1.Response{}
	p, err := fromBody(v, out)
	if err != nil {
		return nil, parts{}, fmt.Errorf("decode response at %d: %w", v.Position, err)
	}
	out.Name = responseName(v.Survey, v.ID)
	out.Revision = revisionName(v.Survey, v.Revision)
	return out, p, nil
}

// refusalFromRecord is responseFromRecord for a refusal.
func refusalFromRecord(v store.Submission) (*surveyv1.Refusal, parts, error) {
	out := &surveyv1.Refusal{}
	p, err := fromBody(v, out)
	if err != nil {
		return nil, parts{}, fmt.Errorf("decode refusal at %d: %w", v.Position, err)
	}
	out.Name = refusalName(v.Survey, v.ID)
	return out, p, nil
}

func fromBody(v store.Submission, out proto.Message) (parts, error) {
	if err := proto.Unmarshal(v.Body, out); err != nil {
		return parts{}, err
	}
	return split(out)
}

// optionalTime is the time of a timestamp; zero when it is missing.
func optionalTime(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

package api

import (
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
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

// Conversions of questionnaires to the form that the rules work on.

func questionnaireFromProto(q *surveyv1.Questionnaire) *questionnaire.Questionnaire {
	out := &questionnaire.Questionnaire{
		Title: q.GetTitle().GetTexts(), DefaultLanguage: q.GetDefaultLanguage(),
		Questions: make([]questionnaire.Question, len(q.GetQuestions())),
		Employees: q.GetPopulation() == typev1.Population_POPULATION_EMPLOYEE, Grouping: groupingFromProto(q.GetDeclaredGrouping()),
	}
	for i, question := range q.GetQuestions() {
		out.Questions[i] = questionFromProto(question)
	}
	return out
}

func groupingFromProto(key typev1.ContextKey) questionnaire.Grouping {
	switch key {
	case typev1.ContextKey_CONTEXT_KEY_UNSPECIFIED:
		return questionnaire.GroupingNone
	case typev1.ContextKey_CONTEXT_KEY_EMPLOYEE:
		return questionnaire.GroupingEmployee
	default:
		return questionnaire.GroupingUnits
	}
}

func questionFromProto(q *surveyv1.Question) questionnaire.Question {
	out := questionnaire.Question{ID: q.GetId(), Text: q.GetText().GetTexts(), Required: q.GetRequired(), Comment: commentFromProto(q.GetComment())}
	switch k := q.GetKind().(type) {
	case *surveyv1.Question_Nps:
		out.Kind, out.Scale = questionnaire.NPS, npsScale(k.Nps)
	case *surveyv1.Question_Csat:
		out.Kind, out.Scale = questionnaire.CSAT, scaleFromProto(k.Csat.GetScale())
		out.SatisfiedAtOrAbove = k.Csat.SatisfiedAtOrAbove
	case *surveyv1.Question_Ces:
		out.Kind, out.Scale = questionnaire.CES, scaleFromProto(k.Ces.GetScale())
		out.HighIsHard = k.Ces.GetDirection() == surveyv1.CesQuestion_DIRECTION_EFFORT
		out.EasyAtOrAbove, out.NetEasyAtOrAbove, out.NetDifficultAtOrBelow = k.Ces.EasyAtOrAbove, k.Ces.NetEasyAtOrAbove, k.Ces.NetDifficultAtOrBelow
	case *surveyv1.Question_Rating:
		out.Kind, out.Scale = questionnaire.Rating, scaleFromProto(k.Rating.GetScale())
	case *surveyv1.Question_Choice:
		out.Kind, out.Multiple, out.MaxChoices = questionnaire.Choice, k.Choice.GetMultiple(), int(k.Choice.GetMaxChoices())
		out.Options = make([]questionnaire.Option, len(k.Choice.GetOptions()))
		for i, o := range k.Choice.GetOptions() {
			out.Options[i] = questionnaire.Option{ID: o.GetId(), Text: o.GetText().GetTexts()}
		}
	case *surveyv1.Question_FreeText:
		out.Kind, out.MaxLength = questionnaire.FreeText, int(k.FreeText.GetMaxLength())
	}
	return out
}

func commentFromProto(c *surveyv1.CommentPolicy) questionnaire.Comment {
	out := questionnaire.Comment{MaxLength: int(c.GetMaxLength())}
	if c != nil {
		out.RequiredAtOrBelow = c.RequiredAtOrBelow
	}
	switch c.GetMode() {
	case surveyv1.CommentPolicy_MODE_OPTIONAL:
		out.Mode = questionnaire.CommentOptional
	case surveyv1.CommentPolicy_MODE_REQUIRED_BELOW:
		out.Mode = questionnaire.CommentRequiredBelow
	}
	return out
}

func npsScale(q *surveyv1.NpsQuestion) *questionnaire.Scale {
	scale := &questionnaire.Scale{Min: 0, Max: 10, Step: q.GetStep()}
	if q.GetScale() == surveyv1.NpsQuestion_SCALE_KIND_1_10 {
		scale.Min = 1
	}
	return scale
}

func scaleFromProto(s *typev1.Scale) *questionnaire.Scale {
	if s == nil {
		return nil
	}
	return &questionnaire.Scale{Min: s.GetMin(), Max: s.GetMax(), Step: s.GetStep()}
}

// fillOutputs sets what is output only in a draft: the identifiers of scales. A client's values there are dropped.
func fillOutputs(q *surveyv1.Questionnaire) {
	for _, question := range q.GetQuestions() {
		var scale *typev1.Scale
		switch k := question.GetKind().(type) {
		case *surveyv1.Question_Csat:
			scale = k.Csat.GetScale()
		case *surveyv1.Question_Ces:
			scale = k.Ces.GetScale()
		case *surveyv1.Question_Rating:
			scale = k.Rating.GetScale()
		}
		if scale != nil {
			scale.Id = scaleFromProto(scale).ID()
		}
	}
}

func answersFromProto(in []*surveyv1.Answer) []questionnaire.Answer {
	out := make([]questionnaire.Answer, len(in))
	for i, a := range in {
		o := &out[i]
		o.Question, o.Comment = a.GetQuestion(), a.GetComment()
		switch v := a.GetValue().(type) {
		case *surveyv1.Answer_Score:
			o.Value, o.Score = questionnaire.ValueScore, v.Score
		case *surveyv1.Answer_Choice:
			o.Value, o.Options = questionnaire.ValueOptions, v.Choice.GetOptions()
		case *surveyv1.Answer_FreeText:
			o.Value, o.Text = questionnaire.ValueText, v.FreeText
		}
	}
	return out
}

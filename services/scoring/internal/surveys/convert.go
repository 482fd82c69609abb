package surveys

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Segments of resource names.
const (
	surveysSegment   = "surveys/"
	revisionsSegment = "/revisions/"
)

// SurveyName is the resource name of a survey.
func SurveyName(survey string) string { return surveysSegment + survey }

// SurveyID is the identifier in the resource name of a survey; false when the name is none.
func SurveyID(name string) (string, bool) {
	id, ok := strings.CutPrefix(name, surveysSegment)
	return id, ok && id != "" && !strings.Contains(id, "/")
}

// RevisionName is the resource name of a revision.
func RevisionName(survey string, number int64) string {
	return surveysSegment + survey + revisionsSegment + strconv.FormatInt(number, 10)
}

// ParseRevision reads the resource name of a revision.
func ParseRevision(name string) (survey string, number int64, err error) {
	parent, id, ok := strings.Cut(name, revisionsSegment)
	if survey, isSurvey := SurveyID(parent); ok && isSurvey {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil && n > 0 {
			return survey, n, nil
		}
	}
	return "", 0, fmt.Errorf("%q is not the name of a revision", name)
}

// ParseItem splits the resource name of something that belongs to a survey: `surveys/{survey}/{collection}/{id}`.
func ParseItem(name, collection string) (survey, id string, err error) {
	parent, id, ok := strings.Cut(name, "/"+collection+"/")
	if survey, isSurvey := SurveyID(parent); ok && isSurvey && id != "" && !strings.Contains(id, "/") {
		return survey, id, nil
	}
	return "", "", fmt.Errorf("%q is not surveys/…/%s/…", name, collection)
}

// FromRevision converts a revision.
func FromRevision(r *surveyv1.Revision) (*questionnaire.Revision, error) {
	survey, number, err := ParseRevision(r.GetName())
	if err != nil {
		return nil, fmt.Errorf("convert revision: %w", err)
	}
	population, err := Population(r.GetQuestionnaire().GetPopulation())
	if err != nil {
		return nil, fmt.Errorf("convert revision %s: %w", r.GetName(), err)
	}
	// The numbers are equal; a test holds them together.
	grouping := fact.ContextKey(r.GetQuestionnaire().GetDeclaredGrouping())
	if grouping != fact.NoKey && !grouping.Valid() {
		return nil, fmt.Errorf("convert revision %s: context key %d is unknown", r.GetName(), grouping)
	}
	out := &questionnaire.Revision{
		Survey: survey, Number: number, Population: population, Grouping: grouping, PublishTime: r.GetPublishTime().AsTime(),
		Questions: make([]metric.Question, len(r.GetQuestionnaire().GetQuestions())),
	}
	for i, q := range r.GetQuestionnaire().GetQuestions() {
		if out.Questions[i], err = fromQuestion(q); err != nil {
			return nil, fmt.Errorf("convert revision %s: question %q: %w", r.GetName(), q.GetId(), err)
		}
	}
	return out, nil
}

// Population converts who is asked; not stated means CUSTOMER.
func Population(p typev1.Population) (fact.Population, error) {
	if p == typev1.Population_POPULATION_UNSPECIFIED {
		return fact.Customer, nil
	}
	// The numbers are equal; a test holds them together.
	if out := fact.Population(p); p > 0 && p <= typev1.Population_POPULATION_EMPLOYEE {
		return out, nil
	}
	return 0, fmt.Errorf("population %d is unknown", p)
}

func fromQuestion(q *surveyv1.Question) (metric.Question, error) {
	out := metric.Question{ID: q.GetId()}
	var err error
	switch kind := q.GetKind().(type) {
	case *surveyv1.Question_Nps:
		out.Kind = question.NPS
		out.Scale, err = npsScale(kind.Nps)
	case *surveyv1.Question_Csat:
		out.Kind = question.CSAT
		if out.Scale, err = fromScale(kind.Csat.GetScale()); err == nil {
			out.Cuts.SatisfiedFrom, err = cut(kind.Csat.SatisfiedAtOrAbove)
		}
	case *surveyv1.Question_Ces:
		err = fromCES(kind.Ces, &out)
	case *surveyv1.Question_Rating:
		out.Kind = question.Rating
		out.Scale, err = fromScale(kind.Rating.GetScale())
	case *surveyv1.Question_Choice:
		out.Kind = question.Choice
		for _, o := range kind.Choice.GetOptions() {
			out.Options = append(out.Options, o.GetId())
		}
	case *surveyv1.Question_FreeText:
		out.Kind = question.Text
	case *surveyv1.Question_Expectation:
		out.Kind = question.Expectation
		out.Scale, err = fromScale(q.GetEffectiveScale())
	case *surveyv1.Question_Importance:
		out.Kind = question.Importance
		out.Scale, err = fromScale(q.GetEffectiveScale())
	case *surveyv1.Question_Likelihood, *surveyv1.Question_Like, *surveyv1.Question_Smile:
		out.Kind = question.Rating
		out.Scale, err = fromScale(q.GetEffectiveScale())
	case *surveyv1.Question_Number, *surveyv1.Question_Date:
		out.Kind = question.Other
	default:
		err = fmt.Errorf("kind %T is unknown", kind)
	}
	return out, err
}

func fromCES(q *surveyv1.CesQuestion, out *metric.Question) error {
	out.Kind = question.CES
	if q.GetDirection() == surveyv1.CesQuestion_DIRECTION_EFFORT {
		out.Direction = question.Effort
	}
	var err error
	if out.Scale, err = fromScale(q.GetScale()); err != nil {
		return err
	}
	if out.Cuts.EasyFrom, err = cut(q.EasyAtOrAbove); err != nil {
		return err
	}
	if out.Cuts.NetEasyFrom, err = cut(q.NetEasyAtOrAbove); err != nil {
		return err
	}
	out.Cuts.NetDifficultTo, err = cut(q.NetDifficultAtOrBelow)
	return err
}

func npsScale(q *surveyv1.NpsQuestion) (question.Scale, error) {
	s := question.Scale0To10
	if q.GetScale() == surveyv1.NpsQuestion_SCALE_KIND_1_10 {
		s = question.Scale1To10
	}
	if q.GetStep() == 0 {
		return s, nil
	}
	step, err := question.CentiOf(q.GetStep())
	if err != nil {
		return question.Scale{}, fmt.Errorf("step: %w", err)
	}
	s.Step = step
	return s, s.Check()
}

// fromScale converts a scale; a missing one is 1 to 5.
func fromScale(s *typev1.Scale) (question.Scale, error) {
	if s == nil {
		return question.Scale1To5, nil
	}
	out := question.Scale{Step: question.Unit}
	var err error
	if out.Min, err = question.CentiOf(s.GetMin()); err != nil {
		return question.Scale{}, fmt.Errorf("scale: %w", err)
	}
	if out.Max, err = question.CentiOf(s.GetMax()); err != nil {
		return question.Scale{}, fmt.Errorf("scale: %w", err)
	}
	if s.GetStep() != 0 {
		if out.Step, err = question.CentiOf(s.GetStep()); err != nil {
			return question.Scale{}, fmt.Errorf("scale: %w", err)
		}
	}
	return out, out.Check()
}

func cut(stated *float64) (*question.Centi, error) {
	if stated == nil {
		return nil, nil
	}
	c, err := question.CentiOf(*stated)
	if err != nil {
		return nil, fmt.Errorf("cut point: %w", err)
	}
	return &c, nil
}

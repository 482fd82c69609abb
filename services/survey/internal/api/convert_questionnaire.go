package api

import (
	"cmp"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
)

func questionnaireFromProto(q *surveyv1.Questionnaire) *questionnaire.Questionnaire {
	out := &questionnaire.Questionnaire{
		Title: q.GetTitle().GetTexts(), DefaultLanguage: q.GetDefaultLanguage(),
		Questions: make([]questionnaire.Question, len(q.GetQuestions())),
		Employees: q.GetPopulation() == typev1.Population_POPULATION_EMPLOYEE, Grouping: groupingFromProto(q.GetDeclaredGrouping()),
	}
	for i, question := range q.GetQuestions() {
		out.Questions[i] = questionFromProto(question)
	}
	for _, g := range q.GetGroups() {
		out.Groups = append(out.Groups, questionnaire.Group{ID: g.GetId(), Title: g.GetTitle().GetTexts(), Matrix: g.GetLayout() == surveyv1.QuestionGroup_LAYOUT_MATRIX})
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
	out := questionnaire.Question{ID: q.GetId(), Text: q.GetText().GetTexts(), Required: q.GetRequired(), Comment: commentFromProto(q.GetComment()), Group: q.GetGroup()}
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
	case *surveyv1.Question_Expectation:
		out.Kind, out.Scale = questionnaire.Expectation, scaleFromProto(k.Expectation.GetScale())
	case *surveyv1.Question_Importance:
		out.Kind, out.Scale, out.Item = questionnaire.Importance, scaleFromProto(k.Importance.GetScale()), k.Importance.GetItem()
	case *surveyv1.Question_Likelihood:
		out.Kind, out.Scale = questionnaire.Likelihood, scaleFromProto(k.Likelihood.GetScale())
	case *surveyv1.Question_Like:
		out.Kind = questionnaire.Like
	case *surveyv1.Question_Smile:
		out.Kind, out.Scale = questionnaire.Smile, &questionnaire.Scale{Min: 1, Max: float64(cmp.Or(k.Smile.GetFaces(), defaultFaces))}
	case *surveyv1.Question_Number:
		out.Kind, out.Least, out.Greatest, out.Decimals = questionnaire.Number, k.Number.Min, k.Number.Max, int(k.Number.GetDecimals())
		out.Unit = k.Number.GetUnit().GetTexts()
	case *surveyv1.Question_Date:
		out.Kind, out.Earliest, out.Latest = questionnaire.Date, k.Date.GetEarliest(), k.Date.GetLatest()
	}
	return out
}

// defaultFaces is how many faces a smile has that states none.
const defaultFaces = 5

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

// fillOutputs sets what is output only in a questionnaire: the identifiers of scales, and the scales on which answers count. A client's values there are dropped.
func fillOutputs(q *surveyv1.Questionnaire) {
	for _, question := range q.GetQuestions() {
		question.EffectiveScale = nil
		if stated := statedScale(question); stated != nil {
			stated.Id = scaleFromProto(stated).ID()
		}
		if read := questionFromProto(question); read.Kind.Scored() {
			scale := read.EffectiveScale()
			question.EffectiveScale = &typev1.Scale{Id: scale.ID(), Min: scale.Min, Max: scale.Max, Step: cmp.Or(scale.Step, 1)}
		}
	}
}

// statedScale is the scale that a question states; nil when it states none.
func statedScale(q *surveyv1.Question) *typev1.Scale {
	switch k := q.GetKind().(type) {
	case *surveyv1.Question_Csat:
		return k.Csat.GetScale()
	case *surveyv1.Question_Ces:
		return k.Ces.GetScale()
	case *surveyv1.Question_Rating:
		return k.Rating.GetScale()
	case *surveyv1.Question_Expectation:
		return k.Expectation.GetScale()
	case *surveyv1.Question_Importance:
		return k.Importance.GetScale()
	case *surveyv1.Question_Likelihood:
		return k.Likelihood.GetScale()
	}
	return nil
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
		case *surveyv1.Answer_Number:
			o.Value, o.Number = questionnaire.ValueNumber, v.Number
		case *surveyv1.Answer_Date:
			o.Value, o.Date = questionnaire.ValueDate, v.Date
		}
	}
	return out
}

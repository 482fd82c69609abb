package importer

import (
	"fmt"
	"strings"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Questionnaire is what the mapping's survey asks, ready to be created. The error names the texts that are missing.
func (m *Mapping) Questionnaire() (*surveyv1.Questionnaire, error) {
	var missing []string
	if len(m.Survey.Title) == 0 {
		missing = append(missing, "survey.title")
	}
	q := &surveyv1.Questionnaire{
		Title: &typev1.LocalizedText{Texts: m.Survey.Title}, DefaultLanguage: m.Survey.DefaultLanguage, Population: m.Survey.Population,
	}
	for _, question := range m.Questions {
		d := question.Definition
		if d.GetText() == nil {
			missing = append(missing, fmt.Sprintf("the text of the question %q", d.GetId()))
		}
		for _, option := range d.GetChoice().GetOptions() {
			if option.GetText() == nil {
				missing = append(missing, fmt.Sprintf("the text of the option %q of the question %q", option.GetId(), d.GetId()))
			}
		}
		q.Questions = append(q.Questions, d)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the mapping cannot create the survey, since it lacks %s", strings.Join(missing, ", "))
	}
	return q, nil
}

// Misfits lists, in words, why answers made by the mapping do not fit a questionnaire; none when they do. Texts may differ, and the
// questionnaire may ask more, as long as it does not require it.
func (m *Mapping) Misfits(q *surveyv1.Questionnaire) []string {
	var out []string
	if want := population(m.Survey.Population); m.Survey.Population != 0 && want != population(q.GetPopulation()) {
		out = append(out, fmt.Sprintf("it asks %s, not %s", populationName(q.GetPopulation()), populationName(want)))
	}
	asked := make(map[string]*surveyv1.Question, len(q.GetQuestions()))
	for _, question := range q.GetQuestions() {
		asked[question.GetId()] = question
	}
	mapped := map[string]bool{}
	for i := range m.Questions {
		d := m.Questions[i].Definition
		mapped[d.GetId()] = true
		other, ok := asked[d.GetId()]
		if !ok {
			out = append(out, fmt.Sprintf("it has no question %q", d.GetId()))
			continue
		}
		out = append(out, misfitsOf(d, other, m.Questions[i].Comment != "")...)
	}
	for _, question := range q.GetQuestions() {
		if question.GetRequired() && !mapped[question.GetId()] {
			out = append(out, fmt.Sprintf("it requires the question %q, which the mapping does not have", question.GetId()))
		}
	}
	return out
}

func misfitsOf(want, have *surveyv1.Question, commented bool) []string {
	id := want.GetId()
	if kindOf(want) != kindOf(have) {
		return []string{fmt.Sprintf("its question %q is of type %s, not %s", id, kindOf(have), kindOf(want))}
	}
	var out []string
	if a, scored := scaleOf(want); scored {
		if b, _ := scaleOf(have); a != b {
			out = append(out, fmt.Sprintf("its question %q has the scale %s, not %s", id, b, a))
		}
	}
	if a, b := want.GetCes().GetDirection(), have.GetCes().GetDirection(); effort(a) != effort(b) {
		out = append(out, fmt.Sprintf("its question %q counts effort the other way round", id))
	}
	if choice := want.GetChoice(); choice != nil {
		options := map[string]bool{}
		for _, o := range have.GetChoice().GetOptions() {
			options[o.GetId()] = true
		}
		for _, o := range choice.GetOptions() {
			if !options[o.GetId()] {
				out = append(out, fmt.Sprintf("its question %q has no option %q", id, o.GetId()))
			}
		}
		if choice.GetMultiple() && !have.GetChoice().GetMultiple() {
			out = append(out, fmt.Sprintf("its question %q takes one option only", id))
		}
	}
	mode := have.GetComment().GetMode()
	if commented && (mode == surveyv1.CommentPolicy_MODE_UNSPECIFIED || mode == surveyv1.CommentPolicy_MODE_OFF) {
		out = append(out, fmt.Sprintf("its question %q takes no comment", id))
	}
	return out
}

func effort(d surveyv1.CesQuestion_Direction) bool { return d == surveyv1.CesQuestion_DIRECTION_EFFORT }

// kindOf names a question's type as mapping files do: as its field in the API, but for words.
func kindOf(q *surveyv1.Question) string {
	m := q.ProtoReflect()
	kind := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind"))
	switch {
	case kind == nil:
		return "unknown"
	case q.GetFreeText() != nil:
		return "text"
	default:
		return string(kind.Name())
	}
}

func population(p typev1.Population) typev1.Population {
	if p == typev1.Population_POPULATION_UNSPECIFIED {
		return typev1.Population_POPULATION_CUSTOMER
	}
	return p
}

func populationName(p typev1.Population) string {
	return strings.ToLower(strings.TrimPrefix(population(p).String(), "POPULATION_")) + "s"
}

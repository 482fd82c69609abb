package questionnaire_test

import (
	"testing"

	"github.com/otklik/otklik/services/survey/internal/questionnaire"
)

func TestCheckSuccession(t *testing.T) {
	t.Parallel()
	one := func(q questionnaire.Question) *questionnaire.Questionnaire {
		return &questionnaire.Questionnaire{Questions: []questionnaire.Question{{ID: "other", Kind: questionnaire.FreeText}, q}}
	}
	ease := questionnaire.Question{ID: "q", Kind: questionnaire.CES, Scale: &questionnaire.Scale{Min: 1, Max: 5}}
	for _, c := range []struct {
		name    string
		next    questionnaire.Question
		refused bool
	}{
		{"the same", ease, false},
		{"another kind", questionnaire.Question{ID: "q", Kind: questionnaire.CSAT}, true},
		{"the other way", questionnaire.Question{ID: "q", Kind: questionnaire.CES, HighIsHard: true}, true},
		{"a longer scale", questionnaire.Question{ID: "q", Kind: questionnaire.CES, Scale: &questionnaire.Scale{Min: 1, Max: 7}}, false},
		{"a new id", questionnaire.Question{ID: "q2", Kind: questionnaire.CSAT}, false},
	} {
		v := questionnaire.CheckSuccession(one(ease), one(c.next), "survey.draft")
		if v.Empty() == c.refused {
			t.Errorf("%s: violations %v, refused should be %v", c.name, v.List, c.refused)
		}
		if c.refused && (v.List[0].Field != "survey.draft.questions[1].id" || v.List[0].Reason != questionnaire.ReasonMeaningChanged) {
			t.Errorf("%s: violation %+v", c.name, v.List[0])
		}
	}
}

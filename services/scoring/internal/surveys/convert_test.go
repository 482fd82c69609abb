package surveys_test

import (
	"slices"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestChoicesHaveTheirOptions: they are what filters and shares may name.
func TestChoicesHaveTheirOptions(t *testing.T) {
	t.Parallel()
	r, err := surveys.FromRevision(&surveyv1.Revision{Name: "surveys/shop/revisions/2", Questionnaire: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
		{Id: "reason", Kind: &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{Options: []*surveyv1.ChoiceQuestion_Option{{Id: "price"}, {Id: "other"}}}}},
	}}})
	if err != nil || !slices.Equal(r.Questions[0].Options, []string{"price", "other"}) {
		t.Errorf("got %+v and %v", r, err)
	}
}

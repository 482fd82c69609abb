package api

import (
	"slices"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
)

// checkTexts refuses control characters in the identifiers that come with a response. The texts of answers are checked with the answers.
func checkTexts(v *questionnaire.Violations, base string, m *surveyv1.Response) {
	checkIdentifier(v, base+".respondent", m.GetRespondent())
	checkIdentifier(v, base+".invitation", m.GetInvitation())
	checkContext(v, base+".context", m.GetContext())
}

func checkContext(v *questionnaire.Violations, base string, c *typev1.Context) {
	if c == nil {
		return
	}
	checkIdentifier(v, base+".touchpoint", c.GetTouchpoint())
	checkIdentifier(v, base+".channel", c.GetChannel())
	checkIdentifier(v, base+".location", c.GetLocation())
	checkIdentifier(v, base+".region", c.GetRegion())
	checkIdentifier(v, base+".company", c.GetCompany())
	checkIdentifier(v, base+".employee", c.GetEmployee())
	var bad []string
	for key, value := range c.GetAttributes() {
		if questionnaire.HasControl(value, false) {
			bad = append(bad, key)
		}
	}
	slices.Sort(bad)
	for _, key := range bad {
		checkIdentifier(v, base+".attributes[\""+key+"\"]", c.GetAttributes()[key])
	}
}

// checkIdentifier refuses control characters, line breaks among them: identifiers are compared byte by byte and shown in one line.
func checkIdentifier(v *questionnaire.Violations, field, value string) {
	if questionnaire.HasControl(value, false) {
		v.Add(field, questionnaire.ReasonControlCharacter, "holds a control character; remove it")
	}
}

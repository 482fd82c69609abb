package api

import "testing"

// FuzzNames takes names of resources apart: what comes out makes the same name again, and holds no further part.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{
		"", "surveys/", "surveys/s", "surveys/s/", "surveys/s/revisions/1", "surveys/s/revisions/01", "surveys/s/revisions/-1", "surveys/s/revisions/2147483648", "surveys/s/revisions/٣",
		"surveys/s/responses/r", "surveys/s/responses/r/x", "surveys//responses/r", "surveys/s/responses//responses/r", "surveys/a/refusals/b/refusals/c", "surveys/\x00", "surveys/..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if id, err := parseSurvey(name); err == nil && surveyName(id) != name {
			t.Fatalf("%q was taken for survey %q", name, id)
		}
		if survey, id, err := parseChild(name, responsesCollection); err == nil && responseName(survey, id) != name {
			t.Fatalf("%q was taken for response %q of %q", name, id, survey)
		}
		if survey, id, err := parseChild(name, refusalsCollection); err == nil && refusalName(survey, id) != name {
			t.Fatalf("%q was taken for refusal %q of %q", name, id, survey)
		}
		if survey, number, ok := parseRevision(name); ok && revisionName(survey, number) != name {
			t.Fatalf("%q was taken for revision %d of %q", name, number, survey)
		}
	})
}

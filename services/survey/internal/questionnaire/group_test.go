package questionnaire

import (
	"slices"
	"testing"
)

func TestGroups(t *testing.T) {
	grouped := func(groups []Group, qs ...Question) *Questionnaire {
		q := ask(qs...)
		q.Groups = groups
		return q
	}
	stars := func(group string, most float64) Question {
		return Question{Kind: Rating, Group: group, Scale: &Scale{Min: 1, Max: most}}
	}
	table := []Group{{ID: "g", Title: en("How were they?"), Matrix: true}}
	for _, c := range []struct {
		name string
		in   *Questionnaire
		want []string
	}{
		{"a list of anything", grouped([]Group{{ID: "g"}}, Question{Kind: NPS, Group: "g"}, Question{Kind: FreeText, Group: "g"}), nil},
		{"a table of one scale", grouped(table, stars("g", 5), stars("g", 5), Question{Kind: Rating, Group: "g"}), nil},
		{"a table of options", grouped(table, Question{Kind: Choice, Options: options("a", "b"), Group: "g"}, Question{Kind: Choice, Options: options("a", "b"), Group: "g"}), nil},
		{"two scales", grouped(table, stars("g", 5), stars("g", 7)), []string{"d.questions[1].group MATRIX_MIXED"}},
		{"two kinds", grouped(table, stars("g", 5), Question{Kind: CSAT, Group: "g"}), []string{"d.questions[1].group MATRIX_MIXED"}},
		{"ease and effort", grouped(table, Question{Kind: CES, Group: "g"}, Question{Kind: CES, HighIsHard: true, Group: "g"}), []string{"d.questions[1].group MATRIX_MIXED"}},
		{"other options", grouped(table, Question{Kind: Choice, Options: options("a", "b"), Group: "g"}, Question{Kind: Choice, Options: options("b", "a"), Group: "g"}),
			[]string{"d.questions[1].group MATRIX_MIXED"}},
		{"words in a table", grouped(table, Question{Kind: FreeText, Group: "g"}), []string{"d.questions[0].group MATRIX_MIXED"}},
		{"unknown", grouped(nil, stars("g", 5)), []string{"d.questions[0].group GROUP_UNKNOWN"}},
		{"empty", grouped([]Group{{ID: "g"}}, stars("", 5)), []string{"d.groups[0].id GROUP_EMPTY"}},
		{"twice", grouped([]Group{{ID: "g"}, {ID: "g"}}, stars("g", 5)), []string{"d.groups[1].id GROUP_ID_DUPLICATE"}},
		{"scattered", grouped([]Group{{ID: "g"}}, stars("g", 5), stars("", 5), stars("g", 5)), []string{"d.questions[2].group GROUP_SCATTERED"}},
		{"title without the default language", grouped([]Group{{ID: "g", Title: Text{"ru": "Как?"}}}, stars("g", 5)), []string{"d.groups[0].title DEFAULT_LANGUAGE_MISSING"}},
	} {
		if got := found(*Check(c.in, "d")); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

package questionnaire

import (
	"slices"
	"testing"
)

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name string
		in   *Questionnaire
		want []string
	}{
		{"expectation", ask(Question{Kind: Expectation}), nil},
		{"expectation 1-7", ask(Question{Kind: Expectation, Scale: &Scale{Min: 1, Max: 7}}), nil},
		{"expectation without a middle", ask(Question{Kind: Expectation, Scale: &Scale{Min: 1, Max: 4}}), []string{"d.questions[0].expectation.scale SCALE_WITHOUT_MIDDLE"}},
		{"importance of an item", ask(Question{ID: "queue", Kind: CSAT}, Question{Kind: Importance, Item: "queue"}), nil},
		{"importance of nothing asked", ask(Question{Kind: Importance, Item: "queue"}), []string{"d.questions[0].importance.item ITEM_UNKNOWN"}},
		{"importance of words", ask(Question{ID: "why", Kind: FreeText}, Question{Kind: Importance, Item: "why"}), []string{"d.questions[1].importance.item ITEM_UNKNOWN"}},
		{"importance of an importance", ask(Question{ID: "a", Kind: Importance}, Question{Kind: Importance, Item: "a"}), []string{"d.questions[1].importance.item ITEM_UNKNOWN"}},
		{"likelihood, like and smile", ask(Question{Kind: Likelihood}, Question{Kind: Like}, Question{Kind: Smile, Scale: &Scale{Min: 1, Max: 3}}), nil},
		{"a comment where somebody dislikes", ask(Question{Kind: Like, Comment: Comment{Mode: CommentRequiredBelow, RequiredAtOrBelow: ptr(0.0)}}), nil},
		{"a threshold off the scale of likes", ask(Question{Kind: Like, Comment: Comment{Mode: CommentRequiredBelow, RequiredAtOrBelow: ptr(3.0)}}),
			[]string{"d.questions[0].comment.required_at_or_below THRESHOLD_OUT_OF_SCALE"}},
		{"number", ask(Question{Kind: Number, Least: ptr(0.0), Greatest: ptr(99.95), Decimals: 2, Unit: en("km")}), nil},
		{"bounds of a number the wrong way round", ask(Question{Kind: Number, Least: ptr(2.0), Greatest: ptr(1.0)}), []string{"d.questions[0].number NUMBER_RANGE"}},
		{"a bound finer than the answers", ask(Question{Kind: Number, Least: ptr(0.5)}), []string{"d.questions[0].number.min NUMBER_PRECISION"}},
		{"a number too great", ask(Question{Kind: Number, Greatest: ptr(1e13)}), []string{"d.questions[0].number.max NUMBER_RANGE"}},
		{"date", ask(Question{Kind: Date, Earliest: "2024-02-29", Latest: "2026-12-31"}), nil},
		{"31 February", ask(Question{Kind: Date, Earliest: "2026-02-31"}), []string{"d.questions[0].date.earliest DATE_INVALID"}},
		{"dates the wrong way round", ask(Question{Kind: Date, Earliest: "2026-02-02", Latest: "2026-02-01"}), []string{"d.questions[0].date DATE_RANGE"}},
	} {
		if got := found(*Check(c.in, "d")); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAnswersOfEachKind(t *testing.T) {
	q := ask(
		Question{ID: "met", Kind: Expectation}, Question{ID: "matters", Kind: Importance}, Question{ID: "again", Kind: Likelihood},
		Question{ID: "like", Kind: Like}, Question{ID: "face", Kind: Smile, Scale: &Scale{Min: 1, Max: 3}},
		Question{ID: "price", Kind: Number, Least: ptr(0.0), Decimals: 2}, Question{ID: "day", Kind: Date, Earliest: "2026-01-01", Latest: "2026-12-31"},
		Question{ID: "any", Kind: Number},
	)
	f := Compile(q)
	number := func(q string, v float64) Answer { return Answer{Question: q, Value: ValueNumber, Number: v} }
	day := func(s string) Answer { return Answer{Question: "day", Value: ValueDate, Date: s} }
	for _, c := range []struct {
		in   Answer
		want []string
	}{
		{scored("met", 3), nil}, {scored("matters", 10), nil}, {scored("again", 0), nil}, {scored("like", 1), nil}, {scored("face", 3), nil},
		{scored("met", 6), []string{"a[0].score SCORE_OUT_OF_SCALE"}},
		{scored("like", 0.5), []string{"a[0].score SCORE_OFF_STEP"}},
		{scored("face", 4), []string{"a[0].score SCORE_OUT_OF_SCALE"}},
		{number("price", 1999.99), nil}, {number("price", 0.1+0.2), nil}, {number("any", -1e12), nil},
		{number("price", -1), []string{"a[0].number NUMBER_OUT_OF_RANGE"}},
		{number("price", 1.999), []string{"a[0].number NUMBER_PRECISION"}},
		{number("any", 1e13), []string{"a[0].number NUMBER_OUT_OF_RANGE"}},
		{number("met", 3), []string{"a[0].number ANSWER_KIND_MISMATCH"}},
		{day("2026-03-31"), nil},
		{day("2026-02-31"), []string{"a[0].date DATE_INVALID"}},
		{day("2025-12-31"), []string{"a[0].date DATE_OUT_OF_RANGE"}},
		{day("2027-01-01"), []string{"a[0].date DATE_OUT_OF_RANGE"}},
		{scored("day", 1), []string{"a[0].score ANSWER_KIND_MISMATCH"}},
		{written("price", "12"), []string{"a[0].free_text ANSWER_KIND_MISMATCH"}},
	} {
		if got := found(f.Check([]Answer{c.in}, "a")); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, want %v", c.in, got, c.want)
		}
	}
}

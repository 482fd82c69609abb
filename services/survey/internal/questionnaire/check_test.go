package questionnaire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func ptr[T any](v T) *T { return &v }

func en(s string) Text { return Text{"en": s} }

func ask(qs ...Question) *Questionnaire {
	for i := range qs {
		if qs[i].ID == "" {
			qs[i].ID = fmt.Sprintf("q%d", i)
		}
		if qs[i].Text == nil {
			qs[i].Text = en("?")
		}
	}
	return &Questionnaire{Title: en("Title"), DefaultLanguage: "en", Questions: qs}
}

func options(ids ...string) []Option {
	out := make([]Option, len(ids))
	for i, id := range ids {
		out[i] = Option{ID: id, Text: en(id)}
	}
	return out
}

// found lists violations as `field reason`.
func found(v Violations) []string {
	out := make([]string, len(v.List))
	for i, f := range v.List {
		out[i] = f.Field + " " + f.Reason
	}
	return out
}

func TestCheckAccepts(t *testing.T) {
	for name, q := range map[string]*Questionnaire{
		"NPS":               ask(Question{Kind: NPS, Scale: &Scale{Max: 10}}),
		"NPS by halves":     ask(Question{Kind: NPS, Scale: &Scale{Min: 1, Max: 10, Step: 0.5}}),
		"NPS by hundredths": ask(Question{Kind: NPS, Scale: &Scale{Max: 10, Step: 0.01}}),
		"CSAT default":      ask(Question{Kind: CSAT}),
		"CSAT 1-7":          ask(Question{Kind: CSAT, Scale: &Scale{Min: 1, Max: 7}}),
		"CSAT 0-10":         ask(Question{Kind: CSAT, Scale: &Scale{Max: 10}, SatisfiedAtOrAbove: ptr(8.0)}),
		"CSAT 1-5 by 0.1":   ask(Question{Kind: CSAT, Scale: &Scale{Min: 1, Max: 5, Step: 0.1}}),
		"CES 1-10":          ask(Question{Kind: CES, Scale: &Scale{Min: 1, Max: 10}}),
		"CES 0-4": ask(Question{Kind: CES, Scale: &Scale{Max: 4}, EasyAtOrAbove: ptr(3.0), NetEasyAtOrAbove: ptr(3.0),
			NetDifficultAtOrBelow: ptr(1.0)}),
		"rating -1-1 by 0.25": ask(Question{Kind: Rating, Scale: &Scale{Min: -1, Max: 1, Step: 0.25}}),
		"choice":              ask(Question{Kind: Choice, Options: options("a", "b")}),
		"choices":             ask(Question{Kind: Choice, Options: options("a", "b", "c"), Multiple: true, MaxChoices: 2}),
		"text":                ask(Question{Kind: FreeText, MaxLength: 10}),
		"comment required":    ask(Question{Kind: Rating, Comment: Comment{Mode: CommentRequiredBelow, RequiredAtOrBelow: ptr(2.0)}}),
		"comment on a text":   ask(Question{Kind: FreeText, Comment: Comment{Mode: CommentOptional}}),
		"lines in a text":     ask(Question{Kind: FreeText, Text: en("first\nsecond")}),
	} {
		if v := Check(q, "survey.draft"); !v.Empty() {
			t.Errorf("%s: %v", name, v.List)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	at := func(field, reason string) []string {
		return []string{"survey.draft.questions[0]" + field + " " + reason}
	}
	for _, c := range []struct {
		name string
		q    *Questionnaire
		want []string
	}{
		{"nothing asked", ask(), []string{"survey.draft.questions QUESTIONS_MISSING"}},
		{"duplicate id", ask(Question{ID: "a", Kind: FreeText}, Question{ID: "b", Kind: FreeText}, Question{ID: "a", Kind: FreeText}),
			[]string{"survey.draft.questions[2].id QUESTION_ID_DUPLICATE"}},
		{"no kind", ask(Question{}), at(".kind", ReasonKindMissing)},
		{"text without the default language", ask(Question{Kind: FreeText, Text: Text{"ky": "?"}}), at(".text", ReasonLanguageMissing)},
		{"blank text", ask(Question{Kind: FreeText, Text: Text{"en": "?", "ky": " \n"}}), at(`.text.texts["ky"]`, ReasonTextBlank)},
		{"control character", ask(Question{Kind: FreeText, Text: en("a\x00b")}), at(`.text.texts["en"]`, ReasonControlCharacter)},
		{"option without the default language", ask(Question{Kind: Choice, Options: []Option{{ID: "a", Text: en("a")}, {ID: "b", Text: Text{"ru": "б"}}}}),
			at(".choice.options[1].text", ReasonLanguageMissing)},
		{"NPS step", ask(Question{Kind: NPS, Scale: &Scale{Min: 1, Max: 10, Step: 2}}), at(".nps.step", ReasonScaleStep)},
		{"NPS step not of hundredths", ask(Question{Kind: NPS, Scale: &Scale{Max: 10, Step: 0.001}}), at(".nps.step", ReasonScaleStep)},
		{"scale upside down", ask(Question{Kind: Rating, Scale: &Scale{Min: 5, Max: 1}}), at(".rating.scale", ReasonScaleOrder)},
		{"scale of one value", ask(Question{Kind: Rating, Scale: &Scale{Min: 1, Max: 1}}), at(".rating.scale", ReasonScaleOrder)},
		{"scale too wide", ask(Question{Kind: Rating, Scale: &Scale{Min: 1, Max: 1001}}), at(".rating.scale.max", ReasonScaleRange)},
		{"scale too fine", ask(Question{Kind: Rating, Scale: &Scale{Min: 0.005, Max: 1.005}}),
			[]string{"survey.draft.questions[0].rating.scale.min SCALE_PRECISION", "survey.draft.questions[0].rating.scale.max SCALE_PRECISION"}},
		{"step does not divide", ask(Question{Kind: Rating, Scale: &Scale{Min: 1, Max: 5, Step: 0.3}}), at(".rating.scale.step", ReasonScaleStep)},
		{"step greater than the scale", ask(Question{Kind: Rating, Scale: &Scale{Min: 1, Max: 5, Step: 8}}), at(".rating.scale.step", ReasonScaleStep)},
		{"negative step", ask(Question{Kind: Rating, Scale: &Scale{Min: 1, Max: 5, Step: -1}}), at(".rating.scale.step", ReasonScaleStep)},
		{"too many values", ask(Question{Kind: Rating, Scale: &Scale{Min: 0, Max: 100, Step: 0.05}}), at(".rating.scale.step", ReasonScaleTooLong)},
		{"CSAT threshold missing", ask(Question{Kind: CSAT, Scale: &Scale{Max: 10}}), at(".csat.satisfied_at_or_above", ReasonThresholdMissing)},
		{"CSAT threshold beyond", ask(Question{Kind: CSAT, SatisfiedAtOrAbove: ptr(6.0)}), at(".csat.satisfied_at_or_above", ReasonThresholdOutOfScale)},
		{"CSAT threshold that all pass", ask(Question{Kind: CSAT, SatisfiedAtOrAbove: ptr(1.0)}), at(".csat.satisfied_at_or_above", ReasonThresholdOutOfScale)},
		{"CSAT threshold too fine", ask(Question{Kind: CSAT, SatisfiedAtOrAbove: ptr(3.999)}), at(".csat.satisfied_at_or_above", ReasonThresholdPrecision)},
		{"CES thresholds missing", ask(Question{Kind: CES, Scale: &Scale{Max: 4}}), []string{
			"survey.draft.questions[0].ces.easy_at_or_above THRESHOLD_MISSING", "survey.draft.questions[0].ces.net_easy_at_or_above THRESHOLD_MISSING",
			"survey.draft.questions[0].ces.net_difficult_at_or_below THRESHOLD_MISSING"}},
		{"CES thresholds overlap", ask(Question{Kind: CES, NetDifficultAtOrBelow: ptr(4.0)}), at(".ces.net_difficult_at_or_below", ReasonThresholdsOverlap)},
		{"CES difficult that all pass", ask(Question{Kind: CES, NetDifficultAtOrBelow: ptr(5.0)}), at(".ces.net_difficult_at_or_below", ReasonThresholdOutOfScale)},
		{"one option", ask(Question{Kind: Choice, Options: options("a")}), at(".choice.options", ReasonOptionsTooFew)},
		{"duplicate option", ask(Question{Kind: Choice, Options: options("a", "b", "a")}), at(".choice.options[2].id", ReasonOptionIDDuplicate)},
		{"more choices than options", ask(Question{Kind: Choice, Options: options("a", "b"), Multiple: true, MaxChoices: 3}),
			at(".choice.max_choices", ReasonMaxChoicesOutOfRange)},
		{"several choices of a single choice", ask(Question{Kind: Choice, Options: options("a", "b"), MaxChoices: 2}),
			at(".choice.max_choices", ReasonMaxChoicesOutOfRange)},
		{"text too long", ask(Question{Kind: FreeText, MaxLength: MaxTextLength + 1}), at(".free_text.max_length", ReasonMaxLengthRange)},
		{"comment threshold on a choice", ask(Question{Kind: Choice, Options: options("a", "b"),
			Comment: Comment{Mode: CommentRequiredBelow, RequiredAtOrBelow: ptr(1.0)}}), at(".comment.mode", ReasonCommentUnscored)},
		{"comment threshold missing", ask(Question{Kind: Rating, Comment: Comment{Mode: CommentRequiredBelow}}),
			at(".comment.required_at_or_below", ReasonThresholdMissing)},
		{"comment threshold out of scale", ask(Question{Kind: NPS, Scale: &Scale{Max: 10},
			Comment: Comment{Mode: CommentRequiredBelow, RequiredAtOrBelow: ptr(11.0)}}), at(".comment.required_at_or_below", ReasonThresholdOutOfScale)},
		{"comment threshold without its mode", ask(Question{Kind: Rating, Comment: Comment{RequiredAtOrBelow: ptr(2.0)}}),
			at(".comment.required_at_or_below", ReasonCommentThreshold)},
	} {
		v := Check(c.q, "survey.draft")
		if got := found(*v); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
		for _, f := range v.List {
			if f.Description == "" {
				t.Errorf("%s: %s has no description", c.name, f.Reason)
			}
		}
	}
}

func TestCheckFindsAllUpToTheCap(t *testing.T) {
	q := ask(Question{ID: "a", Text: Text{"ky": "?"}, Kind: CSAT, Scale: &Scale{Max: 3}}, Question{ID: "a"})
	want := []string{
		"d.questions[0].text DEFAULT_LANGUAGE_MISSING", "d.questions[0].csat.satisfied_at_or_above THRESHOLD_MISSING",
		"d.questions[1].id QUESTION_ID_DUPLICATE", "d.questions[1].kind KIND_MISSING",
	}
	if got := found(*Check(q, "d")); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	many := make([]Question, MaxQuestions)
	for i := range many {
		many[i] = Question{ID: "same", Kind: FreeText}
	}
	if v := Check(ask(many...), "d"); len(v.List) != MaxViolations || v.Total != MaxQuestions-1 {
		t.Errorf("%d listed of %d", len(v.List), v.Total)
	}
}

func TestScaleID(t *testing.T) {
	for want, s := range map[string]Scale{
		"0-10": {Max: 10}, "1-5": {Min: 1, Max: 5, Step: 1}, "1-10/0.5": {Min: 1, Max: 10, Step: 0.5}, "-1-1/0.01": {Min: -1, Max: 1, Step: 0.01},
		"0.5-2.5/2": {Min: 0.5, Max: 2.5, Step: 2},
	} {
		if got := s.ID(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestEveryValueOfAScaleFits: of a scale that passes the check exactly its values pass as answers.
func TestEveryValueOfAScaleFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.Int64Range(1, 500).Draw(t, "step")
		n := rapid.Int64Range(1, 60).Draw(t, "steps")
		lo := rapid.Int64Range(-50000, 50000).Draw(t, "min")
		s := Scale{Min: float64(lo) / 100, Max: float64(lo+n*step) / 100, Step: float64(step) / 100}
		q := ask(Question{Kind: Rating, Scale: &s})
		if v := Check(q, "d"); !v.Empty() {
			t.Fatalf("scale %s: %v", s.ID(), v.List)
		}
		form := Compile(q)
		for c := lo - step; c <= lo+(n+1)*step; c++ {
			v := form.Check([]Answer{{Question: "q0", Value: ValueScore, Score: float64(c) / 100}}, "a")
			if fits := c >= lo && c <= lo+n*step && (c-lo)%step == 0; fits != v.Empty() {
				t.Fatalf("scale %s, value %v: %v", s.ID(), float64(c)/100, v.List)
			}
		}
	})
}

// FuzzCheck: no questionnaire makes the check or the compiler panic, and one that passes can be answered.
func FuzzCheck(f *testing.F) {
	f.Add("a", "a", "en", "text", 1.0, 5.0, 1.0, 4.0, uint8(2), 3, true)
	f.Add("", "b", "", "", -1e300, 1e300, 1e-300, 0.0, uint8(5), -1, false)
	f.Fuzz(func(t *testing.T, id, other, lang, text string, lo, hi, step, cut float64, kind uint8, n int, multiple bool) {
		q := &Questionnaire{Title: Text{lang: text}, DefaultLanguage: "en", Questions: []Question{
			{ID: id, Text: Text{"en": text, lang: other}, Kind: Kind(kind % 8), Scale: &Scale{Min: lo, Max: hi, Step: step}, SatisfiedAtOrAbove: &cut,
				EasyAtOrAbove: &cut, NetDifficultAtOrBelow: &lo, Options: options(id, other), Multiple: multiple, MaxChoices: n, MaxLength: n,
				Comment: Comment{Mode: CommentMode(kind % 3), RequiredAtOrBelow: &cut, MaxLength: n}},
			{ID: other, Text: en("?"), Kind: FreeText},
		}}
		v := Check(q, "d")
		for _, f := range v.List {
			if !strings.HasPrefix(f.Field, "d.") || f.Reason == "" {
				t.Fatalf("violation %+v", f)
			}
		}
		if !v.Empty() {
			return
		}
		form := Compile(q)
		form.Check([]Answer{{Question: id, Value: ValueScore, Score: cut}, {Question: id, Value: ValueOptions, Options: []string{id, id, other}}}, "a")
		if q.Questions[0].Kind.Scored() {
			if v := form.Check([]Answer{{Question: id, Value: ValueScore, Score: lo, Comment: "x"}}, "a"); len(v.List) > 0 && v.List[0].Reason == ReasonScoreOutOfScale {
				t.Fatalf("min %v does not fit: %+v", lo, v.List)
			}
		}
	})
}

func TestDeclaredGrouping(t *testing.T) {
	for _, c := range []struct {
		employees bool
		grouping  Grouping
		sound     bool
	}{
		{false, GroupingNone, true}, {true, GroupingNone, true}, {true, GroupingUnits, true},
		{true, GroupingEmployee, false}, {false, GroupingUnits, false}, {false, GroupingEmployee, false},
	} {
		q := ask(Question{Kind: NPS, Scale: &Scale{Max: 10}})
		q.Employees, q.Grouping = c.employees, c.grouping
		v := Check(q, "survey.draft")
		if c.sound != v.Empty() || !c.sound && !slices.Equal(found(*v), []string{"survey.draft.declared_grouping " + ReasonGroupingUndeclarable}) {
			t.Errorf("%+v: %q", c, found(*v))
		}
		if c.sound && Compile(q).Employees() != c.employees {
			t.Errorf("%+v: the form says %v", c, !c.employees)
		}
		// Another population or grouping is no other meaning of a question.
		if next := ask(Question{Kind: NPS, Scale: &Scale{Max: 10}}); !CheckSuccession(q, next, "d").Empty() {
			t.Errorf("%+v: succession is refused", c)
		}
	}
}

package questionnaire

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func form(t testing.TB) *Form {
	t.Helper()
	q := ask(
		Question{ID: "nps", Kind: NPS, Scale: &Scale{Max: 10}, Required: true,
			Comment: Comment{Mode: CommentRequiredBelow, RequiredAtOrBelow: ptr(6.0), MaxLength: 5}},
		Question{ID: "half", Kind: CSAT, Scale: &Scale{Min: 1, Max: 5, Step: 0.5}, Comment: Comment{Mode: CommentOptional}},
		Question{ID: "one", Kind: Choice, Options: options("a", "b", "c")},
		Question{ID: "two", Kind: Choice, Options: options("a", "b", "c"), Multiple: true, MaxChoices: 2},
		Question{ID: "all", Kind: Choice, Options: options("a", "b", "c"), Multiple: true},
		Question{ID: "text", Kind: FreeText, MaxLength: 4, Required: true},
	)
	if v := Check(q, "d"); !v.Empty() {
		t.Fatal(v.List)
	}
	return Compile(q)
}

func scored(q string, v float64) Answer { return Answer{Question: q, Value: ValueScore, Score: v} }

func chosen(q string, ids ...string) Answer {
	return Answer{Question: q, Value: ValueOptions, Options: ids}
}

func written(q, s string) Answer { return Answer{Question: q, Value: ValueText, Text: s} }

// base answers are the required ones, so that cases need only name what they are about.
var base = []Answer{scored("nps", 9), written("text", "ok")}

func TestAnswers(t *testing.T) {
	f := form(t)
	with := func(more ...Answer) []Answer { return append(slices.Clone(base), more...) }
	for _, c := range []struct {
		name string
		in   []Answer
		want []string
	}{
		{"all is well", with(scored("half", 4.5), chosen("one", "a"), chosen("two", "a", "c"), chosen("all", "a", "b", "c")), nil},
		{"comment where one may be left out", with(Answer{Question: "half", Value: ValueScore, Score: 1, Comment: "hm"}), nil},
		{"only a comment", with(Answer{Question: "half", Comment: "hm"}), nil},
		{"unknown question", with(scored("nope", 1)), []string{"a[2].question QUESTION_UNKNOWN"}},
		{"answered twice", with(scored("nps", 8)), []string{"a[2].question ANSWER_DUPLICATE"}},
		{"out of scale", with(scored("half", 5.5)), []string{"a[2].score SCORE_OUT_OF_SCALE"}},
		{"below the scale", with(scored("half", 0.5)), []string{"a[2].score SCORE_OUT_OF_SCALE"}},
		{"off the step", with(scored("half", 4.25)), []string{"a[2].score SCORE_OFF_STEP"}},
		{"too fine", with(scored("half", 4.5001)), []string{"a[2].score SCORE_OFF_STEP"}},
		{"rounding is forgiven", []Answer{scored("nps", 9.0000000001), written("text", "ok")}, nil},
		{"unknown option", with(chosen("all", "a", "x")), []string{"a[2].choice.options[1] OPTION_UNKNOWN"}},
		{"option twice", with(chosen("all", "a", "a")), []string{"a[2].choice.options[1] OPTION_DUPLICATE"}},
		{"no option", with(chosen("all")), []string{"a[2].choice.options OPTIONS_EMPTY"}},
		{"two of one", with(chosen("one", "a", "b")), []string{"a[2].choice.options OPTIONS_TOO_MANY"}},
		{"three of two", with(chosen("two", "a", "b", "x")), []string{"a[2].choice.options OPTIONS_TOO_MANY", "a[2].choice.options[2] OPTION_UNKNOWN"}},
		{"score for a choice", with(scored("one", 1)), []string{"a[2].score ANSWER_KIND_MISMATCH"}},
		{"choice for a score", with(chosen("half", "a")), []string{"a[2].choice ANSWER_KIND_MISMATCH"}},
		{"text for a score", with(written("half", "good")), []string{"a[2].free_text ANSWER_KIND_MISMATCH"}},
		{"nothing", with(Answer{Question: "half"}), []string{"a[2] ANSWER_EMPTY"}},
		{"comment not taken", with(Answer{Question: "one", Value: ValueOptions, Options: []string{"a"}, Comment: "x"}), []string{"a[2].comment COMMENT_NOT_ALLOWED"}},
		{"comment missing", []Answer{scored("nps", 6), written("text", "ok")}, []string{"a[0].comment COMMENT_REQUIRED"}},
		{"blank comment", []Answer{{Question: "nps", Value: ValueScore, Score: 0, Comment: " "}, written("text", "ok")}, []string{"a[0].comment COMMENT_REQUIRED"}},
		{"comment in time", []Answer{{Question: "nps", Value: ValueScore, Score: 0, Comment: "ууууу"}, written("text", "ok")}, nil},
		{"comment too long", []Answer{{Question: "nps", Value: ValueScore, Score: 0, Comment: "уууууу"}, written("text", "ok")}, []string{"a[0].comment COMMENT_TOO_LONG"}},
		{"control character in a comment", with(Answer{Question: "half", Comment: "a\x1b[31m"}), []string{"a[2].comment TEXT_CONTROL_CHARACTER"}},
		{"text of four characters in twelve bytes", []Answer{scored("nps", 9), written("text", "өрөө")}, nil},
		{"text of four symbols", []Answer{scored("nps", 9), written("text", "🙂🙂🙂🙂")}, nil},
		{"text too long", []Answer{scored("nps", 9), written("text", "🙂🙂🙂🙂🙂")}, []string{"a[1].free_text TEXT_TOO_LONG"}},
		{"control character in a text", []Answer{scored("nps", 9), written("text", "a\x00")}, []string{"a[1].free_text TEXT_CONTROL_CHARACTER"}},
		{"line break in a text", []Answer{scored("nps", 9), written("text", "a\nb")}, nil},
		{"required missing", []Answer{scored("half", 4)}, []string{"a ANSWER_REQUIRED", "a ANSWER_REQUIRED"}},
		{"required holds only a comment", []Answer{{Question: "nps", Comment: "x"}, written("text", "ok")}, []string{"a ANSWER_REQUIRED"}},
		{"required text blank", []Answer{scored("nps", 9), written("text", " ")}, []string{"a ANSWER_REQUIRED"}},
		{"required refused for another reason", []Answer{scored("nps", 11), written("text", "ok")}, []string{"a[0].score SCORE_OUT_OF_SCALE"}},
		{"several", []Answer{scored("nope", 1), scored("half", 9), chosen("one", "x")},
			[]string{"a[0].question QUESTION_UNKNOWN", "a[1].score SCORE_OUT_OF_SCALE", "a[2].choice.options[0] OPTION_UNKNOWN", "a ANSWER_REQUIRED", "a ANSWER_REQUIRED"}},
	} {
		v := f.Check(c.in, "a")
		if got := found(v); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestViolationNamesQuestionAndValue(t *testing.T) {
	v := form(t).Check([]Answer{scored("nps", 10.5), written("text", "ok")}, "response.answers")
	if len(v.List) != 1 || !strings.Contains(v.List[0].Description, `"nps"`) || !strings.Contains(v.List[0].Description, "10.5") {
		t.Fatalf("%+v", v.List)
	}
}

func TestAnswersCap(t *testing.T) {
	f := form(t)
	var in []Answer
	for i := range 200 {
		in = append(in, scored(fmt.Sprintf("unknown_%d", i), 1))
	}
	long := strings.Repeat("ж", 500)
	in = append(in, scored(long, 1))
	v := f.Check(in, "a")
	if len(v.List) != MaxViolations || v.Total != 203 {
		t.Fatalf("%d listed of %d", len(v.List), v.Total)
	}
	if v = f.Check([]Answer{scored(long, 1)}, "a"); len(v.List[0].Description) > 400 {
		t.Fatalf("the whole of a long text is repeated: %d bytes", len(v.List[0].Description))
	}
}

// TestAnswersCountEveryFault: the number of faults found does not depend on the cap.
func TestAnswersCountEveryFault(t *testing.T) {
	f := form(t)
	rapid.Check(t, func(t *rapid.T) {
		faults := rapid.IntRange(0, 120).Draw(t, "faults")
		ids := make([]string, faults)
		for i := range ids {
			ids[i] = "x" // the first is unknown, and so are the others
		}
		if faults == 0 {
			ids = []string{"a"}
		}
		v := f.Check(append(slices.Clone(base), chosen("all", ids...)), "a")
		want := faults
		if faults > 3 {
			want++ // too many options
		}
		if v.Total != want || len(v.List) != min(want, MaxViolations) {
			t.Fatalf("%d faults: %d listed of %d", want, len(v.List), v.Total)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add("nps", 9.0, "a", "text", "comment", uint8(1))
	f.Add("text", math.Copysign(0, -1), "", "\xff\xfe", "\x00", uint8(3))
	compiled := form(f)
	f.Fuzz(func(t *testing.T, question string, score float64, option, text, comment string, kind uint8) {
		in := []Answer{
			{Question: question, Value: ValueKind(kind % 4), Score: score, Options: []string{option, option}, Text: text, Comment: comment},
			scored("nps", score), written("text", text), chosen("all", option),
		}
		for _, v := range compiled.Check(in, "a").List {
			if v.Reason == "" || v.Description == "" || !strings.HasPrefix(v.Field, "a") {
				t.Fatalf("%+v", v)
			}
		}
	})
}

func BenchmarkCheckAnswers(b *testing.B) {
	var qs []Question
	var in []Answer
	for i := range 20 {
		qs = append(qs, Question{Kind: Rating, Required: true, Comment: Comment{Mode: CommentOptional}})
		in = append(in, Answer{Question: fmt.Sprintf("q%d", i), Value: ValueScore, Score: float64(1 + i%5), Comment: "жакшы"})
	}
	f := Compile(ask(qs...))
	b.ReportAllocs()
	for b.Loop() {
		if v := f.Check(in, "a"); !v.Empty() {
			b.Fatal(v.List)
		}
	}
}

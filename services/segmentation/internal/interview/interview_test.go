package interview_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/interview"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func field(err error) string {
	var r *interview.Refusal
	if errors.As(err, &r) {
		return r.Field
	}
	return ""
}

func TestNewInterviewIsOpenOrArranged(t *testing.T) {
	i := interview.Interview{}
	if err := i.Begin(now); err != nil || i.State != interview.Open || i.Duration != time.Hour || !i.CreateTime.Equal(now) {
		t.Errorf("%+v, %v", i, err)
	}
	i = interview.Interview{ScheduleTime: now.Add(time.Hour), Interviewer: "members/a"}
	if err := i.Begin(now); err != nil || i.State != interview.Scheduled {
		t.Errorf("%+v, %v", i, err)
	}
	i = interview.Interview{ScheduleTime: now}
	if err := i.Begin(now); field(err) != "interviewer" {
		t.Errorf("without an interviewer: %v", err)
	}
	i = interview.Interview{State: interview.Completed}
	if err := i.Begin(now); field(err) != "state" {
		t.Errorf("completed at once: %v", err)
	}
}

func TestStatesAreReachedAsStated(t *testing.T) {
	all := []interview.State{interview.Open, interview.Scheduled, interview.Completed, interview.Cancelled, interview.Lapsed}
	allowed := map[interview.State][]interview.State{
		interview.Open:      {interview.Scheduled, interview.Cancelled},
		interview.Scheduled: {interview.Open, interview.Cancelled},
		interview.Cancelled: {interview.Open, interview.Scheduled},
		interview.Lapsed:    {interview.Open, interview.Scheduled},
	}
	for _, from := range all {
		for _, to := range all {
			i := interview.Interview{State: to, ScheduleTime: now, Interviewer: "members/a"}
			err := i.Change(from, now)
			if want := from == to || slices.Contains(allowed[from], to); (err == nil) != want {
				t.Errorf("%v to %v: %v", from, to, err)
			}
		}
	}
}

func TestCompletingAddsAndHappensOnce(t *testing.T) {
	i := interview.Interview{State: interview.Scheduled, Codes: []string{"price"}, Findings: []interview.Finding{{Survey: "s", Question: "q1", Kind: interview.Weakness}}}
	before := interview.Words{Answers: []interview.Answer{{Question: "wish", Text: "old"}}, Notes: "kept", Findings: []string{"slow"}}
	r := interview.Result{
		Words: interview.Words{Answers: []interview.Answer{{Question: "wish", Text: "new"}, {Question: "stay", Text: "yes"}}, Findings: []string{"slow", "kind"}},
		Codes: []string{"price", "speed"},
		Findings: []interview.Finding{
			{Survey: "s", Question: "q1", Kind: interview.Weakness}, {Survey: "s", Question: "q2", Kind: interview.Strength},
		},
	}
	words, changed, err := i.Complete(before, r, now)
	if err != nil || !changed || i.State != interview.Completed || !i.CompleteTime.Equal(now) {
		t.Fatalf("%+v, %v, %v", i, changed, err)
	}
	if len(words.Answers) != 2 || words.Answers[0].Text != "new" || words.Notes != "kept" || !slices.Equal(words.Findings, []string{"slow", "kind"}) {
		t.Errorf("words %+v", words)
	}
	if !slices.Equal(i.Codes, []string{"price", "speed"}) || len(i.Findings) != 2 {
		t.Errorf("%+v", i)
	}
	again, changed, err := i.Complete(words, r, now.Add(time.Hour))
	if err != nil || changed || !i.CompleteTime.Equal(now) || again.Notes != "kept" {
		t.Errorf("the same again: %+v, %v, %v", i, changed, err)
	}
	r.Words.Notes = "other"
	if _, _, err := i.Complete(words, r, now); field(err) != "state" {
		t.Errorf("something else: %v", err)
	}
	for _, state := range []interview.State{interview.Cancelled, interview.Lapsed} {
		i := interview.Interview{State: state}
		if _, _, err := i.Complete(interview.Words{}, interview.Result{}, now); field(err) != "state" {
			t.Errorf("from %v: %v", state, err)
		}
	}
}

func TestOrderIsTotal(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) interview.Interview {
		i := interview.Interview{
			ID: rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "id"), Stake: float64(rapid.IntRange(0, 2).Draw(t, "stake")),
			CreateTime: now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "age")) * time.Hour),
		}
		if rapid.Bool().Draw(t, "scored") {
			score := float64(rapid.IntRange(1, 3).Draw(t, "score"))
			i.Score = &score
		}
		return i
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c")
		ab, ba := interview.Compare(a, b), interview.Compare(b, a)
		if ab != -ba {
			t.Fatalf("a to b is %d, b to a %d", ab, ba)
		}
		if ab <= 0 && interview.Compare(b, c) <= 0 && interview.Compare(a, c) > 0 {
			t.Fatal("a ≤ b ≤ c < a")
		}
		if ab == 0 && a.ID != b.ID {
			t.Fatal("two interviews have one place")
		}
	})
}

func TestGuides(t *testing.T) {
	built := interview.BuiltIn()
	if err := built.Check(); err != nil || len(built.Questions) < 5 || !built.Asks("wish") || built.Asks("culprit") {
		t.Errorf("the built-in guide: %v", err)
	}
	text := map[string]string{"ru": "а", "ky": "б", "en": "c"}
	if err := (interview.Guide{Questions: []interview.Question{{ID: "a", Text: text}, {ID: "a", Text: text}}}).Check(); field(err) != "questions[1].id" {
		t.Errorf("a question twice: %v", err)
	}
	if err := (interview.Guide{Questions: []interview.Question{{ID: "a", Text: map[string]string{"ru": "а", "en": "a"}}}}).Check(); field(err) != "questions[0].text" {
		t.Errorf("without Kyrgyz: %v", err)
	}
}

func TestCodeBooksKeepWhatIsInUse(t *testing.T) {
	before := interview.Book{Codes: []interview.Code{{ID: "price"}, {ID: "speed", Retired: true}}}
	if err := (interview.Book{Codes: []interview.Code{{ID: "speed"}}}).Check(before, map[string]bool{"price": true}); field(err) != "codes" {
		t.Errorf("removed in use: %v", err)
	}
	if err := (interview.Book{Codes: []interview.Code{{ID: "speed"}}}).Check(before, nil); err != nil {
		t.Errorf("removed out of use: %v", err)
	}
	if err := (interview.Book{Codes: []interview.Code{{ID: "a"}, {ID: "a"}}}).Check(before, nil); field(err) != "codes[1].id" {
		t.Errorf("twice: %v", err)
	}
	if !before.Allows("price", nil) || before.Allows("speed", nil) || !before.Allows("speed", []string{"speed"}) || before.Allows("x", nil) {
		t.Error("what may be given")
	}
}

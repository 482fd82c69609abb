package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// TestDeadLetters counts answers anew whose questions have got lost, looks at what could not be counted, and counts it when they are found.
func TestDeadLetters(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	ready, stop := startSuiteOn(t, folder)
	s := newShell(t, ready.HTTP, ready.Key)
	if out := s.ok("dead-letters", "list"); !strings.Contains(out, "no dead letters") {
		t.Errorf("list of none: %q", out)
	}
	s.ok("import", "--mapping", example(t, "shop/mapping.yaml"), "--allow-refused", example(t, "shop/answers.csv"))
	stop()
	scores, err := filepath.Glob(filepath.Join(folder, "scoring.db*"))
	if err != nil || len(scores) == 0 {
		t.Fatalf("scores: %v, %v", scores, err)
	}
	for _, file := range scores {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	questions := filepath.Join(folder, "survey.db")
	execute(t, questions, "UPDATE revisions SET revision = revision + 100")

	ready, _ = startSuiteOn(t, folder)
	s = newShell(t, ready.HTTP, ready.Key)
	var list *scoringv1.ListDeadLettersResponse
	testkit.Eventually(t, testTimeout, func() error {
		if list = message(s, &scoringv1.ListDeadLettersResponse{}, "dead-letters", "list"); len(list.GetDeadLetters()) < 9 {
			return fmt.Errorf("%d dead letters", len(list.GetDeadLetters()))
		}
		return nil
	})
	first := list.GetDeadLetters()[0]
	if !strings.HasPrefix(first.GetResource(), "surveys/example-shop/responses/shop-") || first.GetReason() == "" || first.GetContent() != nil {
		t.Errorf("listed: %v", first)
	}
	if out := s.ok("dead-letters", "list"); strings.Count(out, "surveys/example-shop/responses/") != 9 {
		t.Errorf("list:\n%s", out)
	}
	id := idOf(first.GetName())
	shown := message(s, &scoringv1.GetDeadLetterResponse{}, "dead-letters", "show", id).GetDeadLetter()
	if name := shown.GetContent().GetFields()["response"].GetStructValue().GetFields()["name"].GetStringValue(); name != first.GetResource() {
		t.Errorf("the content is of %q: %v", name, shown)
	}
	if out := s.ok("dead-letters", "show", first.GetName()); !strings.Contains(out, `"recommend"`) || strings.Contains(out, "traceparent") {
		t.Errorf("show:\n%s", out)
	}
	if r := s.run("dead-letters", "replay", id); r.code != exit.Refused || !strings.Contains(r.err, "still cannot be counted") {
		t.Errorf("replay while the questions are lost: %+v", r)
	}
	if r := s.run("dead-letters", "replay", "--all"); r.code != exit.Incomplete || !strings.Contains(r.out, "0 counted, 9 still cannot be") {
		t.Errorf("replay of all while the questions are lost: %+v", r)
	}

	execute(t, questions, "UPDATE revisions SET revision = revision - 100")
	if got := message(s, &scoringv1.ReplayDeadLetterResponse{}, "dead-letters", "replay", id); got.GetResource() != first.GetResource() {
		t.Errorf("replayed %v", got)
	}
	if r := s.run("dead-letters", "replay", id); r.code != exit.Refused || !strings.Contains(r.err, "no such dead letter") {
		t.Errorf("replay again: %+v", r)
	}
	if out := s.ok("dead-letters", "replay", "--all"); !strings.Contains(out, "8 counted, 0 still cannot be") {
		t.Errorf("replay of all:\n%s", out)
	}
	if out := s.ok("dead-letters", "list"); !strings.Contains(out, "no dead letters") {
		t.Errorf("list at the end:\n%s", out)
	}
	scored := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "example-shop", "--metric", "response_rate")
	if n := scored.GetScores()[0].GetCounts().GetAnswered(); n != 9 {
		t.Errorf("%d answers are counted, want 9", n)
	}
	for _, wrong := range [][]string{{"replay"}, {"replay", "--all", id}, {"show"}, {"list", id}} {
		if r := s.run(append([]string{"dead-letters"}, wrong...)...); r.code != exit.Usage {
			t.Errorf("%v: %+v", wrong, r)
		}
	}
	if r := s.run("dead-letters", "show", "none"); r.code != exit.Refused {
		t.Errorf("show what is no name: %+v", r)
	}
}

// execute changes a database file that others may have open.
func execute(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sqlkit.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Write.ExecContext(t.Context(), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

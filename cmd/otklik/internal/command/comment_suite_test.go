package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// written is a file of answers: on one day in March many complain of the queue, before then few.
func written() string {
	var b strings.Builder
	b.WriteString("no,date,nps,why\n")
	row := func(day int, nps int, why string) {
		fmt.Fprintf(&b, "%d,2026-%s,%d,\"%s\"\n", b.Len(), []string{"01-10", "02-10", "03-10"}[day], nps, why)
	}
	for i := range 40 {
		row(i%2, 9, "Вежливый персонал, приятно заходить")
		row(i%2, 6, "Цены очень высокие")
		if i < 24 {
			row(2, 3, fmt.Sprintf("Огромная очередь на кассе, ждал %d минут", 10+i))
		}
	}
	row(2, 8, "Баасы жакшы, тазалык да бар экен")
	return b.String()
}

// Comments that were imported can be read, searched, summed up and corrected.
func TestCommentsFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	importer := newShell(t, ready.GRPC, ready.Key)
	importer.ok("import", "--mapping", writeFile(t, "shop.yaml", shopMapping), writeFile(t, "shop.csv", written()))
	const all = 40 + 40 + 24 + 1
	testkit.Eventually(t, testTimeout, func() error {
		got := message(importer, &commentv1.ListCommentsResponse{}, "comment", "list", "--limit", "500")
		if n := len(got.GetComments()); n != all {
			return fmt.Errorf("%d comments", n)
		}
		return nil
	})
	for name, server := range map[string]string{"grpc": ready.GRPC, "rest": ready.HTTP} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, server, ready.Key)
			if out := s.ok("comment", "list", "--survey", "shop", "--sentiment", "negative", "--limit", "3"); strings.Count(out, "\n") != 4 || !strings.Contains(out, "wait:negative") {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "search", "очередью", "кассы", "--limit", "2"); strings.Count(out, "очередь") != 2 {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "search", "слон"); out != "no comments\n" {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "themes", "--survey", "shop", "--evidence", "1"); !strings.Contains(out, "weakness") || !strings.Contains(out, "strength") || !strings.Contains(out, "\nstaff") {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "themes", "--by", "language"); !strings.HasPrefix(out, "LANGUAGE") {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "phrases", "--limit", "5"); !strings.Contains(out, "RESPONSES") {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "emerging", "--from", "2026-03", "--to", "2026-04"); !strings.Contains(out, "wait:negative") || !strings.Contains(out, "emerging") {
				t.Errorf("%s", out)
			}
			if out := s.ok("comment", "model", "--server", server); !strings.HasPrefix(out, "models/") {
				t.Errorf("%.200s", out)
			}
			one := message(s, &commentv1.ListCommentsResponse{}, "comment", "list", "--language", "ky", "--limit", "1").GetComments()[0].GetName()
			corrected := message(s, &commentv1.CorrectCommentResponse{}, "comment", "correct", one, "--sentiment", "mixed", "--aspect", "price:positive,cleanliness:negative")
			if a := corrected.GetComment().GetAnalysis(); a.GetSentiment() != commentv1.Sentiment_SENTIMENT_MIXED || aspectsText(a.GetAspects()) != "price:positive,cleanliness:negative" {
				t.Errorf("%v", a)
			}
			if out := s.ok("comment", "list", "--aspect", "cleanliness", "--aspect-sentiment", "negative"); !strings.Contains(out, one) {
				t.Errorf("%s", out)
			}
			if r := s.run("comment", "correct", "surveys/shop/responses/none/comments/nps-comment", "--sentiment", "mixed"); r.code != exit.Refused || !strings.Contains(r.err, "COMMENT_NOT_FOUND") {
				t.Errorf("%+v", r)
			}
			if r := s.run("comment", "reanalyze"); r.code != exit.OK && !strings.Contains(r.err, "REANALYSIS_RUNNING") {
				t.Errorf("%+v", r)
			}
			testkit.Eventually(t, testTimeout, func() error {
				if out := s.ok("comment", "reanalyze", "--status"); !strings.Contains(out, "succeeded") || strings.Contains(out, "running") {
					return fmt.Errorf("%s", out)
				}
				return nil
			})
		})
	}
	t.Run("analysis at a server", func(t *testing.T) {
		s := nowhere(t)
		r := s.runWith(t.Context(), strings.NewReader("Цены высокие\n\nЖакшы экен\n"), "comment", "analyze", "--server", ready.GRPC, "--key", ready.Key)
		here := s.runWith(t.Context(), strings.NewReader("Цены высокие\n\nЖакшы экен\n"), "comment", "analyze")
		if r.code != exit.OK || r.out != here.out {
			t.Errorf("%+v\n%+v", r, here)
		}
		gold := writeFile(t, "gold.tsv", "Цены высокие\tnegative\nСпасибо, всё отлично\tpositive\n")
		if there, local := s.ok("comment", "eval", gold, "--json", "--server", ready.GRPC, "--key", ready.Key), s.ok("comment", "eval", gold, "--json"); there != local {
			t.Errorf("%s, here %s", there, local)
		}
		if r := s.run("comment", "eval", gold, "--server", ready.GRPC, "--key", "otk_wrong"); r.code != exit.Refused {
			t.Errorf("%+v", r)
		}
	})
}

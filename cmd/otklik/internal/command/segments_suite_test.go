package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// visitorsMapping maps the files of this test: what visitors answered, who are known.
const visitorsMapping = `
version: 1
survey: {id: shop, title: {en: Shop}}
response:
  id: "visit-{no}"
  time: {column: date, zone: Asia/Bishkek}
  respondent: "{who}"
questions:
  - {id: nps, type: nps, column: nps, text: {en: Recommend}}
`

// visitors are answers of forty visitors, of whom every fourth is unhappy.
func visitors(from int, date string) string {
	var b strings.Builder
	b.WriteString("no,date,who,nps\n")
	for i := range 40 {
		nps := 7 + i%4
		if i%4 == 0 {
			nps = 1 + i%3
		}
		fmt.Fprintf(&b, "%d,%s,v%02d,%d\n", from+i, date, i, nps)
	}
	return b.String()
}

// Who answers badly enters the segment of the unhappy; what they answer then is cut by it.
func TestSegmentsFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	s := newShell(t, ready.GRPC, ready.Key)
	mapping := writeFile(t, "visitors.yaml", visitorsMapping)
	s.ok("import", "--mapping", mapping, writeFile(t, "first.csv", visitors(0, "2026-01-05")))
	belong := func(segment string, want int64) {
		t.Helper()
		testkit.Eventually(t, testTimeout, func() error {
			for _, g := range message(s, &segmentationv1.ListSegmentsResponse{}, "segments").GetSegments() {
				if g.GetName() == "segments/"+segment && g.GetMemberCount() == want {
					return nil
				}
			}
			return fmt.Errorf("not %d belong to %s", want, segment)
		})
	}
	s.ok("segments", "create", "all", "--rule", "has(score.mean)", "--ideal")
	belong("all", 40)
	// What is answered before a segment was first compared is taken for answered then, when all answers were counted.
	created := message(s, &segmentationv1.CreateSegmentResponse{}, "segments", "create", "unhappy", "--rule", "score.mean < 5 && score.answers >= 1", "--name", "Unhappy")
	if g := created.GetSegment(); g.GetName() != "segments/unhappy" || g.GetCost() == 0 {
		t.Errorf("%v", g)
	}
	belong("unhappy", 10)
	members := strings.Fields(s.ok("segments", "members", "unhappy"))
	if len(members) != 10 || !strings.HasPrefix(members[0], "r-") {
		t.Fatalf("members %q", members)
	}
	for name, server := range map[string]string{"grpc": ready.GRPC, "rest": ready.HTTP} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, server, ready.Key)
			if out := s.ok("segments", "list"); !strings.Contains(out, "all (ideal customer)") || !strings.Contains(out, "score.mean < 5") {
				t.Errorf("%s", out)
			}
			out := s.ok("segments", "explain", "unhappy", members[0])
			for _, want := range []string{"belongs to it\n", "score.mean < 5.0", "true", "score.mean = ", "yes"} {
				if !strings.Contains(out, want) {
					t.Errorf("%q lacks %q", out, want)
				}
			}
			if out := s.ok("segments", "preview", `score.mean > 8.0`); !strings.Contains(out, " of 40 (") || !strings.Contains(out, "contacts/r-") {
				t.Errorf("%s", out)
			}
			overlap := message(s, &segmentationv1.CompareSegmentsResponse{}, "segments", "overlap", "unhappy", "all").GetOverlaps()
			if len(overlap) != 1 || overlap[0].GetCommonCount() != 10 || overlap[0].GetEitherCount() != 40 || overlap[0].GetJaccard() != 0.25 {
				t.Errorf("%v", overlap)
			}
			if out := s.ok("segments", "suggest"); !strings.Contains(out, "0 groups were compared") {
				t.Errorf("%s", out)
			}
			if out := s.ok("segments", "rfm"); !strings.Contains(out, "nobody bought anything") {
				t.Errorf("%s", out)
			}
			groups := message(s, &segmentationv1.ClusterContactsResponse{}, "segments", "cluster", "score.mean", "--clusters", "2", "--seed", "3")
			if len(groups.GetClusters()) != 2 || groups.GetClusters()[0].GetSuggestion().GetCount() != 30 || groups.GetSilhouette() < 0.5 {
				t.Errorf("%v", groups)
			}
			for _, wrong := range []struct {
				args []string
				says string
			}{
				{[]string{"segments", "preview", `score.maen < 5`}, "the nearest is score.mean"},
				{[]string{"segments", "preview", `score.mean < "5"`}, "line 1, column 12"},
				{[]string{"segments", "create", "unhappy", "--rule", "true"}, "taken"},
				{[]string{"segments", "explain", "nowhere", members[0]}, "there is no segment"},
				{[]string{"segments", "cluster", "light.contact"}, "is no number"},
			} {
				if r := s.run(wrong.args...); r.code != exit.Refused || !strings.Contains(r.err, wrong.says) {
					t.Errorf("%q: %+v", wrong.args, r)
				}
			}
		})
	}
	s.ok("import", "--mapping", mapping, writeFile(t, "second.csv", visitors(100, "2026-02-05")))
	testkit.Eventually(t, testTimeout, func() error {
		for _, score := range message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "shop", "--metric", "nps", "--filter", "segment = unhappy").GetScores() {
			if score.GetN() >= 10 {
				return nil
			}
		}
		return fmt.Errorf("no score of the unhappy yet")
	})
	s.ok("segments", "delete", "unhappy")
	if r := s.run("segments", "members", "unhappy"); r.code != exit.Refused {
		t.Errorf("%+v", r)
	}
}

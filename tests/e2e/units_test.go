package e2e

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// unitKeys are keys of managers by the units that they are restricted to, and which answers are theirs.
var unitKeys = []struct {
	units string
	own   func(*typev1.Context) bool
}{
	{`{"locations": ["store-1"]}`, func(c *typev1.Context) bool { return c.GetLocation() == "store-1" }},
	{`{"locations": ["store-1", "store-3"]}`, func(c *typev1.Context) bool { return c.GetLocation() == "store-1" || c.GetLocation() == "store-3" }},
	{`{"regions": ["osh"]}`, func(c *typev1.Context) bool { return c.GetRegion() == "osh" }},
	{`{"companies": ["company-4"]}`, func(c *typev1.Context) bool { return c.GetCompany() == "company-4" }},
	{`{"companies": ["company-4"], "locations": ["store-2"]}`, func(c *typev1.Context) bool {
		return c.GetCompany() == "company-4" || c.GetLocation() == "store-2"
	}},
	{`{"locations": ["no-such-store"]}`, func(*typev1.Context) bool { return false }},
}

// TestManagersSeeTheirUnits compares what restricted managers see in lists, exports, scores, groups and live scores with what is theirs.
func TestManagersSeeTheirUnits(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		fillShop(t, suite, harness.Organization)
		awaitResponses(t, suite, shopSurvey, answers)
		for _, manager := range unitKeys {
			t.Run(manager.units, func(t *testing.T) {
				conn := suite.Conn(createKey(t, suite, `{"displayName": "Manager", "kind": "KIND_SECRET", "roles": ["manager"], "units": `+manager.units+`}`))
				survey, scoring := surveyv1.NewSurveyServiceClient(conn), scoringv1.NewScoringServiceClient(conn)
				own := make(map[string]bool)
				for i := range answers {
					if manager.own(circumstances(i)) {
						own["surveys/shop/responses/"+fmt.Sprintf("r-%d", i)] = true
					}
				}
				checkLists(t, survey, own)
				checkSingles(t, survey, manager.own)
				checkScores(t, scoring, manager.own, len(own))
			})
		}
	})
}

// checkLists reads the responses by pages and as an export.
func checkLists(t *testing.T, survey surveyv1.SurveyServiceClient, own map[string]bool) {
	t.Helper()
	listed, token := 0, ""
	for {
		page, err := survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: shopSurvey, PageSize: 7, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.GetResponses() {
			listed++
			if !own[r.GetName()] {
				t.Errorf("the list shows %s of %v", r.GetName(), r.GetContext())
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if listed != len(own) {
		t.Errorf("the list shows %d responses, want %d", listed, len(own))
	}
	stream, err := survey.StreamResponses(t.Context(), &surveyv1.StreamResponsesRequest{Parent: shopSurvey})
	if err != nil {
		t.Fatal(err)
	}
	exported := 0
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		exported++
		if !own[m.GetResponse().GetName()] {
			t.Errorf("the export holds %s of %v", m.GetResponse().GetName(), m.GetResponse().GetContext())
		}
	}
	if exported != len(own) {
		t.Errorf("the export holds %d responses, want %d", exported, len(own))
	}
}

// checkSingles asks for responses and refusals one by one: those of others are not found.
func checkSingles(t *testing.T, survey surveyv1.SurveyServiceClient, own func(*typev1.Context) bool) {
	t.Helper()
	for i := range people {
		want := codes.NotFound
		if own(circumstances(i)) {
			want = codes.OK
		}
		_, err := survey.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: fmt.Sprintf("surveys/shop/responses/r-%d", i)})
		if status.Code(err) != want {
			t.Errorf("response %d of %v: %v, want %v", i, circumstances(i), err, want)
		}
		_, err = survey.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: fmt.Sprintf("surveys/shop/refusals/n-%d", i)})
		if status.Code(err) != want {
			t.Errorf("refusal %d of %v: %v, want %v", i, circumstances(i), err, want)
		}
	}
}

// checkScores compares the numbers of answers in scores, whole and in groups, and watched, with those of the units.
func checkScores(t *testing.T, scoring scoringv1.ScoringServiceClient, own func(*typev1.Context) bool, n int) {
	t.Helper()
	query := &scoringv1.ScoreQuery{Survey: shopSurvey, Question: "recommend", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED}}
	got, err := scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	if total := totalOf(got.GetScores()); total != int64(n) {
		t.Errorf("NPS of %d answers, want %d", total, n)
	}
	watched, err := scoring.WatchScores(t.Context(), &scoringv1.WatchScoresRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	first, err := watched.Recv()
	if err != nil || totalOf(first.GetScores()) != int64(n) {
		t.Errorf("the watched NPS: %v, %v, want %d answers", first, err, n)
	}
	for key, value := range map[string]func(*typev1.Context) string{
		"location": (*typev1.Context).GetLocation, "channel": (*typev1.Context).GetChannel,
		"company": (*typev1.Context).GetCompany, "region": (*typev1.Context).GetRegion,
	} {
		query.GroupBy = []string{key}
		got, err := scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		want := make(map[string]int64)
		for i := range answers {
			if own(circumstances(i)) {
				want[value(circumstances(i))]++
			}
		}
		var shown []string
		for _, s := range got.GetScores() {
			shown = append(shown, s.GetSlice().GetKeys()[0].GetValue())
			if s.GetN() != want[s.GetSlice().GetKeys()[0].GetValue()] {
				t.Errorf("by %s, %q: %d answers, want %d", key, s.GetSlice().GetKeys()[0].GetValue(), s.GetN(), want[s.GetSlice().GetKeys()[0].GetValue()])
			}
		}
		for group := range want {
			if !slices.Contains(shown, group) {
				t.Errorf("by %v: %q is missing", key, group)
			}
		}
	}
}

func totalOf(scores []*scoringv1.Score) int64 {
	var n int64
	for _, s := range scores {
		n += s.GetN()
	}
	return n
}

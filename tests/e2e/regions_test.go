package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// placed makes locations of regions in the directory.
func placed(t *testing.T, suite *harness.Suite, regions map[string]string) {
	t.Helper()
	for location, region := range regions {
		askREST(t, suite, http.MethodPatch, "/v1/locations/"+location, fmt.Sprintf(
			`{"unit": {"parent": "regions/%s", "displayName": %q, "location": {"coordinates": {"latitude": 42, "longitude": 74}}}, "allowMissing": true}`, region, location), nil)
	}
}

// TestRegionsAreWhatLiesInThem: who is restricted to a region sees what states a location in it, or in a region within it, though answers do not state the
// region; in lists, exports, scores, comments, on the map and in the overview. Of another region nothing is shown, and a location that moves is followed.
func TestRegionsAreWhatLiesInThem(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		fillShop(t, suite, harness.Organization)
		for _, region := range []string{`north`, `south`, `east`} {
			askREST(t, suite, http.MethodPatch, "/v1/regions/"+region, `{"unit": {"displayName": "`+region+`"}, "allowMissing": true}`, nil)
		}
		askREST(t, suite, http.MethodPatch, "/v1/regions/east", `{"unit": {"parent": "regions/north"}, "updateMask": "parent"}`, nil)
		placed(t, suite, map[string]string{"store-1": "east", "store-2": "south", "store-3": "north"})
		awaitResponses(t, suite, shopSurvey, answers)
		awaitComments(t, suite, harness.Organization, answers)

		key := createKey(t, suite, `{"displayName": "North", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"regions": ["north"]}}`)
		north := func(c *typev1.Context) bool { return slices.Contains([]string{"store-1", "store-3"}, c.GetLocation()) }
		conn, own := suite.Conn(key), make(map[string]bool)
		for i := range answers {
			if north(circumstances(i)) {
				own[fmt.Sprintf("surveys/shop/responses/r-%d", i)] = true
			}
		}
		checkLists(t, surveyv1.NewSurveyServiceClient(conn), own)
		checkSingles(t, surveyv1.NewSurveyServiceClient(conn), north)
		checkScores(t, scoringv1.NewScoringServiceClient(conn), north, len(own))
		comments := restrictedComments{commentv1.NewCommentServiceClient(conn), commentv1.NewInsightServiceClient(conn), north, len(own)}
		comments.checkLists(t)
		comments.checkInsights(t)

		query := `{"query": {"survey": "` + shopSurvey + `"}}`
		var shown struct{ Features []struct{ ID string } }
		askAs(t, suite, key, http.MethodPost, "/v1/map:query", query, &shown)
		var places []string
		for _, f := range shown.Features {
			places = append(places, f.ID)
		}
		if slices.Sort(places); !slices.Equal(places, []string{"locations/store-1", "locations/store-3"}) {
			t.Errorf("the map shows %v", places)
		}
		var overview struct {
			Overview struct {
				Basis struct{ Responses string }
			}
		}
		askAs(t, suite, key, http.MethodPost, "/v1/overview:query", query, &overview)
		if got := overview.Overview.Basis.Responses; got != fmt.Sprint(len(own)) {
			t.Errorf("the overview is of %s responses, want %d", got, len(own))
		}

		// The caller is told its units as they were given, and a location that moves to it is seen soon after.
		var caller struct {
			Principal struct {
				Units struct{ Regions, Locations []string }
			}
		}
		askAs(t, suite, key, http.MethodGet, "/v1/caller", "", &caller)
		if u := caller.Principal.Units; !slices.Equal(u.Regions, []string{"north"}) || len(u.Locations) != 0 {
			t.Errorf("the caller's units: %+v", u)
		}
		placed(t, suite, map[string]string{"store-2": "east", "store-3": "south"})
		moved := scoringv1.NewScoringServiceClient(conn)
		testkit.Eventually(t, patience, func() error {
			got, err := moved.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
				Survey: shopSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}, GroupBy: []string{"location"},
			}})
			if err != nil {
				return err
			}
			var groups []string
			for _, s := range got.GetScores() {
				groups = append(groups, s.GetSlice().GetKeys()[0].GetValue())
			}
			if slices.Sort(groups); !slices.Equal(groups, []string{"store-1", "store-2"}) {
				return fmt.Errorf("scores of %v", groups)
			}
			return nil
		})
	})
}

// askAs is askREST with a key.
func askAs(t *testing.T, suite *harness.Suite, key, method, path, body string, out any) {
	t.Helper()
	request := harness.Request{Method: method, Path: path}
	if body != "" {
		request.Body = []byte(body)
	}
	answer, err := suite.REST(key).Do(t.Context(), request)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%s %s: %v, %v", method, path, answer, err)
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		t.Fatal(err)
	}
}

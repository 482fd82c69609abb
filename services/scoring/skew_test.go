package scoring_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestClocksThatDiffer counts a refusal for those who were asked when it was accepted, whatever the clock of this service shows, and never says
// that it has counted what has not happened yet.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"an hour ahead": time.Hour, "an hour behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSuite(t)
			now := func() time.Time { return time.Now().Add(ahead) }
			s.deps.Now = now
			// What queries ask for must not help.
			s.config.SurveyRefresh = time.Hour
			s.start()
			refused := func(id string, population typev1.Population) {
				t.Helper()
				e := refusal(acme, shop, id, time.Now(), surveyv1.Refusal_KIND_REFUSED, "")
				e.GetRefusal().ReceiveTime = timestamppb.Now()
				s.survey.add(e)
				testkit.Eventually(t, patience, func() error {
					r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricRate), Population: population})
					if n := r.GetScores()[0].GetN(); n != 1 {
						return fmt.Errorf("%d outcomes of %v", n, population)
					}
					if w := r.GetWatermark().AsTime(); w.After(now()) {
						return fmt.Errorf("the watermark %v lies ahead", w)
					}
					return nil
				})
			}
			s.survey.publish(acme, "shop", shopQuestions())
			refused("a", typev1.Population_POPULATION_CUSTOMER)
			others := shopQuestions()
			others.Population = typev1.Population_POPULATION_FORMER
			s.survey.publish(acme, "shop", others)
			refused("b", typev1.Population_POPULATION_FORMER)
		})
	}
}

package scoring_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpcclient"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// as asks on behalf of a restricted caller.
func (s *suite) as(secret string) scoringv1.ScoringServiceClient {
	return scoringv1.NewScoringServiceClient(rpcclient.WithKey(s.conn, secret, ""))
}

// units are the callers of these tests.
func units() map[string]map[string][]string {
	return map[string]map[string][]string{
		"north":        {"location": {"north"}},
		"reader-north": {"location": {"north"}},
		"two":          {"location": {"north", "west"}},
		"region":       {"region": {"chuy"}},
		"mixed":        {"location": {"north"}, "company": {"kumtor"}},
		"nowhere":      {"location": {"moon"}},
		"unknown":      {"planet": {"earth"}},
		"nobody's":     {"location": {""}},
		"seller":       {"employee": {"anna"}},
		"floor":        {"location": {"north"}, "employee": {"bolot"}},
	}
}

// holds tells whether a context belongs to a caller, by the words of the API's documentation.
func holds(units map[string][]string, c *typev1.Context) bool {
	return slices.Contains(units["location"], c.GetLocation()) && c.GetLocation() != "" ||
		slices.Contains(units["region"], c.GetRegion()) && c.GetRegion() != "" ||
		slices.Contains(units["company"], c.GetCompany()) && c.GetCompany() != "" ||
		slices.Contains(units["employee"], c.GetEmployee()) && c.GetEmployee() != ""
}

// scattered makes events of many units, invitations and respondents.
func scattered(r *rand.Rand, survey string, n int) []*surveyv1.Event {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	var events []*surveyv1.Event
	for i := range n {
		at := noon.Add(time.Duration(r.IntN(90*24)) * time.Hour)
		c := &typev1.Context{
			Location: pick("north", "south", "west", ""), Region: pick("chuy", "osh", ""), Company: pick("kumtor", "", ""), Channel: pick("app", "sms"),
			Employee: pick("anna", "bolot", "carl", ""),
		}
		invitation := pick("", "", fmt.Sprint("i-", r.IntN(n/4+1)))
		if r.IntN(4) == 0 {
			e := refusal(acme, survey, id("x", i), at, surveyv1.Refusal_Kind(1+r.IntN(3)), invitation)
			e.GetRefusal().Context, e.Key = c, invitation
			events = append(events, e)
			continue
		}
		e := response(acme, survey, id("r", i), at, scores{"recommend": float64(r.IntN(11)), "price": float64(1 + r.IntN(10))})
		e.GetResponse().Context, e.GetResponse().Invitation, e.GetResponse().Respondent = c, invitation, pick("", "p-1", "p-2", "p-3")
		events = append(events, e)
	}
	return events
}

// TestRestrictedCallersSeeTheirUnits compares, for queries of all sorts, what restricted callers are told with what everybody is told by a survey in
// which there is nothing but what belongs to them.
func TestRestrictedCallersSeeTheirUnits(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.units = units()
	r := rand.New(rand.NewPCG(3, 3))
	s.survey.publish(acme, "shop", shopQuestions())
	events := scattered(r, shop, 300)
	log := slices.Clone(events)
	// The same events again, in a survey for each caller. What of an invitation counts is decided by all that became of it.
	last := lastOutcomes(events)
	callers := []string{"north", "two", "region", "mixed", "nowhere", "unknown", "nobody's"}
	for i, name := range callers {
		own := fmt.Sprint("own-", i)
		s.survey.publish(acme, own, shopQuestions())
		for _, e := range events {
			e = proto.CloneOf(e)
			if x := e.GetResponse(); x != nil && holds(s.units[name], x.GetContext()) {
				x.Name, x.Revision = "surveys/"+own+x.GetName()[len(shop):], "surveys/"+own+"/revisions/1"
			} else if x := e.GetRefusal(); x != nil && holds(s.units[name], x.GetContext()) && last[x.GetName()] {
				x.Name, x.Invitation = "surveys/"+own+x.GetName()[len(shop):], ""
			} else {
				continue
			}
			log = append(log, e)
		}
	}
	s.start().settled(log...)
	channel, region := []string{"channel"}, []string{"region"}
	queries := []*scoringv1.ScoreQuery{
		{}, {GroupBy: []string{"location"}}, {GroupBy: channel}, {GroupBy: region}, {GroupBy: region, Grain: typev1.TimeGrain_TIME_GRAIN_WEEK}, {Grain: byMonth, Question: "*"},
		{Filter: `location = "south"`}, {Filter: `location = "north"`},
		{Filter: `location = ""`}, {Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS), GroupBy: []string{"location"}},
		{Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS)},
	}
	for i, name := range callers {
		own := fmt.Sprint("surveys/own-", i)
		for _, q := range queries {
			q := proto.CloneOf(q)
			q.Survey = own
			want := withoutWatermark(s.query(q))
			for _, sc := range want.GetScores() {
				sc.Slice.Survey = shop
			}
			q.Survey = shop
			got, err := s.as(name).QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: q})
			if err != nil {
				t.Fatalf("%s, %v: %v", name, q, err)
			}
			if got := withoutWatermark(got); !proto.Equal(got, want) {
				t.Errorf("%s, %v:\n got %v\nwant %v", name, q, got, want)
			}
		}
	}
	// Both sides of a comparison are narrowed, too.
	c, err := s.as("north").CompareScores(context.Background(), &scoringv1.CompareScoresRequest{
		Query:    &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED)},
		Baseline: &scoringv1.ScoreQuery{Survey: shop, Filter: `location = "north"`},
	})
	if err != nil || c.GetDifference() != 0 || c.GetScore().GetN() != c.GetBaseline().GetN() {
		t.Errorf("comparison %v, %v", c, err)
	}
	_, err = s.as("nowhere").CompareScores(context.Background(), &scoringv1.CompareScoresRequest{
		Query:    &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED)},
		Baseline: &scoringv1.ScoreQuery{Survey: shop},
	})
	wantError(t, "comparison of nothing", err, codes.FailedPrecondition, "NOT_COMPARABLE", "query.period")
}

// lastOutcomes are the names of the refusals that count.
func lastOutcomes(events []*surveyv1.Event) map[string]bool {
	answered, last := make(map[string]bool), make(map[string]*surveyv1.Refusal)
	out := make(map[string]bool)
	for _, e := range events {
		if x := e.GetResponse(); x != nil {
			answered[x.GetInvitation()] = true
			continue
		}
		x := e.GetRefusal()
		i := x.GetInvitation()
		if i == "" {
			out[x.GetName()] = true
			continue
		}
		before := last[i]
		if before == nil || x.GetCountTime().AsTime().After(before.GetCountTime().AsTime()) ||
			x.GetCountTime().AsTime().Equal(before.GetCountTime().AsTime()) && x.GetName() > before.GetName() {
			last[i] = x
		}
	}
	for i, x := range last {
		if !answered[i] {
			out[x.GetName()] = true
		}
	}
	return out
}

// TestRestrictedCallersWatch: who is restricted is told of changes of the own units, and shares no answer with others who watch the same query.
func TestRestrictedCallersWatch(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.units = units()
	s.survey.publish(acme, "shop", shopQuestions())
	at := func(name, location, channel string) *surveyv1.Event {
		e := response(acme, shop, name, noon, scores{"recommend": 9})
		e.GetResponse().Context = &typev1.Context{Location: location, Channel: channel}
		return e
	}
	s.start().settled(at("a", "north", "app"), at("b", "south", "app"), at("c", "south", "sms"))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	open := func(client scoringv1.ScoringServiceClient, q *scoringv1.ScoreQuery) func() *scoringv1.WatchScoresResponse {
		stream, err := client.WatchScores(ctx, &scoringv1.WatchScoresRequest{Query: q})
		if err != nil {
			t.Fatal(err)
		}
		return func() *scoringv1.WatchScoresResponse {
			for {
				m, err := stream.Recv()
				if err != nil {
					t.Fatal(err)
				}
				if !m.GetHeartbeat() {
					return m
				}
			}
		}
	}
	byChannel := proto.CloneOf(npsAnswered())
	byChannel.GroupBy = []string{"channel"}
	all, north, channels := open(s.client, npsAnswered()), open(s.as("north"), npsAnswered()), open(s.as("north"), byChannel)
	if n := all().GetScores()[0].GetN(); n != 3 {
		t.Errorf("everybody is told of %d answers", n)
	}
	if n := north().GetScores()[0].GetN(); n != 1 {
		t.Errorf("north is told of %d answers", n)
	}
	if m := channels(); len(m.GetScores()) != 1 || m.GetScores()[0].GetSlice().GetKeys()[0].GetValue() != "app" {
		t.Errorf("north is told of the channels %v", m.GetScores())
	}
	// What happens elsewhere is no news.
	s.settled(at("d", "south", "web"))
	s.settled(at("e", "north", "web"))
	if n := north().GetScores()[0].GetN(); n != 2 {
		t.Errorf("north is told of %d answers next", n)
	}
	if m := channels(); len(m.GetScores()) != 2 || m.GetScores()[1].GetSlice().GetKeys()[0].GetValue() != "web" || m.GetScores()[1].GetN() != 1 {
		t.Errorf("north is told of the channels %v next", m.GetScores())
	}
}

// TestCallersOfEmployees: who is restricted to employees is told what is released of them, and nothing finer.
func TestCallersOfEmployees(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.units = units()
	s.survey.publish(acme, "shop", shopQuestions())
	var events []*surveyv1.Event
	for i := range 12 {
		events = append(events, employed(shop, id("a", i), noon, scores{"recommend": 10}, "north", "anna"),
			employed(shop, id("b", i), noon, scores{"recommend": 0}, "north", "bolot"))
	}
	s.start().settled(events...)
	ask := func(secret string, q *scoringv1.ScoreQuery) (*scoringv1.QueryScoresResponse, error) {
		q.Survey, q.Metrics = shop, metrics(metricNPS)
		return s.as(secret).QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: q})
	}
	r, err := ask("seller", &scoringv1.ScoreQuery{})
	if err != nil {
		t.Fatal(err)
	}
	wantScores(t, "a seller", r, `recommend 0-10 NPS_ANSWERED "" 10 100.00`)
	if r, err = ask("seller", &scoringv1.ScoreQuery{GroupBy: []string{"employee"}}); err != nil {
		t.Fatal(err)
	}
	wantScores(t, "a seller by employee", r, `recommend 0-10 NPS_ANSWERED "anna" 10 100.00`)
	for what, q := range map[string]*scoringv1.ScoreQuery{
		"query.group_by": {GroupBy: []string{"location"}}, "query.filter": {Filter: `location = "north"`},
	} {
		_, err = ask("seller", q)
		wantError(t, "a seller, "+what, err, codes.FailedPrecondition, "GROUPING_NOT_DECLARED", what)
	}
	_, err = ask("floor", &scoringv1.ScoreQuery{Grain: typev1.TimeGrain_TIME_GRAIN_HOUR})
	wantError(t, "a seller, hours", err, codes.FailedPrecondition, "MONTHS_NOT_WHOLE", "query.grain")
	// A manager of the location knows the sum of both, so that the scores of both stay apart from it.
	if r, err = ask("north", &scoringv1.ScoreQuery{GroupBy: []string{"employee"}}); err != nil {
		t.Fatal(err)
	}
	var told int64
	for _, sc := range r.GetScores() {
		told += sc.GetN()
	}
	if told > 24-5 {
		t.Errorf("%d of 24 answers are told by employee: %v", told, r.GetScores())
	}
}

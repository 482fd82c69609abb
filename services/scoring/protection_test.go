package scoring_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// team is a survey that employees answer, by location.
	team = "surveys/team"
	// marker is a survey whose answers tell how far the log was counted: of what is counted together its rows come last.
	marker = "surveys/zz-marker"
)

const (
	byLocation = typev1.ContextKey_CONTEXT_KEY_LOCATION
	byEmployee = typev1.ContextKey_CONTEXT_KEY_EMPLOYEE
	byMonth    = typev1.TimeGrain_TIME_GRAIN_MONTH
)

// teamQuestions is a questionnaire for employees. Prices are so fine that each answer of a test can have one of its own.
func teamQuestions(grouping typev1.ContextKey) *surveyv1.Questionnaire {
	price := rating("price", 0, 10)
	price.GetRating().Scale.Step = 0.01
	q := asking(nps("recommend"), price)
	q.Population, q.DeclaredGrouping = typev1.Population_POPULATION_EMPLOYEE, grouping
	return q
}

// settled adds events and waits until they are counted, whoever may see them.
func (s *suite) settled(events ...*surveyv1.Event) {
	s.t.Helper()
	s.survey.mu.Lock()
	first := s.survey.revisions[acme+"/zz-marker"] == nil
	s.survey.mu.Unlock()
	if first {
		s.survey.publish(acme, "zz-marker", shopQuestions())
	}
	s.marks++
	s.survey.add(append(events, response(acme, marker, id("m", s.marks), noon, scores{"recommend": 9}))...)
	s.caughtUp(marker, int64(s.marks))
	// Cells are counted before rows.
	testkit.Eventually(s.t, patience, func() error {
		if n := s.query(&scoringv1.ScoreQuery{Survey: marker, Filter: `answers.recommend >= 0`, Metrics: metrics(metricMean)}).GetCoverage().GetCounted(); n != int64(s.marks) {
			return fmt.Errorf("%d rows are counted, want %d", n, s.marks)
		}
		return nil
	})
}

// employed is an answer of an employee, or about one.
func employed(survey, name string, at time.Time, answers scores, location, employee string) *surveyv1.Event {
	e := response(acme, survey, name, at, answers)
	e.GetResponse().Context = &typev1.Context{Location: location, Employee: employee, Channel: "app"}
	return e
}

// values are the answers that a score was computed from.
func values(sc *scoringv1.Score) map[float64]int64 {
	out := make(map[float64]int64)
	for _, v := range sc.GetCounts().GetValues() {
		out[v.GetValue()] += v.GetCount()
	}
	return out
}

// TestEmployeesAreNotSingledOut: while employees answer, late ones too, and some answers are removed, an attacker asks for everything that is
// allowed: no difference of two scores and no combination of three tells of fewer than five answers.
func TestEmployeesAreNotSingledOut(t *testing.T) {
	t.Parallel()
	for name, suites := range map[string]func() []*suite{
		"SQLite": func() []*suite { return []*suite{newSuite(t)} }, "PostgreSQL": func() []*suite { return onPostgres(t, "one", "two") },
	} {
		t.Run(name, func(t *testing.T) {
			all := suites()
			s := all[0]
			s.survey.publish(acme, "team", teamQuestions(byLocation))
			for _, s := range all {
				s.t = t
				s.start()
			}
			random := rand.New(rand.NewPCG(1, uint64(len(name))))
			var told []map[float64]int64
			seen := make(map[string]bool)
			var stored []*surveyv1.Event
			for n := 0; n < 240; {
				var events []*surveyv1.Event
				for range 1 + random.IntN(20) {
					n++
					e := employed(team, id("r", n), noon.AddDate(0, -random.IntN(2), 0), scores{"price": float64(n) / 100}, []string{"north", "south", ""}[random.IntN(3)], "")
					events, stored = append(events, e), append(stored, e)
				}
				s.settled(events...)
				if random.IntN(2) == 0 {
					i := random.IntN(len(stored))
					s.settled(remove("", stored[i])...)
					stored = slices.Delete(stored, i, i+1)
				}
				for _, q := range []*scoringv1.ScoreQuery{
					{}, {GroupBy: []string{"location"}}, {Grain: byMonth}, {GroupBy: []string{"location"}, Grain: byMonth},
					{Filter: `location = "north"`},
					{Period: &typev1.Period{StartTime: timestamppb.New(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))}},
				} {
					q.Survey, q.Question, q.Metrics = team, "price", metrics(metricMean)
					for _, sc := range all[random.IntN(len(all))].query(q).GetScores() {
						if sc.Suppression != nil {
							if sc.GetN() != 0 || sc.Counts != nil || sc.Estimate != nil || sc.Interval != nil || sc.StandardError != nil {
								t.Fatalf("a score that is withheld tells %v", sc)
							}
							continue
						}
						v := values(sc)
						if key := fmt.Sprint(slices.Sorted(maps.Keys(v))); !seen[key] {
							seen[key] = true
							told = append(told, v)
						}
					}
				}
			}
			if len(told) < 20 {
				t.Errorf("only %d different scores were told", len(told))
			}
			least := func(sets []map[float64]int64, factors ...int64) {
				sum := make(map[float64]int64)
				for i, set := range sets {
					for v, n := range set {
						sum[v] += factors[i] * n
					}
				}
				maps.DeleteFunc(sum, func(_ float64, n int64) bool { return n == 0 })
				if n := len(sum); n > 0 && n < 5 {
					t.Fatalf("a combination tells of %d answers: %v", n, sum)
				}
			}
			for i, a := range told {
				for _, b := range told[:i] {
					least([]map[float64]int64{a, b}, 1, -1)
					c := told[random.IntN(len(told))]
					least([]map[float64]int64{a, b, c}, 1, -1, int64(random.IntN(5)-2))
				}
			}
		})
	}
}

// TestScoresOfEmployees releases answers five at a time, tells what is withheld, and refuses what would tell more.
func TestScoresOfEmployees(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	var events []*surveyv1.Event
	for i := range 7 {
		events = append(events, employed(team, id("n", i), noon, scores{"recommend": 10}, "north", ""))
	}
	for i := range 3 {
		events = append(events, employed(team, id("s", i), noon, scores{"recommend": 0}, "south", ""))
	}
	ask := &scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS), GroupBy: []string{"location"}}
	s.settled(events...)
	r := s.query(ask)
	wantScores(t, "by location", r, `recommend 0-10 NPS_ANSWERED "north" 5 100.00`, `recommend 0-10 NPS_ANSWERED "south" 0 absent`)
	if got := r.GetScores()[1].GetSuppression(); got != scoringv1.Suppression_SUPPRESSION_FEW_ANSWERS || r.GetScores()[0].Suppression != nil {
		t.Errorf("suppressions %v", r.GetScores())
	}
	wantScores(t, "all", s.query(&scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS)}), `recommend 0-10 NPS_ANSWERED "" 5 100.00`)

	// Who watches is told when a block is complete.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream := s.watch(ctx, &scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS)})
	until(t, stream, 5)
	more := []*surveyv1.Event{employed(team, "s3", noon, scores{"recommend": 0}, "south", ""), employed(team, "s4", noon, scores{"recommend": 0}, "south", "")}
	s.settled(more[0])
	wantScores(t, "a block short of one", s.query(&scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS)}), `recommend 0-10 NPS_ANSWERED "" 5 100.00`)
	s.settled(more[1])
	until(t, stream, 10)

	c, err := s.client.CompareScores(ctx, &scoringv1.CompareScoresRequest{
		Query:    &scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS), Filter: `location = "north"`},
		Baseline: &scoringv1.ScoreQuery{Survey: team, Filter: `location = "south"`},
	})
	if err != nil || c.GetDifference() != 200 || c.GetScore().GetN() != 5 || c.GetBaseline().GetN() != 5 {
		t.Errorf("comparison %v, %v", c, err)
	}
	s.settled(employed(team, "w", noon, scores{"recommend": 0}, "west", ""))
	_, err = s.client.CompareScores(ctx, &scoringv1.CompareScoresRequest{
		Query:    &scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS), Filter: `location = "west"`},
		Baseline: &scoringv1.ScoreQuery{Survey: team, Filter: `location = "south"`},
	})
	wantError(t, "comparison of one", err, codes.FailedPrecondition, "SCORE_WITHHELD", "")

	for what, x := range map[string]struct {
		query         *scoringv1.ScoreQuery
		reason, field string
	}{
		"another key":         {&scoringv1.ScoreQuery{GroupBy: []string{"channel"}}, "GROUPING_NOT_DECLARED", "query.group_by"},
		"filter by another":   {&scoringv1.ScoreQuery{Filter: `employee = "x"`}, "GROUPING_NOT_DECLARED", "query.filter"},
		"days":                {&scoringv1.ScoreQuery{Grain: typev1.TimeGrain_TIME_GRAIN_DAY}, "MONTHS_NOT_WHOLE", "query.grain"},
		"another zone":        {&scoringv1.ScoreQuery{TimeZone: "Asia/Bishkek"}, "MONTHS_NOT_WHOLE", "query.time_zone"},
		"part of a month":     {&scoringv1.ScoreQuery{Period: &typev1.Period{StartTime: timestamppb.New(noon.Truncate(24 * time.Hour))}}, "MONTHS_NOT_WHOLE", "query.period.start_time"},
		"all answers of each": {&scoringv1.ScoreQuery{Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS)}, "NOT_PROTECTABLE", "query.variants[0]"},
	} {
		q := proto.CloneOf(x.query)
		q.Survey = team
		_, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: q})
		wantError(t, what, err, codes.FailedPrecondition, x.reason, x.field)
	}
	// A questionnaire that declares no key is told as a whole only.
	s.survey.publish(acme, "crew", teamQuestions(0))
	s.settled()
	_, err = s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: "surveys/crew", GroupBy: []string{"location"}}})
	wantError(t, "nothing declared", err, codes.FailedPrecondition, "GROUPING_NOT_DECLARED", "query.group_by")
}

// TestBlocksOutlastRestartsAndRebuilds: what was released stays as it was, also when an answer is removed and everything is counted anew.
func TestBlocksOutlastRestartsAndRebuilds(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	s.start()
	var events []*surveyv1.Event
	for i := range 13 {
		events = append(events, employed(team, id("r", i), noon, scores{"price": float64(100+i) / 100}, "north", ""))
	}
	ask := &scoringv1.ScoreQuery{Survey: team, Question: "price", Metrics: metrics(metricMean)}
	told := func() []float64 { return slices.Sorted(maps.Keys(values(s.query(ask).GetScores()[0]))) }
	want := func(what string, answers ...int) {
		t.Helper()
		var list []float64
		for _, i := range answers {
			list = append(list, float64(100+i)/100)
		}
		if got := told(); !slices.Equal(got, list) {
			t.Errorf("%s: %v, want %v", what, got, list)
		}
	}
	s.settled(events...)
	want("two blocks", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	// The others of the block are never released again.
	s.settled(remove("erasures/e", events[2])...)
	want("one is removed", 5, 6, 7, 8, 9)
	s.settled(employed(team, "13", noon, scores{"price": 1.13}, "north", ""), employed(team, "14", noon, scores{"price": 1.14}, "north", ""))
	want("another block", 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
	begun, err := s.client.RebuildScores(context.Background(), &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if done := s.rebuilt(begun.GetRebuild().GetName()); done.GetState() != scoringv1.Rebuild_STATE_SUCCEEDED || done.GetCellsChanged() != 0 {
		t.Errorf("rebuild %v", done)
	}
	want("after a rebuild", 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
	s.stop()
	s.start().caughtUp(marker, int64(s.marks))
	want("after a restart", 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
}

// TestScoresByEmployee: scores of customers about employees hold back so much that what is withheld cannot be worked out from the sum of all.
func TestScoresByEmployee(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	s.survey.publish(acme, "shop", shopQuestions())
	var events []*surveyv1.Event
	about := func(employee string, n int, score float64) {
		for i := range n {
			events = append(events, employed(shop, id(employee, i), noon, scores{"recommend": score}, "north", employee))
		}
	}
	about("anna", 20, 10)
	about("bolot", 3, 0)
	s.settled(events...)
	ask := &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), GroupBy: []string{"employee"}}
	r := s.query(ask)
	// All but Anna's would be Bolot's: five of hers are held back, too.
	wantScores(t, "by employee", r, `recommend 0-10 NPS_ANSWERED "anna" 15 100.00`, `recommend 0-10 NPS_ANSWERED "bolot" 0 absent`)
	if r.GetScores()[1].GetSuppression() != scoringv1.Suppression_SUPPRESSION_FEW_ANSWERS {
		t.Errorf("scores %v", r.GetScores())
	}
	wantScores(t, "all", s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)}), `recommend 0-10 NPS_ANSWERED "" 23 73.91`)
	events = nil
	about("carl", 5, 5)
	s.settled(events...)
	r = s.query(ask)
	if c := r.GetScores()[2]; c.GetSlice().GetKeys()[0].GetValue() != "carl" || c.GetN() != 5 {
		t.Errorf("scores %v", r.GetScores())
	}
	_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
		Survey: shop, GroupBy: []string{"employee"}, Grain: typev1.TimeGrain_TIME_GRAIN_HOUR,
	}})
	wantError(t, "by employee and hour", err, codes.FailedPrecondition, "MONTHS_NOT_WHOLE", "query.grain")
	// Where there is one employee only, all scores are that employee's.
	s.survey.publish(acme, "stall", shopQuestions())
	events = nil
	for i := range 9 {
		events = append(events, employed("surveys/stall", id("x", i), noon, scores{"recommend": 9}, "north", "dina"))
	}
	s.settled(events...)
	r = s.query(&scoringv1.ScoreQuery{Survey: "surveys/stall", Metrics: metrics(metricNPS), GroupBy: []string{"employee"}})
	if sc := r.GetScores()[0]; sc.GetSuppression() != scoringv1.Suppression_SUPPRESSION_COMPLEMENTARY || sc.Estimate != nil {
		t.Errorf("the only employee's score is %v", sc)
	}
}

// TestManagersAndEmployees: a manager of a location is told what is released of its employees, and nothing of others.
func TestManagersAndEmployees(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.units = units()
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	var events []*surveyv1.Event
	for i := range 8 {
		events = append(events, employed(team, id("n", i), noon, scores{"recommend": 10}, "north", ""),
			employed(team, id("s", i), noon, scores{"recommend": 0}, "south", ""))
	}
	s.start().settled(events...)
	for secret, want := range map[string][]string{
		"north": {`recommend 0-10 NPS_ANSWERED "north" 5 100.00`}, "region": nil, "nowhere": nil,
	} {
		r, err := s.as(secret).QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
			Survey: team, Metrics: metrics(metricNPS), GroupBy: []string{"location"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		wantScores(t, secret, r, want...)
	}
	r, err := s.as("nowhere").QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: team, Metrics: metrics(metricNPS)}})
	if err != nil || r.GetScores()[0].GetN() != 0 || r.GetScores()[0].Suppression != nil {
		t.Errorf("who has no units is told %v, %v", r, err)
	}
}

// TestDeadLettersOfEmployees keeps what an employee answered from those who look at what could not be counted.
func TestDeadLettersOfEmployees(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	s.settled(employed(team, "odd", noon, scores{"recommend": 4, "staff": 3}, "north", ""))
	ctx := context.Background()
	list, err := s.client.ListDeadLetters(ctx, &scoringv1.ListDeadLettersRequest{})
	if err != nil || len(list.GetDeadLetters()) != 1 {
		t.Fatalf("dead letters %v, %v", list, err)
	}
	r, err := s.client.GetDeadLetter(ctx, &scoringv1.GetDeadLetterRequest{Name: list.GetDeadLetters()[0].GetName()})
	if err != nil || r.GetDeadLetter().GetContent() != nil || r.GetDeadLetter().GetRawContent() != nil || r.GetDeadLetter().GetReason() == "" {
		t.Errorf("dead letter %v, %v", r, err)
	}
}

package api_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/importance"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// visits are responses that answer most questions; some were asked about goods on the scale of before, some answered nothing. Each respondent answers a
// number of times, and about the same.
func visits(random *rand.Rand, respondents, times int) []*scoringv1.Fact {
	var facts []*scoringv1.Fact
	for range respondents {
		group, own := random.Int32N(200), random.NormFloat64()
		for range times {
			f := &scoringv1.Fact{Group: group, Weight: 1}
			on := func(question, scale string, least, most float64) {
				if random.IntN(8) == 0 {
					return
				}
				x := (least+most)/2 + (most-least)/5*(own+random.NormFloat64()/2)
				f.Answers = append(f.Answers, answer(question, scale, float64(int(min(most, max(least, x))))))
			}
			if random.IntN(20) > 0 {
				on("recommend", "0-10", 0, 10)
				on("staff", "1-5", 1, 5)
				on("effort", "1-7", 1, 7)
				if random.IntN(4) > 0 {
					on("goods", "1-10", 1, 10)
				} else {
					on("goods", "1-5", 1, 5)
					on("queue", "1-5", 1, 5)
				}
			}
			facts = append(facts, f)
		}
	}
	return facts
}

// TestFactsSayWhatMomentsSay: whether single responses are read or sums of them, the numbers are the same, of answers on several scales, too.
func TestFactsSayWhatMomentsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		_, server := serve(t, visits(random, rapid.IntRange(150, 400).Draw(rt, "respondents"), rapid.IntRange(1, 3).Draw(rt, "times")))
		ask := func(spearman bool) *reportingv1.QueryCorrelationsResponse {
			resp, err := server.QueryCorrelations(callerOf(t, nil), &reportingv1.QueryCorrelationsRequest{
				Query: query(), Items: []string{"recommend", "goods", "effort", "staff"}, Spearman: proto.Bool(spearman),
			})
			if err != nil {
				rt.Fatal(err)
			}
			return resp
		}
		moments, facts := ask(false), ask(true)
		if a, b := moments.GetBasis(), facts.GetBasis(); a.GetResponses() != b.GetResponses() || !near(a.GetEffectiveN(), b.GetEffectiveN()) || a.GetGroups() != b.GetGroups() {
			rt.Fatalf("of moments %v, of facts %v", a, b)
		}
		for i, q := range moments.GetQuestions() {
			if o := facts.GetQuestions()[i]; q.GetN() != o.GetN() || !near(q.GetMean(), o.GetMean()) || !near(q.GetStandardDeviation(), o.GetStandardDeviation()) {
				rt.Fatalf("of moments %v, of facts %v", q, o)
			}
		}
		for i, c := range moments.GetCorrelations() {
			o := facts.GetCorrelations()[i]
			if c.GetPairN() != o.GetPairN() || !near(c.GetPearson().GetValue(), o.GetPearson().GetValue()) ||
				!near(c.GetPearson().GetStandardError(), o.GetPearson().GetStandardError()) || c.GetSpearman() != nil || o.GetSpearman() == nil {
				rt.Fatalf("of moments %v, of facts %v", c, o)
			}
		}
	})
}

// TestEffortIsTurnedRound: much effort counts as little ease, and answers on a scale of before do not count.
func TestEffortIsTurnedRound(t *testing.T) {
	t.Parallel()
	var facts []*scoringv1.Fact
	for i := range 40 {
		score := float64(1 + i%5)
		facts = append(facts, &scoringv1.Fact{Group: int32(i), Answers: []*scoringv1.Fact_FactAnswer{
			answer("effort", "1-7", score), answer("staff", "1-5", float64(1+i%4)), answer("recommend", "0-10", 2*score),
		}})
	}
	facts = append(facts, &scoringv1.Fact{Group: 41, Answers: []*scoringv1.Fact_FactAnswer{answer("effort", "1-5", 5), answer("staff", "0-10", 10)}})
	_, server := serve(t, facts)
	for _, spearman := range []bool{false, true} {
		resp, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{
			Query: query(), Items: []string{"staff"}, Outcome: "effort", Spearman: proto.Bool(spearman),
		})
		if err != nil {
			t.Fatal(err)
		}
		if o := resp.GetOutcome(); o.GetN() != 40 || !near(o.GetMean(), 5) {
			t.Errorf("the outcome is %v", o)
		}
		if n := resp.GetDrivers()[0].GetQuestion().GetN(); n != 40 {
			t.Errorf("%d answers about staff are counted", n)
		}
	}
	resp, err := server.QueryCorrelations(callerOf(t, nil), &reportingv1.QueryCorrelationsRequest{Query: query(), Items: []string{"recommend", "effort"}})
	if err != nil || !near(resp.GetCorrelations()[0].GetPearson().GetValue(), -1) {
		t.Errorf("%v, %v", resp, err)
	}
}

// TestRespondentsWhoAnswerAgain: the answer tells that responses are not independent, and by which way its intervals were made.
func TestRespondentsWhoAnswerAgain(t *testing.T) {
	t.Parallel()
	for times, method := range map[int]string{1: importance.FisherZ, 4: importance.GroupJackknife} {
		_, server := serve(t, visits(rand.New(rand.NewPCG(7, 7)), 400, times))
		items := []string{"staff", "effort", "goods"}
		drivers, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query(), Items: items})
		if err != nil {
			t.Fatal(err)
		}
		factors, err := server.QueryFactors(callerOf(t, nil), &reportingv1.QueryFactorsRequest{Query: query(), Items: items})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range []*reportingv1.AnalysisBasis{drivers.GetBasis(), factors.GetBasis()} {
			if slices.Contains(b.GetConventions(), "CLUSTERED_RESPONDENTS") != (times > 1) {
				t.Errorf("%d responses each: %v, %v", times, b.GetConventions(), b.GetNotes())
			}
		}
		for _, d := range drivers.GetDrivers() {
			if p := d.GetPearson(); p.GetInterval().GetMethod() != method || p.GetInterval().GetLevel() != 0.95 || d.GetPearsonTest() == nil {
				t.Errorf("%d responses each: %v", times, d)
			}
		}
	}
}

// TestRanksOfAsManyResponsesAsAreReadOneByOne: beyond, drivers are told without rank correlations, unless these are asked for.
func TestRanksOfAsManyResponsesAsAreReadOneByOne(t *testing.T) {
	t.Parallel()
	for count, want := range map[int]bool{1000: true, 1001: false} {
		_, server := serve(t, visits(rand.New(rand.NewPCG(3, 3)), count, 1))
		for _, asked := range []*bool{nil, proto.Bool(true)} {
			resp, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{
				Query: query(), Outcome: "recommend", Items: []string{"staff", "effort"}, Spearman: asked,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.GetDrivers()[0].GetSpearman() != nil; got != (want || asked != nil) {
				t.Errorf("%d responses, asked for ranks: %t: ranks %t", count, asked != nil, got)
			}
		}
	}
}

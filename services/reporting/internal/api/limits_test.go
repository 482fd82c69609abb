package api

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// fiveOf is a question on 1 to 5.
func fiveOf(id string) peers.Question {
	return peers.Question{ID: id, Kind: peers.KindScored, Scale: &typev1.Scale{Id: "1-5", Min: 1, Max: 5, Step: 1}}
}

// answered is a response with one answer.
func answered(question, scale string, score float64) *scoringv1.Fact {
	return &scoringv1.Fact{Answers: []*scoringv1.Fact_FactAnswer{{Question: question, Scale: scale, Score: proto.Float64(score)}}}
}

// TestRowsAreOnOneScale: 5 of 5 and 5 of 10 are not one row of a table; effort is turned round as everywhere.
func TestRowsAreOnOneScale(t *testing.T) {
	t.Parallel()
	effort := fiveOf("effort")
	effort.Effort = true
	for name, c := range map[string]struct {
		question peers.Question
		fact     *scoringv1.Fact
		want     string
	}{
		"as asked last":    {fiveOf("staff"), answered("staff", "1-5", 5), "5"},
		"on another scale": {fiveOf("staff"), answered("staff", "1-10", 5), ""},
		"of effort":        {effort, answered("effort", "1-5", 5), "1"},
		"of a choice": {
			peers.Question{ID: "reason"}, &scoringv1.Fact{Answers: []*scoringv1.Fact_FactAnswer{{Question: "reason", Options: []string{"price"}}}}, "price",
		},
		"once scored, a choice now": {peers.Question{ID: "reason"}, answered("reason", "1-5", 3), ""},
	} {
		a := axis{field: "row", key: answersPrefix + c.question.ID, question: c.question}
		if got, err := a.value(c.fact); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestBaselineEndsBeforeThePeriod(t *testing.T) {
	t.Parallel()
	at := func(day int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC))
	}
	of := func(from, to int) *typev1.Period { return &typev1.Period{StartTime: at(from), EndTime: at(to)} }
	for name, c := range map[string]struct {
		baseline, period *typev1.Period
		ok               bool
	}{
		"one after the other":      {of(1, 5), of(5, 9), true},
		"with a gap":               {of(1, 3), of(5, 9), true},
		"open at the far ends":     {&typev1.Period{EndTime: at(5)}, &typev1.Period{StartTime: at(5)}, true},
		"a day in both":            {of(1, 6), of(5, 9), false},
		"the other way round":      {of(5, 9), of(1, 5), false},
		"all time after":           {of(1, 5), nil, false},
		"a baseline without end":   {&typev1.Period{StartTime: at(1)}, of(5, 9), false},
		"a period without a begin": {of(1, 5), &typev1.Period{EndTime: at(9)}, false},
	} {
		err := checkPeriods(c.baseline, c.period)
		if c.ok {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if e, is := rpcerr.FromError(err); !is || e.Code != codes.InvalidArgument || e.Reason != "PERIODS_OVERLAP" || e.Fields[0].Field != "baseline_period" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooManyValuesAreTheFaultOfTheKey(t *testing.T) {
	t.Parallel()
	e, ok := rpcerr.FromError(topicError(bridge.TooManyValues()))
	if !ok || e.Code != codes.FailedPrecondition || e.Reason != "TOO_MANY" || len(e.Fields) != 1 || e.Fields[0].Field != "by" {
		t.Errorf("%+v", e)
	}
}

// TestItemsBeyondTheLimitAreTold: a survey of more questions than an analysis takes says how many it leaves out.
func TestItemsBeyondTheLimitAreTold(t *testing.T) {
	t.Parallel()
	current := []peers.Question{fiveOf("outcome"), {ID: "comment"}}
	for i := range moment.MostQuestions + 3 {
		current = append(current, fiveOf(fmt.Sprintf("q%d", i)))
	}
	q := questionnaire{&peers.Questionnaire{Current: current}}
	items, notes, err := q.items(t.Context(), "items", nil, moment.MostQuestions, "outcome")
	if err != nil || len(items) != moment.MostQuestions || len(notes) != 1 || !strings.Contains(notes[0], "the last 3 scored questions") || !strings.Contains(notes[0], `"q59"`) {
		t.Errorf("%d items, notes %q, %v", len(items), notes, err)
	}
	if items, notes, err = q.items(t.Context(), "items", []string{"q1", "q62"}, moment.MostQuestions); err != nil || len(items) != 2 || notes != nil {
		t.Errorf("named: %v, notes %q, %v", items, notes, err)
	}
}

// TestTheBasisTellsWhoIsCounted: those who answered nothing are left out of the responses, and the most likely SD is told with divisor n - 1.
func TestTheBasisTellsWhoIsCounted(t *testing.T) {
	t.Parallel()
	rows := moment.NewRows([]moment.Question{{ID: "a", Min: 1, Max: 5}, {ID: "b", Min: 1, Max: 5}}, 4)
	a := []float64{1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 5, 5}
	b := []float64{2, 1, 3, 5, 4, 1, 2, 2, 4, 5, 4, 5}
	for i := range a {
		if err := rows.Add(i%4, []float64{a[i], b[i]}); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		if err := rows.Add(0, []float64{math.NaN(), math.NaN()}); err != nil {
			t.Fatal(err)
		}
	}
	told := make(map[moment.Missing]float64)
	for _, missing := range []moment.Missing{moment.Pairwise, moment.EM, moment.Listwise} {
		s, err := moment.FromRows(t.Context(), rows, missing)
		if err != nil {
			t.Fatal(err)
		}
		x := sample{Sample: s, counted: peers.Counted{Responses: 20}, questions: []peers.Question{fiveOf("a"), fiveOf("b")}, notes: []string{"two are left out"}}
		basis := x.basis(&reportingv1.AnalysisQuery{}, definitionDrivers)
		if basis.GetResponses() != 12 || len(basis.GetLeftOut()) != 1 || basis.GetLeftOut()[0].GetCount() != 8 ||
			!slices.Contains(basis.GetConventions(), "UNWEIGHTED") || !slices.Contains(basis.GetNotes(), "two are left out") {
			t.Errorf("%v: %v", missing, basis)
		}
		told[missing] = x.question(0).GetStandardDeviation()
	}
	if math.Abs(told[moment.EM]-told[moment.Pairwise]) > 1e-6 || told[moment.Listwise] != told[moment.Pairwise] {
		t.Errorf("of complete answers the SDs are %v", told)
	}
}

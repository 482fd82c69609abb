package ingest_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestFactsHoldWhatCanBeCut: attributes, options and that a response was late are kept of an event; words never are.
func TestFactsHoldWhatCanBeCut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	nps := metric.Question{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}
	revision := &questionnaire.Revision{Survey: "shop", Number: 1, Population: fact.Customer, PublishTime: noon, Questions: []metric.Question{
		nps, {ID: "liked", Kind: question.Choice}, {ID: "why", Kind: question.Text},
	}}
	choice := func(q string, options ...string) *surveyv1.Answer {
		return &surveyv1.Answer{Question: q, Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: options}}}
	}
	response := responseEvent("acme", "one", 1, noon, "", 1, 9, 1)
	r := response.GetResponse()
	r.Flags = []surveyv1.Response_Flag{surveyv1.Response_FLAG_CLOCK_AHEAD, surveyv1.Response_FLAG_LATE}
	r.Context.Attributes = map[string]string{"tier": "gold", "empty": "", "age": "30-39"}
	r.Answers = []*surveyv1.Answer{
		{Question: "recommend", Value: r.GetAnswers()[0].GetValue(), Comment: "so friendly"}, choice("liked", "price", "staff", "colour"),
		{Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: "because"}},
	}
	refusal := refusalEvent("acme", "shop", "no", 2, noon, "")
	refusal.GetRefusal().Context.Attributes = map[string]string{"tier": "none"}
	odd := responseEvent("acme", "two", 3, noon, "", 1, 9, 1)
	odd.GetResponse().Answers = []*surveyv1.Answer{choice("recommend", "a")}

	st := openStore(t, t.TempDir())
	defer st.Close()
	a, _ := newApplier(t, st, fixedCatalog{revision})
	if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{response, refusal, odd}); err != nil {
		t.Fatal(err)
	}
	var facts []*fact.Fact
	if err := st.Facts(ctx, store.Ledger{Organization: "acme"}, "shop", func(_ int64, f *fact.Fact) error {
		facts = append(facts, f)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(facts) != 1 || !facts[0].Late || !reflect.DeepEqual(facts[0].Context.Attributes, []fact.Attribute{{Name: "age", Value: "30-39"}, {Name: "tier", Value: "gold"}}) {
		t.Fatalf("facts %+v", facts)
	}
	if want := []fact.Answer{
		{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900},
		{Question: "liked", Kind: question.Choice, Options: []string{"colour", "price", "staff"}},
	}; !reflect.DeepEqual(facts[0].Answers, want) {
		t.Errorf("answers %+v, want %+v", facts[0].Answers, want)
	}
	if err := st.Refusals(ctx, store.Ledger{Organization: "acme"}, "shop", func(_ int64, r *fact.Refusal) error {
		if r.Context.Attribute("tier") != "none" || r.Context.Attribute("age") != "" {
			t.Errorf("refusal %+v", r)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if aside, err := st.Aside(ctx, store.Ledger{Organization: "acme"}, 0, 10); err != nil || len(aside) != 1 || aside[0].Position != 3 {
		t.Errorf("set aside %+v, %v", aside, err)
	}
}

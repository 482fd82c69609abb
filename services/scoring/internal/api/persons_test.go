package api

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestExportsHoldAllOfAFact: whatever a fact holds, an export tells.
func TestExportsHoldAllOfAFact(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	f := &fact.Fact{
		ID: "r", Survey: "shop", Revision: 1, Population: fact.Customer, CountTime: at, ReceiveTime: at, Weight: 2, Respondent: "p", Late: true,
		Context: fact.Context{Channel: "app", Attributes: []fact.Attribute{{Name: "tier", Value: "gold"}}},
		Answers: []fact.Answer{
			{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900},
			{Question: "liked", Kind: question.Choice, Options: []string{"price", "staff"}},
		},
		Enrichment: fact.Enrichment{Sentiment: fact.Mixed, Themes: []fact.Theme{{ID: "queue", Polarity: fact.Negative}}, Segments: []string{"vip"}, Case: fact.NoCase},
	}
	got, err := structpb.NewStruct(factContent(f))
	if err != nil {
		t.Fatal(err)
	}
	want, err := structpb.NewStruct(map[string]any{
		"respondent": "p", "revision": 1, "population": "CUSTOMER", "countTime": "2026-05-14T12:00:00Z", "receiveTime": "2026-05-14T12:00:00Z", "invitation": "",
		"weight": 2, "late": true, "context": map[string]any{"channel": "app", "attributes": map[string]any{"tier": "gold"}},
		"answers": []any{
			map[string]any{"question": "recommend", "score": 9, "scale": "0-10"},
			map[string]any{"question": "liked", "options": []any{"price", "staff"}},
		},
		"enrichment": map[string]any{
			"sentiment": "mixed", "themes": []any{map[string]any{"theme": "queue", "polarity": "negative"}}, "segments": []any{"vip"}, "case": "none",
		},
	})
	if err != nil || !proto.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

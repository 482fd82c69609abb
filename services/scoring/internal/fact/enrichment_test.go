package fact_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

func genEnrichment(t *rapid.T) fact.Enrichment {
	polarity := rapid.Map(rapid.Uint8Range(0, uint8(fact.Mixed)), func(n uint8) fact.Polarity { return fact.Polarity(n) })
	e := fact.Enrichment{Sentiment: polarity.Draw(t, "sentiment")}
	ids := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 4, rapid.ID[string]).Draw(t, "themes")
	slices.Sort(ids)
	for _, id := range ids {
		e.Themes = append(e.Themes, fact.Theme{ID: id, Polarity: polarity.Draw(t, "polarity")})
	}
	if segments := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 3, rapid.ID[string]).Draw(t, "segments"); len(segments) > 0 {
		slices.Sort(segments)
		e.Segments = segments
	}
	e.Case = fact.Case(rapid.Uint8Range(0, uint8(fact.UnresolvedCase)).Draw(t, "case"))
	return e
}

func TestEnrichmentRoundTrips(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, other := genEnrichment(rt), genEnrichment(rt)
		b, err := e.AppendBinary(nil)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := fact.DecodeEnrichment(b)
		if err != nil || !reflect.DeepEqual(got, e) || !got.Equal(e) {
			rt.Fatalf("got %+v, %v, want %+v", got, err, e)
		}
		if e.Equal(other) != reflect.DeepEqual(e, other) || e.IsZero() != e.Equal(fact.Enrichment{}) {
			rt.Errorf("%+v equals %+v: %t", e, other, e.Equal(other))
		}
		if _, err := fact.DecodeEnrichment(b[:len(b)-1]); !errors.Is(err, wire.ErrCorrupt) {
			rt.Errorf("an enrichment that was cut short: %v", err)
		}
	})
}

func TestEnrichmentsAreChecked(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]fact.Enrichment{
		"sentiment": {Sentiment: fact.Mixed + 1}, "polarity": {Themes: []fact.Theme{{ID: "price", Polarity: fact.Mixed + 1}}},
		"no name": {Themes: []fact.Theme{{}}}, "order": {Themes: []fact.Theme{{ID: "staff"}, {ID: "price"}}},
		"twice": {Themes: []fact.Theme{{ID: "price"}, {ID: "price"}}}, "case": {Case: fact.UnresolvedCase + 1}, "no segment": {Segments: []string{""}},
		"segment twice": {Segments: []string{"vip", "vip"}}, "order of segments": {Segments: []string{"vip", "new"}},
	} {
		if _, err := e.AppendBinary(nil); !errors.Is(err, fact.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		f := valid()
		f.Enrichment = e
		if err := f.Check(); !errors.Is(err, fact.ErrInvalid) {
			t.Errorf("%s in a fact: %v", name, err)
		}
	}
	if _, err := fact.DecodeEnrichment([]byte{9, 0, 0, 0, 0}); !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("another version: %v", err)
	}
}

func TestEnrichmentKeys(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]fact.Enrichment{
		"[]":                    {},
		"[sentiment=[neutral]]": {Sentiment: fact.Neutral},
		"[theme=[price]]":       {Themes: []fact.Theme{{ID: "price"}}},
		"[case=[none]]":         {Case: fact.NoCase},
		"[case=[unresolved] segment=[new vip] sentiment=[positive] theme=[price]]": {
			Sentiment: fact.Positive, Themes: []fact.Theme{{ID: "price"}}, Segments: []string{"new", "vip"}, Case: fact.UnresolvedCase,
		},
		"[sentiment=[mixed] theme=[delivery price quality staff] theme_negative=[delivery quality] theme_positive=[delivery staff]]": {
			Sentiment: fact.Mixed, Themes: []fact.Theme{{"delivery", fact.Mixed}, {"price", fact.Neutral}, {"quality", fact.Negative}, {"staff", fact.Positive}},
		},
	} {
		var got []string
		e.Keys(func(name string, values []string) { got = append(got, fmt.Sprintf("%s=%v", name, values)) })
		if fmt.Sprint(got) != want || !slices.IsSorted(got) {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

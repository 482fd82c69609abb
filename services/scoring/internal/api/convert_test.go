package api

import (
	"testing"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestEnumsAgree holds the numbers and names of messages and nouns together.
func TestEnumsAgree(t *testing.T) {
	t.Parallel()
	for n, name := range typev1.TimeGrain_name {
		want := "TIME_GRAIN_" + grainFromProto(typev1.TimeGrain(n)).String()
		if n == 0 {
			want = "TIME_GRAIN_UNSPECIFIED"
		}
		if name != want || n > int32(calendar.Year) {
			t.Errorf("grain %s is %s", name, want)
		}
	}
	for n, name := range typev1.Population_name {
		if p := populationFromProto(typev1.Population(n)); name != "POPULATION_"+p.String() || populationToProto(p) != typev1.Population(n) {
			t.Errorf("population %s is %s", name, p)
		}
	}
	for state, want := range map[store.State]scoringv1.Rebuild_State{
		store.Running: scoringv1.Rebuild_STATE_RUNNING, store.Succeeded: scoringv1.Rebuild_STATE_SUCCEEDED, store.Failed: scoringv1.Rebuild_STATE_FAILED,
	} {
		if got := rebuildToProto(store.Rebuild{State: state}).GetState(); got != want {
			t.Errorf("state %d is %s, want %s", state, got, want)
		}
	}
}

// TestDefinitionsRoundTrip converts every metric, variant and method there and back, and finds none that only one side knows.
func TestDefinitionsRoundTrip(t *testing.T) {
	t.Parallel()
	// Composites have a method of their own.
	variants, methods, metrics := 0, map[metric.Method]bool{metric.JackknifeT: true}, 0
	for _, d := range metric.Definitions() {
		metrics++
		if m := metricToProto(d.ID); m == 0 || metricFromProto(m) != d.ID {
			t.Errorf("metric %s becomes %s", d.ID, m)
		}
		for _, v := range d.Variants {
			variants++
			if p := variantToProto(v.Variant); p == 0 || variantFromProto(p) != v.Variant {
				t.Errorf("variant %s becomes %s", v.Variant, p)
			}
			for _, m := range v.Methods {
				methods[m] = true
				if p := methodToProto(m); p == 0 || methodFromProto(p) != m {
					t.Errorf("method %s becomes %s", m, p)
				}
			}
		}
		if p := definitionToProto(d); p.GetTitle().GetTexts()["ky"] == "" || p.GetDescription().GetTexts()["ru"] == "" {
			t.Errorf("definition %v lacks a text", p)
		}
	}
	if metrics+1 != len(scoringv1.Metric_name) || variants+1 != len(scoringv1.Variant_name) || len(methods)+1 != len(scoringv1.IntervalMethod_name) {
		t.Errorf("%d metrics, %d variants and %d methods are defined; the API has others", metrics, variants, len(methods))
	}
	if len(fact.ContextKeys())+1 != len(typev1.ContextKey_name) {
		t.Error("the API has other context keys")
	}
}

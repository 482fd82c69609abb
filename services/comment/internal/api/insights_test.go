package api

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestInsights: numbers are for all who may ask, single comments only for those who may read them, and of their units.
func TestInsights(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.many(t, 12, store.Negative)
	period := &typev1.Period{StartTime: timestamppb.New(noon), EndTime: timestamppb.New(noon.Add(time.Hour))}
	for who, want := range map[string]struct{ responses, evidence int }{"admin": {12, 3}, "insight": {12, 0}, "osh": {6, 3}, "other": {0, 0}} {
		client := commentv1.NewInsightServiceClient(f.as(who))
		themes, err := client.QueryThemes(t.Context(), &commentv1.QueryThemesRequest{EvidenceCount: 3})
		if err != nil || themes.GetResponseCount() != int64(want.responses) || themes.GetCommentCount() != int64(want.responses) {
			t.Fatalf("%s: %v, %v", who, themes, err)
		}
		if want.responses == 0 {
			continue
		}
		if m := themes.GetThemes()[0]; m.GetAspect() != "aspects/wait" || m.GetKind() != commentv1.ThemeInsight_KIND_WEAKNESS || m.GetShare() != 1 || len(m.GetEvidence()) != want.evidence {
			t.Errorf("%s: %v", who, m)
		}
		for _, e := range themes.GetThemes()[0].GetEvidence() {
			if e.GetSpan().GetEnd() != 3 || e.GetSentiment() != commentv1.Sentiment_SENTIMENT_NEGATIVE || who == "osh" && !strings.ContainsAny(e.GetComment()[len("surveys/s/responses/r"):], "13579") {
				t.Errorf("%s: %v", who, e)
			}
		}
		phrases, err := client.QueryKeyPhrases(t.Context(), &commentv1.QueryKeyPhrasesRequest{})
		if err != nil || len(phrases.GetPhrases()) != 1 || phrases.GetPhrases()[0].GetPhrase() != "queue" || len(phrases.GetPhrases()[0].GetEvidence()) != want.evidence {
			t.Errorf("%s: %v, %v", who, phrases, err)
		}
		emerging, err := client.QueryEmergingThemes(t.Context(), &commentv1.QueryEmergingThemesRequest{Filter: &commentv1.CommentFilter{Period: period}})
		if err != nil || emerging.GetBaseline().GetStartTime().AsTime() != noon.Add(-4*time.Hour) || emerging.GetBaseline().GetEndTime().AsTime() != noon {
			t.Errorf("%s: %v, %v", who, emerging, err)
		}
	}
	client := commentv1.NewInsightServiceClient(f.as("osh"))
	for key, groups := range map[typev1.ContextKey][]string{typev1.ContextKey_CONTEXT_KEY_LOCATION: {"osh"}, typev1.ContextKey_CONTEXT_KEY_LANGUAGE: {"en"}} {
		themes, err := client.QueryThemes(t.Context(), &commentv1.QueryThemesRequest{GroupBy: key, EvidenceCount: 1})
		var got []string
		for _, m := range themes.GetThemes() {
			got = append(got, m.GetGroup())
		}
		steps, stepsErr := client.QuerySentiments(t.Context(), &commentv1.QuerySentimentsRequest{GroupBy: key, Grain: typev1.TimeGrain_TIME_GRAIN_DAY, TimeZone: "Asia/Bishkek"})
		if !slices.Equal(got, groups) || len(steps.GetSteps()) != 1 || errors.Join(err, stepsErr) != nil {
			t.Fatalf("%v: %v, %v, %v", key, themes, steps, errors.Join(err, stepsErr))
		}
		if s := steps.GetSteps()[0]; s.GetGroup() != groups[0] || s.GetNegativeCount() != 6 || s.GetNegativeShare() != 1 || s.GetStartTime().AsTime() != noon.Add(-18*time.Hour) {
			t.Errorf("%v", s)
		}
	}
}

// TestInsightsThatAreRefused names the field of each.
func TestInsightsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := commentv1.NewInsightServiceClient(f.as("admin"))
	stamp := func(hours int) *timestamppb.Timestamp {
		return timestamppb.New(noon.Add(time.Duration(hours) * time.Hour))
	}
	recent := &commentv1.CommentFilter{Period: &typev1.Period{StartTime: stamp(0), EndTime: stamp(4)}}
	for what, c := range map[string]struct {
		req           *commentv1.QueryEmergingThemesRequest
		reason, field string
	}{
		"no period":       {&commentv1.QueryEmergingThemesRequest{Filter: &commentv1.CommentFilter{}}, "FILTER_INVALID", "filter.period"},
		"half a period":   {&commentv1.QueryEmergingThemesRequest{Filter: &commentv1.CommentFilter{Period: &typev1.Period{StartTime: stamp(0)}}}, "FILTER_INVALID", "filter.period"},
		"half a baseline": {&commentv1.QueryEmergingThemesRequest{Filter: recent, Baseline: &typev1.Period{EndTime: stamp(0)}}, "FILTER_INVALID", "baseline"},
		"overlap":         {&commentv1.QueryEmergingThemesRequest{Filter: recent, Baseline: &typev1.Period{StartTime: stamp(-3), EndTime: stamp(1)}}, "FILTER_INVALID", "baseline"},
		"backwards":       {&commentv1.QueryEmergingThemesRequest{Filter: recent, Baseline: &typev1.Period{StartTime: stamp(-3), EndTime: stamp(-4)}}, "VALIDATION_FAILED", "baseline"},
		"rate":            {&commentv1.QueryEmergingThemesRequest{Filter: recent, FalseDiscoveryRate: 0.9}, "VALIDATION_FAILED", "false_discovery_rate"},
		"least":           {&commentv1.QueryEmergingThemesRequest{Filter: recent, LeastCount: 1}, "VALIDATION_FAILED", "least_count"},
	} {
		_, err := client.QueryEmergingThemes(t.Context(), c.req)
		refused(t, what, err, codes.InvalidArgument, c.reason, c.field)
	}
	for _, zone := range []string{"Nowhere/City", "Local", "../../etc/passwd"} {
		_, err := client.QuerySentiments(t.Context(), &commentv1.QuerySentimentsRequest{TimeZone: zone})
		refused(t, zone, err, codes.InvalidArgument, "VALIDATION_FAILED", "time_zone")
	}
	_, err := client.QueryThemes(t.Context(), &commentv1.QueryThemesRequest{EvidenceCount: 6})
	refused(t, "too many examples", err, codes.InvalidArgument, "VALIDATION_FAILED", "evidence_count")
}

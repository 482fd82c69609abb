package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/store"
)

// leaderCases are about who leads.
func leaderCases() []testCase {
	return []testCase{{"OneLeads", oneLeads}, {"LeadsInTurn", leadsInTurn}}
}

func oneLeads(t *testing.T, open Open) {
	s := opened(t, open)
	must(t, "lead", s.Lead(t.Context(), "a", noon, noon.Add(time.Minute)))
	want(t, "lead while another does", s.Lead(t.Context(), "b", noon.Add(time.Second), noon.Add(time.Hour)), store.ErrLost)
	must(t, "go on", s.Lead(t.Context(), "a", noon.Add(time.Second), noon.Add(2*time.Minute)))
	want(t, "lead before the end", s.Lead(t.Context(), "b", noon.Add(time.Minute), noon.Add(time.Hour)), store.ErrLost)
	must(t, "lead after the end", s.Lead(t.Context(), "b", noon.Add(2*time.Minute), noon.Add(time.Hour)))
}

func leadsInTurn(t *testing.T, open Open) {
	s := opened(t, open)
	must(t, "lead", s.Lead(t.Context(), "a", noon, noon.Add(time.Hour)))
	must(t, "step down for another", s.StepDown(t.Context(), "b"))
	want(t, "lead", s.Lead(t.Context(), "b", noon, noon.Add(time.Hour)), store.ErrLost)
	must(t, "step down", s.StepDown(t.Context(), "a"))
	must(t, "lead", s.Lead(t.Context(), "b", noon, noon.Add(time.Hour)))
}

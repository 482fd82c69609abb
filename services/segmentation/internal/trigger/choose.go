package trigger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
)

// Choose returns the rules that match something, one for each subject: the most severe, then the one that promises more, then the first by identifier. So
// one answer opens one case of a subject, whatever order rules are read in.
func Choose(rules []Rule, o Occurrence) []Rule {
	var out []Rule
	for _, r := range rules {
		if r.Matches(o) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Rule) int {
		return cmp.Or(
			strings.Compare(a.About(), b.About()), -cmp.Compare(a.Outcome.Severity, b.Outcome.Severity),
			comparePromise(a.Outcome.SLA.Resolution, b.Outcome.SLA.Resolution), strings.Compare(a.ID, b.ID),
		)
	})
	return slices.CompactFunc(out, func(a, b Rule) bool { return a.About() == b.About() })
}

// comparePromise puts the shorter one first, and none last.
func comparePromise(a, b time.Duration) int {
	if (a == 0) != (b == 0) {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// Case is the case that a rule opens for something, without what the store knows.
func (r Rule) Case(o Occurrence) *cases.Case {
	return &cases.Case{
		Organization: r.Organization, ID: cases.NewID(), DisplayName: r.DisplayName, About: o.About, Subject: r.About(), Rule: r.ID, Severity: r.Outcome.Severity,
		Queue: r.Outcome.Queue, Owner: r.Outcome.Owner, SLA: r.Outcome.SLA, Steps: r.Outcome.Steps, Touchpoint: o.Touchpoint,
	}
}

package notation

import "github.com/otklik/otklik/services/reporting/internal/document"

// Facts are what is to be known of a whole report, each with its name: the period, whose units and which responses are counted, up to when, and the fingerprint.
// What is empty is left out; who is not restricted and filters nothing is told that all responses are counted.
func (n Notation) Facts(d document.Document) (out [][2]string) {
	filter, asOf := d.Filter, ""
	if filter == "" && d.Scope == "" {
		filter = n.Word(AllResponses)
	}
	if !d.Watermark.IsZero() {
		asOf = n.Time(In(d.Watermark, d.Period.Zone))
	}
	for _, fact := range [][2]string{
		{n.Word(PeriodWord), n.Period(d.Period)}, {n.Word(ScopeWord), d.Scope}, {n.Word(FilterWord), filter}, {n.Word(AsOf), asOf}, {n.Word(Fingerprint), d.Fingerprint},
	} {
		if fact[1] != "" {
			out = append(out, fact)
		}
	}
	return out
}

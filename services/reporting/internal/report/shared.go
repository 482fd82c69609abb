package report

import (
	"fmt"
	"regexp"
	"strings"
)

// shareable are the types of sections that may be shown to whoever has a link: each of their numbers is of stores, questions, topics or many responses, and none
// names an employee, or a company whose answers may be those of one person. A type that is not among them is not shown so.
var shareable = map[SectionType]bool{
	Scores: true, Trend: true, Response: true, Questions: true, Units: true, Heat: true, Map: true, Matrix: true, Drivers: true, Bridge: true, Strengths: true,
	Themes: true, Lights: true, Cases: true, Recovery: true, Retention: true, Revenue: true, Quality: true, Standards: true, Seasonality: true, Reserve: true, Policies: true,
	Journey: true, Benchmarks: true,
	// Of those that tell what was recorded of stores beside answers, each number is of a store or of all: sales, visitors, checks of standards, changes of policies. Their
	// sums need no protection by number of answers, since no customer is in them.
	// Alerts and WorkOrder are left out: they name the units that changed or are red, be they employees or companies; so is StaffKpi.
}

// shareableKeys are the keys whose values name no person. Attributes are what an organisation makes of them, and not among these; nor are segments and cases, which
// may be of a single contact.
var shareableKeys = map[string]bool{
	"location": true, "region": true, "channel": true, "touchpoint": true, "language": true, "revision": true, "sentiment": true, "theme": true, "theme_positive": true,
	"theme_negative": true,
}

// Unshareable says why a report with these contents must not be shown to whoever has a link; empty when it may. subject is what it is about, filter the responses
// that are counted beside those that the contents select.
func (c *Content) Unshareable(subject, filter string) string {
	const instead = "; share a report of your own without it"
	switch c.Kind {
	case StaffScorecard, StaffReview, AccountScorecard:
		return "is about employees or about one company, whose answers may be those of one person"
	}
	if collection, _, ok := strings.Cut(subject, "/"); ok && collection != "locations" {
		return "is about one of the " + collection + ", and only locations are told of by links"
	}
	for _, s := range c.Sections {
		if !shareable[s.Type] {
			return fmt.Sprintf("has a section %q, which may name employees or companies%s", s.Type, instead)
		}
		if s.By != "" && !shareableKeys[s.By] {
			return fmt.Sprintf("has a section %q by %q, whose values may name persons or companies%s", s.Type, s.By, instead)
		}
	}
	for _, f := range []string{c.Filter, filter} {
		if key, ok := foreignKey(f); ok {
			return fmt.Sprintf("has a filter on %.60q, whose values may name persons or companies%s", key, instead)
		}
	}
	return ""
}

// piece is one of what filters are made of: blanks, brackets, a word that joins or negates, or a key with what it is compared with. Texts end where scores end them, be
// they within " or within '. What is written otherwise, such as a key within quotes, is none.
var piece = regexp.MustCompile(`^(?:[ \t\r\n]+|[()-]|(?:AND|OR|NOT)\b|` +
	`([A-Za-z_][A-Za-z0-9_.-]*)[ \t\r\n]*(?:[!<>]=|[=<>:])[ \t\r\n]*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\pL\pN_.*+/@-]+))`)

// foreignKey finds a key of a filter that links do not tell of; what it cannot read is one.
func foreignKey(filter string) (string, bool) {
	for filter != "" {
		m := piece.FindStringSubmatch(filter)
		if m == nil {
			return filter, true
		}
		if key := m[1]; key != "" && !shareableKeys[key] && !strings.HasPrefix(key, "answers.") {
			return key, true
		}
		filter = filter[len(m[0]):]
	}
	return "", false
}

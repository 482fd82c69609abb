package report_test

import (
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/report"
)

// TestLinksTellOfNoPersons judges what may be shown to whoever has a link.
func TestLinksTellOfNoPersons(t *testing.T) {
	t.Parallel()
	of := func(kind report.Kind, sections ...report.Section) report.Content {
		c := report.Content{Kind: kind, Sections: sections}
		c.Complete()
		return c
	}
	for name, c := range map[string]struct {
		content         report.Content
		subject, filter string
		may             bool
	}{
		"a store":                              {of(report.StoreScorecard, report.Section{Type: report.Scores}), "locations/osh", "", true},
		"values of attributes in quotes":       {of(report.SurveyReport), "", `channel = "employee = 7" AND answers.q1 >= 9 OR NOT language=en`, true},
		"units by channel":                     {of(report.SurveyReport, report.Section{Type: report.Units, By: "channel"}), "", "", true},
		"an employee":                          {of(report.StaffScorecard), "employees/7", "", false},
		"employees":                            {of(report.StaffReview), "", "", false},
		"a company":                            {of(report.AccountScorecard), "companies/acme", "", false},
		"a survey of one employee":             {of(report.SurveyReport), "employees/7", "", false},
		"the work order":                       {of(report.ClosedLoop), "", "", false},
		"alerts":                               {of(report.SurveyReport, report.Section{Type: report.Alerts}), "", "", false},
		"units by employee":                    {of(report.SurveyReport, report.Section{Type: report.Units, By: "employee"}), "", "", false},
		"heat by an attribute":                 {of(report.SurveyReport, report.Section{Type: report.Heat, By: "attributes.agent"}), "", "", false},
		"a type that is not known":             {of(report.SurveyReport, report.Section{Type: "confessions"}), "", "", false},
		"a filter on an employee":              {of(report.SurveyReport), "", `channel = "app" AND employee = "7"`, false},
		"a filter on a segment":                {of(report.SurveyReport), "", `segment = "golds"`, false},
		"a filter on cases":                    {of(report.SurveyReport), "", `case = "red"`, false},
		"units by segment":                     {of(report.SurveyReport, report.Section{Type: report.Units, By: "segment"}), "", "", false},
		"a filter on an attribute":             {of(report.SurveyReport), "", `attributes.agent:"7"`, false},
		"a filter on a key in quotes":          {of(report.SurveyReport), "", `"employee" = "7"`, false},
		"a filter on employees without blanks": {of(report.SurveyReport), "", `(employee!="7")`, false},
		"keys and values of every kind":        {of(report.SurveyReport), "", ` (location = 'osh "1"' OR -region:"a\"b'") AND channel=мой-* AND answers.nps<=-1.5 `, true},
		"an employee between quotes of both":   {of(report.SurveyReport), "", `channel = '"' OR employee = '7' OR channel = '"'`, false},
		"an employee between escaped quotes":   {of(report.SurveyReport), "", `channel = '\'' OR employee = "7" OR channel = '\''`, false},
		"an employee within other quotes":      {of(report.SurveyReport), "", `channel = "'" OR employee = "7" OR channel = "'"`, false},
		"a filter on a part in quotes":         {of(report.SurveyReport), "", `attributes.'location' = "7"`, false},
		"a key behind another one":             {of(report.SurveyReport), "", `attributes."x".location = "7"`, false},
		"a key with a blank that is none":      {of(report.SurveyReport), "", "channel = app\u00a0employee = 7", false},
		"a text without an end":                {of(report.SurveyReport), "", `channel = "app`, false},
		"a word of no comparison":              {of(report.SurveyReport), "", `anna`, false},
	} {
		if why := c.content.Unshareable(c.subject, c.filter); (why == "") != c.may {
			t.Errorf("%s: %q", name, why)
		}
	}
	filtered := of(report.SurveyReport)
	filtered.Filter = `company = "acme"`
	if filtered.Unshareable("", "") == "" {
		t.Error("a definition that filters by company may be shared")
	}
}

// TestBuiltInReportsOfNobodyCanBeShared: a section added to a report that comes with the product must not make it one that no link shows. Those that tell of persons
// or companies are named here one by one, so that none becomes one unnoticed.
func TestBuiltInReportsOfNobodyCanBeShared(t *testing.T) {
	t.Parallel()
	persons := map[report.Kind]bool{report.StaffScorecard: true, report.StaffReview: true, report.AccountScorecard: true, report.DailyEvents: true, report.ClosedLoop: true}
	for _, d := range report.BuiltIns() {
		subject := ""
		if p, _ := report.ProfileOf(d.Kind); p.Subject != "" {
			subject = p.Subject + "/osh"
		}
		if why := d.Unshareable(subject, ""); (why == "") == persons[d.Kind] {
			t.Errorf("%s: %q", d.ID, why)
		}
	}
}

// TestLinksTellOfStoresByWhatWasRecorded: what was recorded of stores beside answers is shown, key figures of employees are not.
func TestLinksTellOfStoresByWhatWasRecorded(t *testing.T) {
	t.Parallel()
	for _, s := range []report.SectionType{report.Revenue, report.Quality, report.Standards, report.Seasonality, report.Reserve, report.Policies, report.StaffKpi} {
		c := report.Content{Kind: report.SurveyReport, Sections: []report.Section{{Type: s}}}
		c.Complete()
		if why := c.Unshareable("", ""); (why == "") != (s != report.StaffKpi) {
			t.Errorf("%s: %q", s, why)
		}
	}
}

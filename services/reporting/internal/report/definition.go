// Package report says what a report is: its definition, the period that it covers, and the fingerprint by which it can be made again. What it says is computed
// elsewhere, into a document.
package report

import (
	"slices"
	"time"
)

// Kind is what a report is for. The word is also the identifier of the report of this kind that every organisation has.
type Kind string

// The kinds.
const (
	ExecutiveSummary Kind = "executive-summary"
	SurveyReport     Kind = "survey-report"
	StoreScorecard   Kind = "store-scorecard"
	AccountScorecard Kind = "account-scorecard"
	StaffScorecard   Kind = "staff-scorecard"
	DailyEvents      Kind = "daily-events"
	StaffReview      Kind = "staff-review"
	ClosedLoop       Kind = "closed-loop"
	ProgrammeValue   Kind = "programme-value"
	PolicyReview     Kind = "policy-review"
)

// SectionType is what a section tells.
type SectionType string

// The types of sections.
const (
	Scores    SectionType = "scores"
	Trend     SectionType = "trend"
	Response  SectionType = "response"
	Questions SectionType = "questions"
	Units     SectionType = "units"
	Heat      SectionType = "heat"
	Map       SectionType = "map"
	Matrix    SectionType = "matrix"
	Drivers   SectionType = "drivers"
	Bridge    SectionType = "bridge"
	Strengths SectionType = "strengths"
	Themes    SectionType = "themes"
	Lights    SectionType = "lights"
	WorkOrder SectionType = "work-order"
	Cases     SectionType = "cases"
	Recovery  SectionType = "recovery"
	Alerts    SectionType = "alerts"
	Retention SectionType = "retention"
	// What was recorded of stores beside answers.
	Revenue     SectionType = "revenue"
	Quality     SectionType = "quality"
	Standards   SectionType = "standards"
	Seasonality SectionType = "seasonality"
	Reserve     SectionType = "reserve"
	StaffKpi    SectionType = "staff-kpi"
	Policies    SectionType = "policies"
	// How customers fare by stage, and how others do.
	Journey    SectionType = "journey"
	Benchmarks SectionType = "benchmarks"
)

// Section is a part of a report, with its parameters. The zero value of each means the type's own choice.
type Section struct {
	Type SectionType `json:"type"`
	// By is the key by which units are told apart.
	By string `json:"by,omitempty"`
	// Outcome is the question that is explained, and Items are the questions that explain it.
	Outcome string   `json:"outcome,omitempty"`
	Items   []string `json:"items,omitempty"`
	// Rows is how many rows a table shows at most.
	Rows int `json:"rows,omitempty"`
	// Kpi is the definition of key figures of employees, `kpiDefinitions/{definition}`; empty for the only one.
	Kpi string `json:"kpi,omitempty"`
	// Measure is what stores are judged by.
	Measure Measure `json:"measure,omitempty"`
}

// Measure is what stores are judged by: revenue, visitors, conversion or average-check; empty for revenue.
type Measure string

// Cadence is how often a report is meant to be made at least.
type Cadence string

// The cadences.
const (
	NoCadence Cadence = ""
	Daily     Cadence = "daily"
	Weekly    Cadence = "weekly"
	Monthly   Cadence = "monthly"
	Quarterly Cadence = "quarterly"
	HalfYear  Cadence = "half-yearly"
	Yearly    Cadence = "yearly"
)

// Content is what a definition says; another content is another version.
type Content struct {
	DisplayName string `json:"display_name"`
	Kind        Kind   `json:"kind"`
	// Survey is `surveys/{survey}`; empty for the only one that the organisation has.
	Survey   string    `json:"survey,omitempty"`
	Sections []Section `json:"sections"`
	// Filter is which responses are counted, in scoring's language.
	Filter string `json:"filter,omitempty"`
	// Language is ru, ky or en, Zone the time zone in which periods begin.
	Language   string     `json:"language,omitempty"`
	Zone       string     `json:"zone,omitempty"`
	Period     Rule       `json:"period"`
	Comparison Comparison `json:"comparison"`
	Cadence    Cadence    `json:"cadence,omitempty"`
}

// Definition is a version of a report.
type Definition struct {
	ID string
	Content
	// Version counts from 1.
	Version int
	// Author is who made the version, at Time; empty where the report comes with the product.
	Author string
	Time   time.Time
}

// BuiltIn tells that the report comes with the product.
func (d *Definition) BuiltIn() bool { return d.Author == "" }

// Profile is what belongs to a kind of report.
type Profile struct {
	Kind       Kind
	Sections   []Section
	Period     Rule
	Comparison Comparison
	Cadence    Cadence
	// Subject is the collection of what a report of the kind is about, such as `locations`; empty for the whole organisation.
	Subject string
}

// Profiles are the kinds of reports.
func Profiles() []Profile {
	list := func(types ...SectionType) []Section {
		out := make([]Section, len(types))
		for i, t := range types {
			out[i].Type = t
		}
		return out
	}
	return []Profile{
		{Kind: ExecutiveSummary, Sections: list(Scores, Trend, Journey, Matrix, Bridge, Themes, Lights, Cases, Recovery, Revenue, Quality, Benchmarks), Period: LastMonth, Comparison: Previous, Cadence: Monthly},
		{Kind: SurveyReport, Sections: list(Scores, Response, Trend, Questions, Journey, Matrix, Drivers, Strengths, Themes, Heat, Map), Period: LastMonth, Comparison: Previous, Cadence: Monthly},
		{Kind: StoreScorecard, Sections: list(Scores, Trend, Response, Questions, Themes, Cases, Revenue, Quality, Standards), Period: LastMonth, Comparison: Previous, Cadence: Monthly, Subject: "locations"},
		{Kind: AccountScorecard, Sections: list(Scores, Trend, Response, Questions, Themes, Cases), Period: LastQuarter, Comparison: Previous, Cadence: Quarterly, Subject: "companies"},
		{Kind: StaffScorecard, Sections: list(Scores, Trend, Questions), Period: LastMonth, Comparison: Previous, Cadence: Monthly, Subject: "employees"},
		{Kind: DailyEvents, Sections: list(Scores, Cases, Alerts, WorkOrder), Period: LastDay, Comparison: Previous, Cadence: Daily},
		{Kind: StaffReview, Sections: []Section{{Type: Scores}, {Type: Units, By: "employee"}, {Type: StaffKpi}, {Type: Cases}}, Period: LastMonth, Comparison: Previous, Cadence: Monthly},
		{Kind: ClosedLoop, Sections: list(Cases, Recovery, WorkOrder), Period: LastMonth, Comparison: Previous, Cadence: Monthly},
		{Kind: ProgrammeValue, Sections: list(Retention, Revenue, Reserve, Recovery, Scores, Bridge, Benchmarks), Period: LastHalfYear, Comparison: Previous, Cadence: HalfYear},
		{Kind: PolicyReview, Sections: list(Policies, Scores, Trend, Revenue, Seasonality, Standards), Period: LastHalfYear, Comparison: Previous, Cadence: HalfYear},
	}
}

// ProfileOf is what belongs to a kind; false when there is no such kind.
func ProfileOf(kind Kind) (Profile, bool) {
	all := Profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Kind == kind })
	if i < 0 {
		return Profile{}, false
	}
	return all[i], true
}

// Complete fills in what a content leaves to its kind.
func (c *Content) Complete() {
	p, _ := ProfileOf(c.Kind)
	if len(c.Sections) == 0 {
		c.Sections = p.Sections
	}
	if c.Period == "" {
		c.Period = p.Period
	}
	if c.Comparison == "" {
		c.Comparison = p.Comparison
	}
	if c.Cadence == "" {
		c.Cadence = p.Cadence
	}
}

// BuiltIns are the reports that every organisation has without making them, by identifier.
func BuiltIns() []Definition {
	var out []Definition
	for _, p := range Profiles() {
		d := Definition{ID: string(p.Kind), Version: 1, Content: Content{Kind: p.Kind}}
		d.Complete()
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Definition) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

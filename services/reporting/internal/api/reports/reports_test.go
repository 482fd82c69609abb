package reports

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Definitions come back from the API as they went.
func TestDefinitionsSurviveTheAPI(t *testing.T) {
	t.Parallel()
	for _, p := range report.Profiles() {
		c := report.Content{
			DisplayName: "D", Kind: p.Kind, Survey: "surveys/s", Filter: `location = "osh"`, Language: "ky", Zone: "Asia/Bishkek",
			Sections: append([]report.Section{{Type: report.Units, By: "company", Outcome: "q", Items: []string{"a"}, Rows: 7}}, p.Sections...),
			Period:   report.LastYearOfMonths, Comparison: report.YearBefore, Cadence: report.Weekly,
		}
		got, err := contentFromProto(reportToProto(report.Definition{ID: "x", Content: c, Version: 3, Author: "a", Time: time.Unix(0, 0)}, false), "report")
		if err != nil {
			t.Fatal(err)
		}
		// No items and none stated are the same.
		for i := range got.Sections {
			if len(got.Sections[i].Items) == 0 {
				got.Sections[i].Items = nil
			}
		}
		if !reflect.DeepEqual(got, c) {
			t.Errorf("%s comes back as %+v, want %+v", p.Kind, got, c)
		}
	}
}

// Whatever the API can ask for, there is one who makes it and a name for it.
func TestEverythingOfTheAPIIsMade(t *testing.T) {
	t.Parallel()
	each := func(e protoreflect.Enum, prefix string, check func(word string) bool) {
		values := e.Descriptor().Values()
		for i := range values.Len() {
			v := values.Get(i)
			if v.Number() == 0 {
				continue
			}
			if w := word(e.Type().New(v.Number()), prefix); !check(w) {
				t.Errorf("nobody makes %s", v.Name())
			}
		}
	}
	all := builders()
	each(reportingv1.ReportSection_Type(0), typePrefix, func(w string) bool { _, ok := all[report.SectionType(w)]; return ok })
	each(reportingv1.ReportKind(0), kindPrefix, func(w string) bool {
		_, ok := report.ProfileOf(report.Kind(w))
		return ok && phrase.For("en").Text(titleOf(report.Kind(w))) != ""
	})
	each(reportingv1.ReportFormat(0), formatPrefix, func(w string) bool { _, ok := forms[report.Format(w)]; return ok })
}

func TestCircumstancesOfFilters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filters []string
		want    map[string]string
		plain   bool
	}{
		{nil, map[string]string{}, true},
		{[]string{`location = "osh"`, `channel="app" AND region = "south"`}, map[string]string{"location": "osh", "channel": "app", "region": "south"}, true},
		{[]string{`answers.nps <= 6`}, nil, false},
		{[]string{`location = "osh" OR location = "batken"`}, nil, false},
		{[]string{`location = "osh"`, `location = "batken"`}, nil, false},
	} {
		got, plain := circumstancesOf(c.filters)
		if plain != c.plain || plain && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v (%v), want %v (%v)", c.filters, got, plain, c.want, c.plain)
		}
	}
}

func TestCasesAreCountedByTheirTimes(t *testing.T) {
	t.Parallel()
	at := func(day int) time.Time { return time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC) }
	p := document.Period{Start: at(1), End: at(31), Zone: time.UTC}
	c := caseCounts{now: at(20), causes: make(map[segmentationv1.Case_RootCause]int64)}
	sla := &segmentationv1.CaseSla{Resolution: duration(time.Hour), FirstResponse: duration(time.Minute)}
	for _, x := range []*segmentationv1.Case{
		// Opened before, answered and resolved in the period, in time.
		{CreateTime: peers.Stamp(at(1).AddDate(0, -1, 0)), ResolveTime: peers.Stamp(at(5)), ResolveDuration: duration(time.Hour), State: segmentationv1.Case_STATE_CLOSED, Sla: sla, FirstResponseDueTime: peers.Stamp(at(3)), FirstResponseTime: peers.Stamp(at(2)), RootCause: segmentationv1.Case_ROOT_CAUSE_TEAM},
		// Opened in the period, and nobody ever answered.
		{CreateTime: peers.Stamp(at(3)), State: segmentationv1.Case_STATE_NEW, Sla: sla, FirstResponseDueTime: peers.Stamp(at(4)), FirstResponseBreached: true, DueTime: peers.Stamp(at(6)), ResolutionBreached: true},
		// Opened and resolved in the period, both too late.
		{CreateTime: peers.Stamp(at(3)), ResolveTime: peers.Stamp(at(6)), ResolveDuration: duration(3 * time.Hour), State: segmentationv1.Case_STATE_RESOLVED, Sla: sla, FirstResponseDueTime: peers.Stamp(at(4)), FirstResponseTime: peers.Stamp(at(5)), FirstResponseBreached: true, ResolutionBreached: true},
		// Too late, which nobody has noticed yet.
		{CreateTime: peers.Stamp(at(19)), State: segmentationv1.Case_STATE_IN_PROGRESS, Sla: sla, FirstResponseDueTime: peers.Stamp(at(19)), FirstResponseTime: peers.Stamp(at(20)), DueTime: peers.Stamp(at(20))},
		// Not due yet, answered or not; and while the customer is waited for, nothing falls due.
		{CreateTime: peers.Stamp(at(19)), State: segmentationv1.Case_STATE_NEW, Sla: sla, FirstResponseDueTime: peers.Stamp(at(21)), DueTime: peers.Stamp(at(22))},
		{CreateTime: peers.Stamp(at(19)), State: segmentationv1.Case_STATE_WAITING_CUSTOMER, Sla: sla, FirstResponseDueTime: peers.Stamp(at(21)), FirstResponseTime: peers.Stamp(at(19))},
		// Answered in the period, to be answered before it.
		{CreateTime: peers.Stamp(at(1).AddDate(0, -1, 0)), State: segmentationv1.Case_STATE_IN_PROGRESS, Sla: sla, FirstResponseDueTime: peers.Stamp(at(1).AddDate(0, 0, -1)), FirstResponseTime: peers.Stamp(at(2)), FirstResponseBreached: true},
		// Merged into another one, which is counted.
		{CreateTime: peers.Stamp(at(3)), MergedInto: "cases/x", Sla: sla, FirstResponseDueTime: peers.Stamp(at(4)), DueTime: peers.Stamp(at(6))},
		// Resolved afterwards.
		{CreateTime: peers.Stamp(at(3)), ResolveTime: peers.Stamp(at(31).AddDate(0, 0, 1)), State: segmentationv1.Case_STATE_RESOLVED},
	} {
		c.add(p, x)
	}
	got := []int64{c.opened, c.resolved, c.open, c.overdue, c.promisedFirst, c.keptFirst, c.promisedResolution, c.keptResolution, c.causes[segmentationv1.Case_ROOT_CAUSE_TEAM]}
	if want := []int64{6, 2, 5, 1, 4, 1, 4, 1, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	book, numbers := words("en")
	r := &run{words: book, notation: numbers}
	if m := r.median(c.durations); m.Value == nil || *m.Value != 7200 {
		t.Errorf("median %v", m.Value)
	}
	if m := r.median(nil); m.Value != nil || m.Absent == "" {
		t.Errorf("the median of nothing is %v", m)
	}
}

func duration(d time.Duration) *durationpb.Duration { return durationpb.New(d) }

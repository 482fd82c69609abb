package api

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

func (f *fixture) cases(who string) segmentationv1.CaseServiceClient {
	return segmentationv1.NewCaseServiceClient(f.as(who))
}

// createCase opens a case of Osh by hand.
func (f *fixture) createCase(t *testing.T, change ...func(*segmentationv1.Case)) *segmentationv1.Case {
	t.Helper()
	in := &segmentationv1.Case{
		DisplayName: "Parcel is late", Location: "locations/osh", Queue: "care",
		Sla: &segmentationv1.CaseSla{FirstResponse: durationpb.New(time.Hour), Resolution: durationpb.New(10 * time.Hour)},
	}
	for _, fn := range change {
		fn(in)
	}
	r, err := f.cases("admin").CreateCase(t.Context(), &segmentationv1.CreateCaseRequest{Case: in, Links: []string{"surveys/s/responses/r"}})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetCase()
}

// staffed is a store whose directory has an employee.
type staffed struct{ store.Store }

// EmployeeNames implements store.Directory.
func (staffed) EmployeeNames(context.Context, string) ([]store.EmployeeName, error) {
	return []store.EmployeeName{{ID: "e-17", DisplayName: "Aibek Usenov"}}, nil
}

func TestCaseOfItsLife(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, client := t.Context(), f.cases("admin")
	c := f.createCase(t)
	if c.GetState() != segmentationv1.Case_STATE_NEW || c.GetSubject() != "manual" || c.GetSeverity() != segmentationv1.Case_SEVERITY_MEDIUM || len(c.GetLinks()) != 1 ||
		!c.GetDueTime().AsTime().Equal(noon.Add(10*time.Hour)) {
		t.Errorf("opened: %v", c)
	}
	_, err := client.MoveCase(ctx, &segmentationv1.MoveCaseRequest{Name: c.GetName(), State: segmentationv1.Case_STATE_RESOLVED})
	refused(t, "resolve what is nobody's", err, codes.FailedPrecondition, "CASE_TRANSITION", "state")
	claimed, err := client.ClaimCase(ctx, &segmentationv1.ClaimCaseRequest{Queue: "care"})
	if err != nil || claimed.GetCase().GetOwner() != "boss" || claimed.GetCase().GetName() != c.GetName() {
		t.Fatalf("claim: %v %v", claimed, err)
	}
	_, err = client.ClaimCase(ctx, &segmentationv1.ClaimCaseRequest{Name: c.GetName(), Owner: "another"})
	refused(t, "claim what is another's", err, codes.FailedPrecondition, "CASE_OWNED", "owner")
	_, err = client.ClaimCase(ctx, &segmentationv1.ClaimCaseRequest{})
	refused(t, "claim when none is left", err, codes.NotFound, "CASE_NONE_LEFT", "")
	_, err = client.ClaimCase(ctx, &segmentationv1.ClaimCaseRequest{Name: c.GetName(), Queue: "care"})
	refused(t, "claim by name and queue", err, codes.InvalidArgument, "VALIDATION_FAILED", "queue")
	f.clock.Advance(30 * time.Minute)
	if _, err := client.AddCaseNote(ctx, &segmentationv1.AddCaseNoteRequest{Name: c.GetName(), Text: "called"}); err != nil {
		t.Fatal(err)
	}
	move := func(to segmentationv1.Case_State, request string) (*segmentationv1.Case, error) {
		r, err := client.MoveCase(ctx, &segmentationv1.MoveCaseRequest{
			Name: c.GetName(), State: to, RequestId: request, RootCause: segmentationv1.Case_ROOT_CAUSE_PROCESS,
		})
		return r.GetCase(), err
	}
	resolved, err := move(segmentationv1.Case_STATE_RESOLVED, "")
	if err != nil || resolved.GetFirstResponseDuration().AsDuration() != 30*time.Minute || resolved.GetRootCause() != segmentationv1.Case_ROOT_CAUSE_PROCESS {
		t.Fatalf("resolve: %v %v", resolved, err)
	}
	if _, err := move(segmentationv1.Case_STATE_CLOSED, "q1"); err != nil {
		t.Fatal(err)
	}
	_, err = move(segmentationv1.Case_STATE_CLOSED, "")
	refused(t, "close twice", err, codes.FailedPrecondition, "CASE_CLOSED", "state")
	if again, err := move(segmentationv1.Case_STATE_CLOSED, "q1"); err != nil || again.GetState() != segmentationv1.Case_STATE_CLOSED {
		t.Errorf("repeat the request: %v %v", again, err)
	}
	history, err := client.ListCaseEntries(ctx, &segmentationv1.ListCaseEntriesRequest{Parent: c.GetName(), PageSize: 3})
	if err != nil || len(history.GetEntries()) != 3 || history.GetNextPageToken() == "" {
		t.Fatalf("history: %v %v", history, err)
	}
	if e := history.GetEntries()[2]; e.GetKind() != segmentationv1.CaseEntry_KIND_NOTED || e.GetText() != "called" || e.GetActor() != "boss" {
		t.Errorf("note: %v", e)
	}
	rest, err := client.ListCaseEntries(ctx, &segmentationv1.ListCaseEntriesRequest{Parent: c.GetName(), PageSize: 3, PageToken: history.GetNextPageToken()})
	if err != nil || len(rest.GetEntries()) != 2 || rest.GetNextPageToken() != "" {
		t.Errorf("rest of history: %v %v", rest, err)
	}
}

func TestUpdateCase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Store = staffed{f.store.Store}
	c := f.createCase(t)
	update := func(in *segmentationv1.Case, paths ...string) (*segmentationv1.Case, error) {
		in.Name = c.GetName()
		r, err := f.cases("admin").UpdateCase(t.Context(), &segmentationv1.UpdateCaseRequest{Case: in, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return r.GetCase(), err
	}
	changed, err := update(&segmentationv1.Case{
		Queue: "sales", Owner: "ann", Prevention: &segmentationv1.CaseTask{Text: "Check parcels before noon", Owner: "head of the depot"},
		Tasks: []*segmentationv1.CaseTask{{Text: "call"}},
	}, "queue", "owner", "prevention", "tasks")
	if err != nil || changed.GetHandOffCount() != 1 || changed.GetState() != segmentationv1.Case_STATE_ASSIGNED || changed.GetPrevention().GetOwner() == "" {
		t.Fatalf("change: %v %v", changed, err)
	}
	_, err = update(&segmentationv1.Case{Prevention: &segmentationv1.CaseTask{Text: "Have Aibek  USENOV, trained"}}, "prevention")
	refused(t, "blame somebody", err, codes.InvalidArgument, "CASE_NAMES_PERSON", "case.prevention.text")
	_, err = update(&segmentationv1.Case{State: segmentationv1.Case_STATE_CLOSED}, "state")
	refused(t, "change what cannot be", err, codes.InvalidArgument, "VALIDATION_FAILED", "update_mask.paths[0]")
	_, err = update(&segmentationv1.Case{DisplayName: "x", Etag: c.GetEtag()}, "display_name")
	refused(t, "change over an old version", err, codes.Aborted, "ETAG_MISMATCH", "case.etag")
	_, err = update(&segmentationv1.Case{}, "display_name")
	refused(t, "take the name", err, codes.InvalidArgument, "VALIDATION_FAILED", "case.display_name")
	same, err := update(&segmentationv1.Case{Queue: "sales"}, "queue")
	if err != nil || same.GetEtag() != changed.GetEtag() {
		t.Errorf("change nothing: %v %v", same, err)
	}
}

func TestCasesOfUnits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	mine := f.createCase(t)
	theirs := f.createCase(t, func(c *segmentationv1.Case) { c.Location = "locations/naryn" })
	list, err := f.cases("osh").ListCases(ctx, &segmentationv1.ListCasesRequest{})
	if err != nil || len(list.GetCases()) != 1 || list.GetCases()[0].GetName() != mine.GetName() {
		t.Errorf("list: %v %v", list, err)
	}
	_, err = f.cases("osh").GetCase(ctx, &segmentationv1.GetCaseRequest{Name: theirs.GetName()})
	refused(t, "get another's", err, codes.NotFound, "CASE_NOT_FOUND", "")
	_, err = f.cases("other").GetCase(ctx, &segmentationv1.GetCaseRequest{Name: mine.GetName()})
	refused(t, "get another organisation's", err, codes.NotFound, "CASE_NOT_FOUND", "")
	_, err = f.cases("osh").CreateCase(ctx, &segmentationv1.CreateCaseRequest{Case: &segmentationv1.Case{DisplayName: "x", Location: "locations/naryn"}})
	refused(t, "open another's", err, codes.PermissionDenied, "CASE_INVALID", "case")
	_, err = f.cases("admin").CreateCase(ctx, &segmentationv1.CreateCaseRequest{Case: &segmentationv1.Case{DisplayName: "x", Contact: "contacts/nobody"}})
	refused(t, "open of nobody", err, codes.NotFound, "CASE_INVALID", "case.contact")
}

// What is sent again is done once; the same identifier with anything else is refused, and shows nobody else's case.
func TestRequestsOfCases(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, client := t.Context(), f.cases("admin")
	req := func(name string) *segmentationv1.CreateCaseRequest {
		return &segmentationv1.CreateCaseRequest{Case: &segmentationv1.Case{DisplayName: name, Location: "locations/osh"}, RequestId: "q-1"}
	}
	first, err := client.CreateCase(ctx, req("Lost"))
	need(t, err)
	if again, err := client.CreateCase(ctx, req("Lost")); err != nil || again.GetCase().GetName() != first.GetCase().GetName() {
		t.Errorf("sent again: %v, %v", again, err)
	}
	_, err = client.CreateCase(ctx, req("Broken"))
	refused(t, "another case", err, codes.AlreadyExists, "ID_REUSED", "request_id")
	if theirs, err := f.cases("osh").CreateCase(ctx, req("Lost")); err != nil || theirs.GetCase().GetName() == first.GetCase().GetName() {
		t.Errorf("somebody else's: %v, %v", theirs, err)
	}
	name := first.GetCase().GetName()
	note := &segmentationv1.AddCaseNoteRequest{Name: name, Text: "called", RequestId: "q-2"}
	for range 2 {
		_, err = client.AddCaseNote(ctx, note)
		need(t, err)
	}
	_, err = client.AddCaseNote(ctx, &segmentationv1.AddCaseNoteRequest{Name: name, Text: "called again", RequestId: "q-2"})
	refused(t, "another note", err, codes.AlreadyExists, "ID_REUSED", "request_id")
	_, err = client.MoveCase(ctx, &segmentationv1.MoveCaseRequest{Name: name, State: segmentationv1.Case_STATE_CLOSED, RequestId: "q-2"})
	refused(t, "a move", err, codes.AlreadyExists, "ID_REUSED", "request_id")
	entries, err := client.ListCaseEntries(ctx, &segmentationv1.ListCaseEntriesRequest{Parent: name})
	if err != nil || len(entries.GetEntries()) != 2 {
		t.Errorf("happened: %v, %v", entries, err)
	}
}

// A contact is a regional manager's by the location it belongs to, for cases as for the directory.
func TestCasesOfContactsOfARegion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.southern(t)
	open := func(contact string) error {
		_, err := f.cases("south").CreateCase(t.Context(), &segmentationv1.CreateCaseRequest{
			Case: &segmentationv1.Case{DisplayName: "x", Contact: contact, Region: "regions/south"},
		})
		return err
	}
	if err := open("contacts/southerner"); err != nil {
		t.Errorf("of the region: %v", err)
	}
	refused(t, "of another region", open("contacts/northerner"), codes.NotFound, "CASE_INVALID", "case.contact")
}

func TestManyCases(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, client := t.Context(), f.cases("admin")
	var names []string
	for i := range 5 {
		names = append(names, f.createCase(t, func(c *segmentationv1.Case) { c.Subject = fmt.Sprint("s", i) }).GetName())
	}
	if _, err := client.MoveCase(ctx, &segmentationv1.MoveCaseRequest{Name: names[1], State: segmentationv1.Case_STATE_CLOSED}); err != nil {
		t.Fatal(err)
	}
	r, err := client.ChangeCases(ctx, &segmentationv1.ChangeCasesRequest{
		Names: append(names[:2:2], "cases/nowhere"), Change: &segmentationv1.ChangeCasesRequest_State{State: segmentationv1.Case_STATE_CLOSED},
	})
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, o := range r.GetOutcomes() {
		reasons = append(reasons, o.GetReason())
	}
	if fmt.Sprint(reasons) != "[ CASE_CLOSED CASE_NOT_FOUND]" || r.GetOutcomes()[0].GetCase().GetState() != segmentationv1.Case_STATE_CLOSED {
		t.Errorf("outcomes: %v", r)
	}
	merged, err := client.MergeCases(ctx, &segmentationv1.MergeCasesRequest{Name: names[2], Sources: names[3:]})
	if err != nil || merged.GetCase().GetName() != names[2] {
		t.Fatalf("merge: %v %v", merged, err)
	}
	_, err = client.MergeCases(ctx, &segmentationv1.MergeCasesRequest{Name: names[2], Sources: names[3:]})
	refused(t, "merge twice", err, codes.FailedPrecondition, "CASE_UNMERGEABLE", "sources")
	gone, err := client.GetCase(ctx, &segmentationv1.GetCaseRequest{Name: names[4]})
	if err != nil || gone.GetCase().GetMergedInto() != names[2] {
		t.Errorf("merged: %v %v", gone, err)
	}
	// Pages of open ones, then of closed ones.
	for states, want := range map[segmentationv1.Case_State]int{segmentationv1.Case_STATE_NEW: 1, segmentationv1.Case_STATE_CLOSED: 4} {
		req := &segmentationv1.ListCasesRequest{States: []segmentationv1.Case_State{states}, PageSize: 2}
		seen := map[string]bool{}
		for {
			page, err := client.ListCases(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.GetCases() {
				seen[c.GetName()] = true
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%v: %d, want %d", states, len(seen), want)
		}
	}
}

func TestCaseRules(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, client := t.Context(), segmentationv1.NewCaseRuleServiceClient(f.as("admin"))
	rule := &segmentationv1.CaseRule{
		DisplayName: "Low score", Trigger: &segmentationv1.CaseRule_Score{Score: &segmentationv1.ScoreTrigger{Question: "speed", AtMost: 3}}, Queue: "care",
		Where:        &segmentationv1.CaseRuleFilter{Surveys: []string{"surveys/visits"}, Locations: []string{"osh", "naryn"}},
		Sla:          &segmentationv1.CaseSla{FirstResponse: durationpb.New(time.Hour)},
		Escalation:   []*segmentationv1.EscalationStep{{After: durationpb.New(time.Hour), Queue: "lead", Severity: segmentationv1.Case_SEVERITY_HIGH}},
		DedupeWindow: durationpb.New(time.Hour), Severity: segmentationv1.Case_SEVERITY_MEDIUM,
	}
	create := func(id string, in *segmentationv1.CaseRule) (*segmentationv1.CaseRule, error) {
		r, err := client.CreateCaseRule(ctx, &segmentationv1.CreateCaseRuleRequest{CaseRuleId: id, CaseRule: in})
		return r.GetCaseRule(), err
	}
	first, err := create("low", rule)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := create("low", rule); err != nil || !proto.Equal(first, again) {
		t.Errorf("create again: %v %v", again, err)
	}
	changed := func(change func(*segmentationv1.CaseRule)) *segmentationv1.CaseRule {
		out := proto.CloneOf(rule)
		change(out)
		return out
	}
	for what, c := range map[string]struct {
		id     string
		rule   *segmentationv1.CaseRule
		code   codes.Code
		reason string
		field  string
	}{
		"other content": {"low", changed(func(r *segmentationv1.CaseRule) { r.DisplayName = "y" }), codes.AlreadyExists, "CASE_RULE_EXISTS", "case_rule_id"},
		"cyclic escalation": {"a", changed(func(r *segmentationv1.CaseRule) {
			r.Subject, r.Escalation = "x", append(r.GetEscalation(), &segmentationv1.EscalationStep{After: durationpb.New(2 * time.Hour), Queue: "care"})
		}), codes.InvalidArgument, "CASE_RULE_CYCLIC", "case_rule.escalation[1].queue"},
		"unknown survey":   {"c", changed(func(r *segmentationv1.CaseRule) { r.Subject, r.Where.Surveys = "x", []string{"surveys/none"} }), codes.InvalidArgument, "CASE_RULE_INVALID", "case_rule.where.surveys[0]"},
		"unknown question": {"c", changed(func(r *segmentationv1.CaseRule) { r.Subject, r.GetScore().Question = "x", "sped" }), codes.InvalidArgument, "CASE_RULE_INVALID", "case_rule.score.question"},
		"every answer":     {"c", changed(func(r *segmentationv1.CaseRule) { r.Subject, r.GetScore().AtMost = "x", 200 }), codes.InvalidArgument, "CASE_RULE_INVALID", "case_rule.score.at_most"},
		"contradiction":    {"b", changed(func(r *segmentationv1.CaseRule) { r.Queue = "sales" }), codes.InvalidArgument, "CASE_RULE_CONFLICT", "case_rule.trigger"},
		"places in another order": {"c", changed(func(r *segmentationv1.CaseRule) {
			r.Severity, r.Where.Locations = segmentationv1.Case_SEVERITY_LOW, []string{"naryn", "osh"}
		}), codes.InvalidArgument, "CASE_RULE_CONFLICT", "case_rule.trigger"},
		"a part of a second": {"d", changed(func(r *segmentationv1.CaseRule) { r.Escalation[0].After = durationpb.New(time.Millisecond) }),
			codes.InvalidArgument, "VALIDATION_FAILED", "case_rule.escalation[0].after"},
		"no trigger": {"e", changed(func(r *segmentationv1.CaseRule) { r.Trigger = nil }), codes.InvalidArgument, "VALIDATION_FAILED", ""},
	} {
		_, err := create(c.id, c.rule)
		refused(t, what, err, c.code, c.reason, c.field)
	}
	for kind, in := range map[string]*segmentationv1.CaseRule{
		"sentiment": {Trigger: &segmentationv1.CaseRule_Sentiment{Sentiment: &segmentationv1.SentimentTrigger{Sentiments: []segmentationv1.CaseSentiment{1, 4}}}},
		"aspect":    {Trigger: &segmentationv1.CaseRule_Aspect{Aspect: &segmentationv1.AspectTrigger{Aspect: "aspects/price", Sentiments: []segmentationv1.CaseSentiment{1}}}},
		"keyword":   {Trigger: &segmentationv1.CaseRule_Keyword{Keyword: &segmentationv1.KeywordTrigger{Query: "fraud"}}},
		"alert":     {Trigger: &segmentationv1.CaseRule_Alert{Alert: &segmentationv1.AlertTrigger{AlertRule: "alertRules/nps", FallsOnly: true}}},
		"light":     {Trigger: &segmentationv1.CaseRule_Light{Light: &segmentationv1.LightTrigger{Kinds: []segmentationv1.LightTrigger_Kind{1, 2}}}},
	} {
		in.DisplayName = kind
		r, err := create(kind, in)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		there, err := client.GetCaseRule(ctx, &segmentationv1.GetCaseRuleRequest{Name: r.GetName()})
		if err != nil || !sameTrigger(there.GetCaseRule(), in) {
			t.Errorf("%s: %v %v", kind, there, err)
		}
	}
	_, err = client.UpdateCaseRule(ctx, &segmentationv1.UpdateCaseRuleRequest{
		CaseRule: &segmentationv1.CaseRule{
			Name: first.GetName(), Etag: first.GetEtag(), Trigger: &segmentationv1.CaseRule_Keyword{Keyword: &segmentationv1.KeywordTrigger{Query: "never again"}},
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}},
	})
	refused(t, "take everything", err, codes.InvalidArgument, "VALIDATION_FAILED", "case_rule.display_name")
	updated, err := client.UpdateCaseRule(ctx, &segmentationv1.UpdateCaseRuleRequest{CaseRule: &segmentationv1.CaseRule{
		Name: first.GetName(), Etag: first.GetEtag(), Disabled: true, Trigger: &segmentationv1.CaseRule_Keyword{Keyword: &segmentationv1.KeywordTrigger{Query: "never again"}},
	}})
	if err != nil || !updated.GetCaseRule().GetDisabled() || updated.GetCaseRule().GetKeyword().GetQuery() != "never again" || updated.GetCaseRule().GetQueue() != "care" {
		t.Errorf("update: %v %v", updated, err)
	}
	list, err := client.ListCaseRules(ctx, &segmentationv1.ListCaseRulesRequest{PageSize: 4})
	if err != nil || len(list.GetCaseRules()) != 4 || list.GetNextPageToken() == "" {
		t.Errorf("list: %v %v", list, err)
	}
	list, err = client.ListCaseRules(ctx, &segmentationv1.ListCaseRulesRequest{PageSize: 4, PageToken: list.GetNextPageToken()})
	if err != nil || len(list.GetCaseRules()) != 2 || list.GetNextPageToken() != "" {
		t.Errorf("rest: %v %v", list, err)
	}
	if _, err := client.DeleteCaseRule(ctx, &segmentationv1.DeleteCaseRuleRequest{Name: first.GetName()}); err != nil {
		t.Fatal(err)
	}
	_, err = client.GetCaseRule(ctx, &segmentationv1.GetCaseRuleRequest{Name: first.GetName()})
	refused(t, "get what is gone", err, codes.NotFound, "CASE_RULE_NOT_FOUND", "")
}

func sameTrigger(a, b *segmentationv1.CaseRule) bool {
	return proto.Equal(&segmentationv1.CaseRule{Trigger: a.GetTrigger()}, &segmentationv1.CaseRule{Trigger: b.GetTrigger()})
}

func TestWorkCalendar(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, client := t.Context(), segmentationv1.NewCaseRuleServiceClient(f.as("admin"))
	always, err := client.GetWorkCalendar(ctx, &segmentationv1.GetWorkCalendarRequest{})
	if c := always.GetWorkCalendar(); err != nil || len(c.GetDays()) != 7 || c.GetDays()[6].GetHours()[0].GetEnd() != "24:00" || c.GetTimeZone() != "UTC" {
		t.Fatalf("unset: %v %v", always, err)
	}
	hours := []*segmentationv1.WorkHours{{Start: "09:00", End: "12:30"}, {Start: "13:00", End: "18:00"}}
	put := func(c *segmentationv1.WorkCalendar) (*segmentationv1.WorkCalendar, error) {
		r, err := client.UpdateWorkCalendar(ctx, &segmentationv1.UpdateWorkCalendarRequest{WorkCalendar: c})
		return r.GetWorkCalendar(), err
	}
	days := []*segmentationv1.WorkDay{{Day: segmentationv1.WorkDay_DAY_MONDAY, Hours: hours}, {Day: segmentationv1.WorkDay_DAY_SUNDAY, Hours: hours[:1]}}
	stored, err := put(&segmentationv1.WorkCalendar{
		TimeZone: "Asia/Bishkek", Days: days, Etag: always.GetWorkCalendar().GetEtag(), Holidays: []*segmentationv1.Holiday{{Date: "2026-03-21", DisplayName: "Nooruz"}},
	})
	if err != nil || len(stored.GetDays()) != 2 || stored.GetHolidays()[0].GetDate() != "2026-03-21" || stored.GetUpdatedBy() != "boss" {
		t.Fatalf("put: %v %v", stored, err)
	}
	for field, c := range map[string]*segmentationv1.WorkCalendar{
		"work_calendar.time_zone":        {TimeZone: "Asia/Nowhere", Days: days},
		"work_calendar.days[1].day":      {TimeZone: "UTC", Days: []*segmentationv1.WorkDay{days[0], days[0]}},
		"work_calendar.days[0].hours[1]": {TimeZone: "UTC", Days: []*segmentationv1.WorkDay{{Day: 2, Hours: []*segmentationv1.WorkHours{hours[1], hours[0]}}}},
		"work_calendar.days":             {TimeZone: "UTC", Days: []*segmentationv1.WorkDay{{Day: 2}}},
		"work_calendar.holidays[0].date": {TimeZone: "UTC", Days: days, Holidays: []*segmentationv1.Holiday{{Date: "2026-02-30"}}},
	} {
		_, err := put(c)
		refused(t, field, err, codes.InvalidArgument, "WORK_CALENDAR_INVALID", field)
	}
	_, err = put(&segmentationv1.WorkCalendar{TimeZone: "UTC", Days: days, Etag: always.GetWorkCalendar().GetEtag()})
	refused(t, "put over an old version", err, codes.Aborted, "ETAG_MISMATCH", "work_calendar.etag")
}

// Whoever is named in a text is found in all cases of the name.
func TestNamesAreFoundInAllTheirCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"Иван", "Уволить Ивана", true},
		{"Ivan", "Уволить Ivan-а", true},
		{"Анна Петрова", "Поговорить с Анной Петровой!", true},
		{"Анна Петрова", "Поговорить с Анной", false},
		{"Айбек", "Айбекти окутуу", true},
		{"Чолпон", "Чолпонго айтуу", true},
		{"Роман", "Заказать романтический ужин", false},
		{"Ян", "Янтарь", false},
		{"Ян", "Обучить Ян", true},
		{"Cashier 1", "Train cashiers", false},
		{"Cashier 1", "Open tills 10 and 11", false},
		{"Иван Петров", "Поговорить с Петровым", true},
		{"Петрова Анна", "Анне Петровой — выговор", true},
		{"Асанов Бакыт", "Асановдун кассасы", true},
		{"Иван Кузин", "Кузина уволить", true},
		{"Daria Orlova", "Move Orlova elsewhere", true},
		{"Мария Достоевская", "с Достоевской поговорить", true},
		{"Иван Столов", "Столовая закрыта на ремонт", true},
		{"Новый кассир", "Обучить кассира", false},
		{"", "Наказать E-17", true},
		{"", "Bay 17, e.g. there", false},
		{"", "Anything", false},
	} {
		if got := names(words(c.text), store.EmployeeName{ID: "e-17", DisplayName: c.name}); got != c.want {
			t.Errorf("%q names %q: %v", c.text, c.name, got)
		}
	}
}

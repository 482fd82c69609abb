package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/services/segmentation/internal/cases"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// durationToProto converts a duration that may be missing.
func durationToProto(d time.Duration, missing bool) *durationpb.Duration {
	if missing {
		return nil
	}
	return durationpb.New(d)
}

// severityFromProto is MEDIUM where none is stated.
func severityFromProto(in segmentationv1.Case_Severity) cases.Severity {
	if in == 0 {
		return cases.Medium
	}
	return cases.Severity(in)
}

// slaFromProto reads what is promised. field is where it stands in the request.
func slaFromProto(field string, in *segmentationv1.CaseSla) (out cases.SLA, err error) {
	out = cases.SLA{FirstResponse: in.GetFirstResponse().AsDuration(), Resolution: in.GetResolution().AsDuration()}
	switch {
	case out.FirstResponse%time.Second != 0 || out.Resolution%time.Second != 0:
		return out, validation.Malformed(field, "NOT_WHOLE_SECONDS", "must be in whole seconds")
	case out.Resolution > 0 && out.FirstResponse > out.Resolution:
		return out, validation.Malformed(field+".first_response", "CONTRADICTION", "must not be longer than the time until the case is resolved")
	}
	return out, nil
}

func slaToProto(s cases.SLA) *segmentationv1.CaseSla {
	if s == (cases.SLA{}) {
		return nil
	}
	return &segmentationv1.CaseSla{FirstResponse: durationToProto(s.FirstResponse, s.FirstResponse == 0), Resolution: durationToProto(s.Resolution, s.Resolution == 0)}
}

// caseFromProto reads a new case.
func (s *caseServer) caseFromProto(ctx context.Context, org string, in *segmentationv1.Case) (cases.Case, error) {
	sla, err := slaFromProto("case.sla", in.GetSla())
	if err != nil {
		return cases.Case{}, err
	}
	employees, err := s.employeesNamed(ctx, org, []string{"prevention"})
	if err != nil {
		return cases.Case{}, err
	}
	if err := namesNobody(in, employees); err != nil {
		return cases.Case{}, err
	}
	c := cases.Case{
		DisplayName: in.GetDisplayName(), Description: in.GetDescription(), Severity: severityFromProto(in.GetSeverity()), Queue: in.GetQueue(), Owner: in.GetOwner(),
		Subject: in.GetSubject(), SLA: sla, Cause: cases.Cause(in.GetRootCause()), Prevention: taskFromProto(in.GetPrevention()), Tasks: tasksFromProto(in.GetTasks()),
		About: cases.About{
			Contact: bare(contactsCollection, in.GetContact()), Company: bare(companiesCollection, in.GetCompany()), Location: bare(locationsCollection, in.GetLocation()),
			Region: bare(regionsCollection, in.GetRegion()),
		},
	}
	if c.Subject == "" {
		c.Subject = manual
	}
	return c, nil
}

// caseToProto converts a case as it is listed: without links, and without the employee.
func caseToProto(c cases.Case) *segmentationv1.Case {
	return &segmentationv1.Case{
		Name: casesCollection + c.ID, DisplayName: c.DisplayName, Description: c.Description, State: segmentationv1.Case_State(c.State),
		Severity: segmentationv1.Case_Severity(c.Severity), Queue: c.Queue, Owner: c.Owner, Contact: named(contactsCollection, c.About.Contact),
		Company: named(companiesCollection, c.About.Company), Location: named(locationsCollection, c.About.Location), Region: named(regionsCollection, c.About.Region),
		Subject: c.Subject, Rule: named(caseRulesCollection, c.Rule), Value: c.Value, Sla: slaToProto(c.SLA), FirstResponseDueTime: timeToProto(c.FirstDue),
		FirstResponseTime: timeToProto(c.FirstTime), FirstResponseDuration: durationToProto(c.FirstWorked, c.FirstTime.IsZero()), DueTime: timeToProto(c.Due),
		FirstResponseBreached: c.Late.FirstResponse, ResolutionBreached: c.Late.Resolution, ResolveTime: timeToProto(c.ResolveTime),
		ResolveDuration: durationToProto(c.ResolveWorked, c.ResolveTime.IsZero()), CloseTime: timeToProto(c.CloseTime), HandOffCount: int32(c.HandOffs),
		ReopenCount: int32(c.Reopenings), EscalationStep: int32(c.StepsTaken), RootCause: segmentationv1.Case_RootCause(c.Cause), Prevention: taskToProto(c.Prevention),
		Tasks: tasksToProto(c.Tasks), MergedInto: named(casesCollection, c.MergedInto), CreateTime: timeToProto(c.CreateTime), UpdateTime: timeToProto(c.UpdateTime),
		Etag: etag(c.CreateTime, c.Version), Touchpoint: c.Touchpoint,
	}
}

func taskFromProto(in *segmentationv1.CaseTask) *cases.Task {
	if in == nil {
		return nil
	}
	t := &cases.Task{Text: in.GetText(), Owner: in.GetOwner(), Done: in.GetDone()}
	if in.GetDueTime() != nil {
		t.Due = in.GetDueTime().AsTime()
	}
	return t
}

func tasksFromProto(in []*segmentationv1.CaseTask) (out []cases.Task) {
	for _, t := range in {
		out = append(out, *taskFromProto(t))
	}
	return out
}

func taskToProto(t *cases.Task) *segmentationv1.CaseTask {
	if t == nil {
		return nil
	}
	return &segmentationv1.CaseTask{Text: t.Text, Owner: t.Owner, DueTime: timeToProto(t.Due), Done: t.Done}
}

func tasksToProto(list []cases.Task) (out []*segmentationv1.CaseTask) {
	for i := range list {
		out = append(out, taskToProto(&list[i]))
	}
	return out
}

func caseEntryToProto(e cases.Entry) *segmentationv1.CaseEntry {
	return &segmentationv1.CaseEntry{
		Kind: segmentationv1.CaseEntry_Kind(e.Kind), Time: timeToProto(e.Time), Actor: e.Actor, Origin: named(casesCollection, e.Origin),
		FromState: segmentationv1.Case_State(e.From), State: segmentationv1.Case_State(e.State), Text: e.Text, Link: e.Link, Rule: named(caseRulesCollection, e.Rule),
		Case: named(casesCollection, e.Case), Fields: e.Fields, Before: handlingToProto(e.Before), After: handlingToProto(e.After),
		Promise: segmentationv1.CaseEntry_Promise(e.Promise), DueTime: timeToProto(e.Due), Step: int32(e.Step),
	}
}

func handlingToProto(h *cases.Handling) *segmentationv1.CaseHandling {
	if h == nil {
		return nil
	}
	return &segmentationv1.CaseHandling{Owner: h.Owner, Queue: h.Queue, Severity: segmentationv1.Case_Severity(h.Severity)}
}

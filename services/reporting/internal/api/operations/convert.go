package operations

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/operation"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// timeFrom is a time to the microsecond, as it is kept; zero where it is missing.
func timeFrom(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

// recordFrom reads a record, with what is wrong with what it states to be tested.
func recordFrom(m *reportingv1.OperationRecord) (operation.Record, []operation.Problem) {
	r := operation.Record{Key: m.GetId(), Device: m.GetDevice(), Start: timeFrom(m.GetStartTime()), End: timeFrom(m.GetEndTime())}
	if m.GetEndTime() == nil {
		r.End = r.Start
	}
	var problems []operation.Problem
	id := func(field, prefix, name string) string {
		if name == "" {
			return ""
		}
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			return name[len(prefix):]
		}
		problems = append(problems, operation.Problem{Field: field, Reason: operation.Malformed, Text: "must begin with " + prefix})
		return ""
	}
	r.Location, r.Employee = id("location", locationPrefix, m.GetLocation()), id("employee", employeePrefix, m.GetEmployee())
	switch d := m.GetData().(type) {
	case *reportingv1.OperationRecord_Visitors:
		r.Kind, r.Visitors = operation.Visitors, d.Visitors.GetVisitors()
	case *reportingv1.OperationRecord_Sales:
		r.Kind = operation.Sales
		problems = append(problems, salesFrom(&r, d.Sales)...)
	case *reportingv1.OperationRecord_Receipt:
		r.Kind, r.Revenue, r.Currency, r.Units = operation.Receipt, d.Receipt.GetAmountMinor(), d.Receipt.GetCurrency(), d.Receipt.GetUnits()
		if r.Revenue >= 0 {
			r.Receipts = 1
		}
	case *reportingv1.OperationRecord_Presses:
		p := d.Presses
		r.Kind, r.Consultations, r.Likes, r.Dislikes, r.Helps = operation.Presses, p.GetConsultations(), p.GetLikes(), p.GetDislikes(), p.GetHelps()
	case *reportingv1.OperationRecord_MysteryVisit:
		r.Kind = operation.MysteryVisit
		for _, c := range d.MysteryVisit.GetCriteria() {
			r.Criteria = append(r.Criteria, operation.Criterion{Name: c.GetName(), Weight: c.GetWeight(), Outcome: operation.Outcome(c.GetOutcome())}) //nolint:gosec // checked below
		}
	case *reportingv1.OperationRecord_Terminal:
		t := d.Terminal
		r.Kind, r.Shown, r.Begun, r.Completed, r.InService = operation.Terminal, t.GetShown(), t.GetBegun(), t.GetCompleted(), t.GetInServiceSeconds()
	case *reportingv1.OperationRecord_Emotion:
		e := d.Emotion
		r.Kind, r.Subject, r.Emotion, r.Score = operation.Emotion, operation.Subject(e.GetSubject()), e.GetEmotion(), e.GetScore() //nolint:gosec // the numbers are the API's
	case *reportingv1.OperationRecord_PolicyChange:
		c := d.PolicyChange
		r.Kind, r.Policy, r.Description = operation.PolicyChange, operation.Policy(c.GetPolicy()), c.GetDescription() //nolint:gosec // the numbers are the API's
		for _, name := range c.GetLocations() {
			r.Locations = append(r.Locations, id("policy_change.locations", locationPrefix, name))
		}
		if r.Location != "" {
			r.Locations, r.Location = append(r.Locations, r.Location), ""
		}
		slices.Sort(r.Locations)
		r.Locations = slices.Compact(r.Locations)
	case *reportingv1.OperationRecord_Shift:
		r.Kind, r.Role = operation.Shift, d.Shift.GetRole()
	default:
		problems = append(problems, operation.Problem{Field: "data", Reason: operation.Missing, Text: "must say what was recorded: visitors, sales, receipt, …"})
	}
	return r, problems
}

func salesFrom(r *operation.Record, s *reportingv1.SalesTotal) []operation.Problem {
	r.Receipts, r.Revenue, r.Currency, r.Units = s.GetReceipts(), s.GetRevenueMinor(), s.GetCurrency(), s.GetUnits()
	r.CountsVisitors, r.Visitors = s.Visitors != nil, s.GetVisitors()
	return r.CheckIdentity(operation.Stated{Conversion: s.Conversion, Check: s.AverageCheckMinor})
}

func named(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}

// recordTo writes a record.
func recordTo(r operation.Record) *reportingv1.OperationRecord {
	m := &reportingv1.OperationRecord{
		Id: r.Key, Location: named(locationPrefix, r.Location), Employee: named(employeePrefix, r.Employee), Device: r.Device,
		StartTime: timestamppb.New(r.Start), Date: r.Day.String(),
	}
	if !r.End.Equal(r.Start) {
		m.EndTime = timestamppb.New(r.End)
	}
	switch r.Kind {
	case operation.Visitors:
		m.Data = &reportingv1.OperationRecord_Visitors{Visitors: &reportingv1.VisitorCount{Visitors: r.Visitors}}
	case operation.Sales:
		s := &reportingv1.SalesTotal{Receipts: r.Receipts, RevenueMinor: r.Revenue, Currency: r.Currency, Units: r.Units}
		if r.CountsVisitors {
			s.Visitors = &r.Visitors
		}
		m.Data = &reportingv1.OperationRecord_Sales{Sales: s}
	case operation.Receipt:
		m.Data = &reportingv1.OperationRecord_Receipt{Receipt: &reportingv1.SalesReceipt{AmountMinor: r.Revenue, Currency: r.Currency, Units: r.Units}}
	case operation.Presses:
		m.Data = &reportingv1.OperationRecord_Presses{
			Presses: &reportingv1.ButtonPresses{Consultations: r.Consultations, Likes: r.Likes, Dislikes: r.Dislikes, Helps: r.Helps},
		}
	case operation.MysteryVisit:
		m.Data = &reportingv1.OperationRecord_MysteryVisit{MysteryVisit: visitTo(r)}
	case operation.Terminal:
		m.Data = &reportingv1.OperationRecord_Terminal{
			Terminal: &reportingv1.TerminalUse{Shown: r.Shown, Begun: r.Begun, Completed: r.Completed, InServiceSeconds: r.InService},
		}
	case operation.Emotion:
		m.Data = &reportingv1.OperationRecord_Emotion{
			Emotion: &reportingv1.EmotionEvent{Subject: reportingv1.EmotionEvent_Subject(r.Subject), Emotion: r.Emotion, Score: r.Score},
		}
	case operation.PolicyChange:
		c := &reportingv1.PolicyChange{Policy: reportingv1.PolicyChange_Policy(r.Policy), Description: r.Description}
		for _, l := range r.Locations {
			c.Locations = append(c.Locations, locationPrefix+l)
		}
		m.Data = &reportingv1.OperationRecord_PolicyChange{PolicyChange: c}
	case operation.Shift:
		m.Data = &reportingv1.OperationRecord_Shift{Shift: &reportingv1.WorkShift{Role: r.Role}}
	}
	return m
}

func visitTo(r operation.Record) *reportingv1.MysteryVisit {
	out := &reportingv1.MysteryVisit{}
	for _, c := range r.Criteria {
		out.Criteria = append(out.Criteria, &reportingv1.MysteryVisit_Criterion{Name: c.Name, Weight: c.Weight, Outcome: reportingv1.MysteryVisit_Outcome(c.Outcome)})
	}
	return out
}

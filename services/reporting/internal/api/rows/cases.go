package rows

import (
	"context"
	"hash/maphash"

	"github.com/otklik/otklik/services/reporting/internal/export"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Cases has the cases of all states.
type Cases struct {
	Client segmentationv1.CaseServiceClient
}

var _ export.Source = Cases{}

// allStates are those that a case can be in.
var allStates = []segmentationv1.Case_State{
	segmentationv1.Case_STATE_NEW, segmentationv1.Case_STATE_ASSIGNED, segmentationv1.Case_STATE_IN_PROGRESS, segmentationv1.Case_STATE_WAITING_CUSTOMER,
	segmentationv1.Case_STATE_RESOLVED, segmentationv1.Case_STATE_CLOSED,
}

// Columns implements export.Source.
func (Cases) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	_, err := caseKeys(ctx, o)
	return export.OfCases(), err
}

// Rows implements export.Source. Cases are listed in the order in which they are seen to, in which they move while they are read: who comes late is looked for
// again until nobody new is found, and nobody is written twice. With an end of the order's period that is not in the future it ends, however many open meanwhile.
func (c Cases) Rows(ctx context.Context, o export.Order, _ export.Mark, fn func(export.Mark, []export.Cell) error) error {
	wanted, err := caseKeys(ctx, o)
	if err != nil {
		return refused(err)
	}
	cells := caseCells().filler(o.Columns, nil)
	seed, seen := maphash.MakeSeed(), make(map[uint64]struct{})
	for found := -1; found < len(seen); {
		found = len(seen)
		err := paged(ctx, export.Mark{}, func(ctx context.Context, token string) ([]*segmentationv1.Case, string, error) {
			resp, err := c.Client.ListCases(ctx, &segmentationv1.ListCasesRequest{PageSize: pageSize, PageToken: token, States: allStates})
			return resp.GetCases(), resp.GetNextPageToken(), err
		}, func(export.Mark, []export.Cell) error { return nil }, func(m *segmentationv1.Case) error {
			// Cases outside the order do not count as new: those that open while it is read would keep it from ending.
			if !within(o, m.GetCreateTime()) || !wanted(m) {
				return nil
			}
			id := maphash.String(seed, m.GetName())
			if _, again := seen[id]; again {
				return nil
			}
			seen[id] = struct{}{}
			return fn(export.Mark{}, cells.fill(m))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// caseCells are the cells of a case.
func caseCells() columns[*segmentationv1.Case] {
	type row = *segmentationv1.Case
	return columns[row]{
		"case":                    func(m row) export.Cell { return text(lastPart(m.GetName())) },
		"display_name":            func(m row) export.Cell { return text(m.GetDisplayName()) },
		"description":             func(m row) export.Cell { return text(m.GetDescription()) },
		"state":                   func(m row) export.Cell { return word("STATE_", m.GetState().String()) },
		"severity":                func(m row) export.Cell { return word("SEVERITY_", m.GetSeverity().String()) },
		"queue":                   func(m row) export.Cell { return text(m.GetQueue()) },
		"owner":                   func(m row) export.Cell { return text(m.GetOwner()) },
		"contact":                 func(m row) export.Cell { return text(lastPart(m.GetContact())) },
		"company":                 func(m row) export.Cell { return text(lastPart(m.GetCompany())) },
		"location":                func(m row) export.Cell { return text(lastPart(m.GetLocation())) },
		"region":                  func(m row) export.Cell { return text(lastPart(m.GetRegion())) },
		"subject":                 func(m row) export.Cell { return text(m.GetSubject()) },
		"rule":                    func(m row) export.Cell { return text(lastPart(m.GetRule())) },
		"value":                   func(m row) export.Cell { return number(m.GetValue()) },
		"first_response_due_time": func(m row) export.Cell { return moment(m.GetFirstResponseDueTime()) },
		"first_response_time":     func(m row) export.Cell { return moment(m.GetFirstResponseTime()) },
		"first_response_seconds":  func(m row) export.Cell { return seconds(m.GetFirstResponseDuration()) },
		"first_response_breached": func(m row) export.Cell { return truth(m.GetFirstResponseBreached()) },
		"due_time":                func(m row) export.Cell { return moment(m.GetDueTime()) },
		"resolution_breached":     func(m row) export.Cell { return truth(m.GetResolutionBreached()) },
		"resolve_time":            func(m row) export.Cell { return moment(m.GetResolveTime()) },
		"resolve_seconds":         func(m row) export.Cell { return seconds(m.GetResolveDuration()) },
		"close_time":              func(m row) export.Cell { return moment(m.GetCloseTime()) },
		"hand_offs":               func(m row) export.Cell { return number(m.GetHandOffCount()) },
		"reopenings":              func(m row) export.Cell { return number(m.GetReopenCount()) },
		"escalation_step":         func(m row) export.Cell { return number(m.GetEscalationStep()) },
		"root_cause":              func(m row) export.Cell { return word("ROOT_CAUSE_", m.GetRootCause().String()) },
		"prevention":              func(m row) export.Cell { return text(m.GetPrevention().GetText()) },
		"tasks":                   func(m row) export.Cell { return number(int64(len(m.GetTasks()))) },
		"tasks_done":              func(m row) export.Cell { return number(done(m.GetTasks())) },
		"merged_into":             func(m row) export.Cell { return text(lastPart(m.GetMergedInto())) },
		"create_time":             func(m row) export.Cell { return moment(m.GetCreateTime()) },
		"update_time":             func(m row) export.Cell { return moment(m.GetUpdateTime()) },
	}
}

func done(tasks []*segmentationv1.CaseTask) (n int64) {
	for _, t := range tasks {
		if t.GetDone() {
			n++
		}
	}
	return n
}

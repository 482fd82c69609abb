package rows

import (
	"context"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/services/reporting/internal/export"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Records lists what was recorded of stores, as its caller may see it.
type Records interface {
	ListOperations(ctx context.Context, req *reportingv1.ListOperationsRequest) (*reportingv1.ListOperationsResponse, error)
}

// Operations has the records of a kind.
type Operations struct {
	Records Records
}

var _ export.Source = Operations{}

// Columns implements export.Source.
func (Operations) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	_, err := recordKeys(ctx, o)
	return export.OfOperations(o.Operation), err
}

// record is a record, or a criterion of a mystery visit.
type record struct {
	*reportingv1.OperationRecord
	criterion *reportingv1.MysteryVisit_Criterion
}

// Rows implements export.Source.
func (s Operations) Rows(ctx context.Context, o export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	wanted, err := recordKeys(ctx, o)
	if err != nil {
		return refused(err)
	}
	cells := recordCells().filler(o.Columns, nil)
	return paged(ctx, after, func(ctx context.Context, token string) ([]*reportingv1.OperationRecord, string, error) {
		resp, err := s.Records.ListOperations(ctx, &reportingv1.ListOperationsRequest{
			PageSize: pageSize, PageToken: token, Kind: reportingv1.OperationKind(o.Operation), Period: Period(o),
		})
		return resp.GetRecords(), resp.GetNextPageToken(), err
	}, fn, func(m *reportingv1.OperationRecord) error {
		if !wanted(m) {
			return nil
		}
		if m.GetMysteryVisit() == nil {
			return fn(export.Mark{}, cells.fill(record{OperationRecord: m}))
		}
		for _, c := range m.GetMysteryVisit().GetCriteria() {
			if err := fn(export.Mark{}, cells.fill(record{m, c})); err != nil {
				return err
			}
		}
		return nil
	})
}

// recordCells are the cells of a record, as tables that are imported have them: amounts in major units.
func recordCells() columns[record] {
	all := columns[record]{
		"date":       func(m record) export.Cell { return text(m.GetDate()) },
		"id":         func(m record) export.Cell { return text(m.GetId()) },
		"start_time": func(m record) export.Cell { return moment(m.GetStartTime()) },
		"end_time":   func(m record) export.Cell { return moment(m.GetEndTime()) },
		"employee":   func(m record) export.Cell { return text(lastPart(m.GetEmployee())) },
		"device":     func(m record) export.Cell { return text(m.GetDevice()) },
		"location": func(m record) export.Cell {
			if c := m.GetPolicyChange(); c != nil {
				return text(strings.ReplaceAll(strings.Join(c.GetLocations(), ";"), "locations/", ""))
			}
			return text(lastPart(m.GetLocation()))
		},
		"visitors": func(m record) export.Cell {
			if s := m.GetSales(); s != nil {
				return perhaps(s.Visitors)
			}
			return number(m.GetVisitors().GetVisitors())
		},
		"receipts": func(m record) export.Cell { return number(m.GetSales().GetReceipts()) },
		"revenue":  func(m record) export.Cell { return amount(m.GetSales().GetRevenueMinor(), m.GetSales().GetCurrency()) },
		"amount": func(m record) export.Cell {
			return amount(m.GetReceipt().GetAmountMinor(), m.GetReceipt().GetCurrency())
		},
		"currency": func(m record) export.Cell { return text(m.GetSales().GetCurrency() + m.GetReceipt().GetCurrency()) },
		"units":    func(m record) export.Cell { return number(m.GetSales().GetUnits() + m.GetReceipt().GetUnits()) },
	}
	return found(counted(all))
}

// counted adds what buttons and terminals count.
func counted(all columns[record]) columns[record] {
	all["consultations"] = func(m record) export.Cell { return number(m.GetPresses().GetConsultations()) }
	all["likes"] = func(m record) export.Cell { return number(m.GetPresses().GetLikes()) }
	all["dislikes"] = func(m record) export.Cell { return number(m.GetPresses().GetDislikes()) }
	all["helps"] = func(m record) export.Cell { return number(m.GetPresses().GetHelps()) }
	all["shown"] = func(m record) export.Cell { return number(m.GetTerminal().GetShown()) }
	all["begun"] = func(m record) export.Cell { return number(m.GetTerminal().GetBegun()) }
	all["completed"] = func(m record) export.Cell { return number(m.GetTerminal().GetCompleted()) }
	all["in_service_seconds"] = func(m record) export.Cell { return number(m.GetTerminal().GetInServiceSeconds()) }
	return all
}

// found adds what visitors and cameras found, what policies changed, and shifts.
func found(all columns[record]) columns[record] {
	all["criterion"] = func(m record) export.Cell { return text(m.criterion.GetName()) }
	all["outcome"] = func(m record) export.Cell { return word("OUTCOME_", m.criterion.GetOutcome().String()) }
	all["weight"] = func(m record) export.Cell { return number(m.criterion.GetWeight()) }
	all["subject"] = func(m record) export.Cell { return word("SUBJECT_", m.GetEmotion().GetSubject().String()) }
	all["emotion"] = func(m record) export.Cell { return text(m.GetEmotion().GetEmotion()) }
	all["score"] = func(m record) export.Cell { return number(m.GetEmotion().GetScore()) }
	all["policy"] = func(m record) export.Cell { return word("POLICY_", m.GetPolicyChange().GetPolicy().String()) }
	all["description"] = func(m record) export.Cell { return text(m.GetPolicyChange().GetDescription()) }
	all["role"] = func(m record) export.Cell { return text(m.GetShift().GetRole()) }
	return all
}

// amount is an amount in major units.
func amount(minor int64, currency string) export.Cell {
	major, err := strconv.ParseFloat(money.Format(float64(minor), currency), 64)
	if err != nil {
		return export.Cell{}
	}
	return number(major)
}

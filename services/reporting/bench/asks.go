package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/kpi"
	"github.com/otklik/otklik/services/reporting/internal/operation"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// directory is the directory of the chain.
type directory struct {
	segmentationv1.UnimplementedDirectoryServiceServer
	stores int
}

// ListUnits tells all at once.
func (d directory) ListUnits(_ context.Context, req *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	prefix := "locations/"
	if req.GetKind() == segmentationv1.Unit_KIND_EMPLOYEE {
		prefix = "employees/"
	}
	out := &segmentationv1.ListUnitsResponse{}
	for n := range d.stores {
		out.Units = append(out.Units, &segmentationv1.Unit{Name: prefix + storeOf(n)})
	}
	return out, nil
}

func storeOf(n int) string { return fmt.Sprint("s", 100000+n) }

// query is all stores from one day of the year to another.
func (b bench) query(from, to int) *reportingv1.PerformanceQuery {
	return &reportingv1.PerformanceQuery{StartDate: (first + operation.Day(from)).String(), EndDate: (first + operation.Day(to)).String()}
}

// all measures everything.
func (b bench) all(ctx context.Context) error {
	half := b.days / 2
	// Days that the year does not have, so that it stays what it is.
	if err := b.importRecords(ctx); err != nil {
		return err
	}
	for _, a := range []struct {
		what string
		ask  func() error
	}{
		{"revenue, one half of the days against the other", func() error {
			got, err := b.stores.QueryRevenue(ctx, &reportingv1.QueryRevenueRequest{
				Query: b.query(half, 2*half), BaselineStartDate: first.String(), BaselineEndDate: (first + operation.Day(half)).String(),
			})
			return b.check(err, len(got.GetLocations()))
		}},
		{"quality of all days", func() error {
			got, err := b.stores.QueryQuality(ctx, &reportingv1.QueryQualityRequest{Query: b.query(0, b.days)})
			return b.check(err, len(got.GetTrafficQuality().GetLocations()))
		}},
		{"seasonality of all days", func() error {
			got, err := b.stores.QuerySeasonality(ctx, &reportingv1.QuerySeasonalityRequest{Query: b.query(0, b.days), Holidays: []string{(first + 77).String()}})
			if err == nil && int(got.GetN()) != b.settings.stores*b.days {
				err = fmt.Errorf("%d days are counted", got.GetN())
			}
			return err
		}},
		{"reserve of all days", func() error {
			got, err := b.stores.QueryReserve(ctx, &reportingv1.QueryReserveRequest{Query: b.query(0, b.days)})
			return b.check(err, len(got.GetLocations()))
		}},
		{"four changes of policies, eight weeks before and after", func() error {
			got, err := b.stores.QueryPolicyEffects(ctx, &reportingv1.QueryPolicyEffectsRequest{Query: b.query(0, b.days)})
			if err == nil && len(got.GetEffects()) != policies {
				err = fmt.Errorf("%d effects are told", len(got.GetEffects()))
			}
			return err
		}},
		{"key figures of employees, of the records imported", func() error {
			got, err := b.kpis.QueryStaffKpi(ctx, &reportingv1.QueryStaffKpiRequest{KpiDefinition: "kpiDefinitions/sellers", Query: b.query(-60, 0)})
			if err == nil && len(got.GetStaff()) == 0 {
				err = errors.New("nobody is told of")
			}
			return err
		}},
	} {
		if err := b.measure(a.what, a.ask); err != nil {
			return err
		}
	}
	return nil
}

// check fails where an analysis fails, or does not tell of all stores.
func (b bench) check(err error, stores int) error {
	if err == nil && stores != b.settings.stores {
		err = fmt.Errorf("%d stores are told of", stores)
	}
	return err
}

// policies is how many changes of policies there are.
const policies = 4

// importRecords measures the import of days before the year: presses and shifts of a seller of each store; and enters policies and a definition of key figures.
func (b bench) importRecords(ctx context.Context) error {
	var all []*reportingv1.OperationRecord
	for n := range b.imported {
		day := first - 1 - operation.Day(n/2/b.settings.stores)
		start := day.Date().Add(9 * time.Hour)
		store := storeOf(n / 2 % b.settings.stores)
		r := &reportingv1.OperationRecord{
			Location: "locations/" + store, Employee: "employees/" + store, StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.Add(8 * time.Hour)),
			Data: &reportingv1.OperationRecord_Presses{Presses: &reportingv1.ButtonPresses{Consultations: int64(20 + n%9), Likes: int64(5 + n%4), Dislikes: 1}},
		}
		if n%2 == 1 {
			r.Data = &reportingv1.OperationRecord_Shift{Shift: &reportingv1.WorkShift{}}
		}
		all = append(all, r)
	}
	for i := range policies {
		r := &reportingv1.OperationRecord{
			Id: fmt.Sprint("p", i), StartTime: timestamppb.New((first + operation.Day((i+1)*b.days/(policies+1))).Date()),
			Data: &reportingv1.OperationRecord_PolicyChange{PolicyChange: &reportingv1.PolicyChange{Policy: reportingv1.PolicyChange_POLICY_PRICES}},
		}
		for n := 0; n < min(b.settings.stores/2, 1000); n++ {
			r.GetPolicyChange().Locations = append(r.GetPolicyChange().Locations, "locations/"+storeOf(n))
		}
		all = append(all, r)
	}
	err := b.measure(fmt.Sprintf("import of %d records, each checked and durable by the thousand", b.imported), func() error {
		for from := 0; from < len(all); from += 1000 {
			got, err := b.records.BatchUpsertOperations(ctx, &reportingv1.BatchUpsertOperationsRequest{Records: all[from:min(from+1000, len(all))]})
			if err != nil {
				return err
			}
			for _, r := range got.GetResults() {
				if len(r.GetRefusals()) > 0 {
					return fmt.Errorf("refused: %v", r.GetRefusals())
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.kpis.Store.CreateKpi(ctx, organization, kpi.Definition{ID: "sellers", Version: 1, Author: "bench", Time: time.Now(), Content: kpi.Content{
		DisplayName: "Sellers", Measures: []kpi.Measure{
			{Component: kpi.Component{ID: "likes", Weight: 1, Low: 0.5, High: 1}, Source: kpi.LikeShare},
			{Component: kpi.Component{ID: "consultations", Weight: 1, Low: 0, High: 5}, Source: kpi.ConsultationsPerHour},
		},
	}})
}

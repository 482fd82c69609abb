package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// overviewTarget is how long all that an overview shows may take.
const overviewTarget = 30 * time.Millisecond

// timeOverview asks many times for all that an overview of the last month shows: scores, a trend by week, changes, lights, cases, alerts and themes.
func timeOverview(ctx context.Context, suite *harness.Suite, r *report, answers int) error {
	client := reportingv1.NewOverviewServiceClient(suite.Conn(adminKey()))
	request := &reportingv1.GetOverviewRequest{Query: &reportingv1.AnalysisQuery{Survey: survey, Period: &typev1.Period{
		StartTime: timestamppb.New(firstDay.AddDate(0, 0, days-28)), EndTime: timestamppb.New(firstDay.AddDate(0, 0, days)),
	}}}
	times, err := repeat(queries, func() error {
		_, err := client.GetOverview(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	median := times.quantile(0.5)
	r.hold("all that an overview shows, over gRPC, median and p99", milliseconds(median)+", "+milliseconds(times.quantile(0.99)), "median < "+milliseconds(overviewTarget),
		median < overviewTarget, fmt.Sprintf("%d calls one after another, %d responses stored, no comments", queries, answers))
	return nil
}

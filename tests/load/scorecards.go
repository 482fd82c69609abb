package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	scorecards       = 1000
	scorecardTarget  = time.Second
	scorecardsTarget = 3 * time.Minute
)

const (
	// recordedFrom and recordedDays are the days of which sales of stores are recorded: those of the scorecards, and as many before to compare with.
	recordedFrom, recordedDays = 45, 28
)

// fortnight is the time of the scorecards.
var fortnight = &typev1.Period{
	StartTime: timestamppb.New(firstDay.AddDate(0, 0, recordedFrom+recordedDays/2)), EndTime: timestamppb.New(firstDay.AddDate(0, 0, recordedFrom+recordedDays)),
}

// measureScorecards enters the stores of a chain with answers, comments, visitors and sales of each, and measures how long the scorecard of one takes, and those
// of a thousand, as files to print.
func measureScorecards(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	if err := enterStores(ctx, suite, scorecards); err != nil {
		return err
	}
	if err := loadAnswers(ctx, suite, s.answers, scorecards); err != nil {
		return err
	}
	if err := loadComments(ctx, suite); err != nil {
		return err
	}
	if _, err := awaitCounted(ctx, suite, int64(s.answers+commentedAnswers)); err != nil {
		return err
	}
	if err := loadStores(ctx, suite); err != nil {
		return err
	}
	if err := oneScorecard(ctx, suite, r); err != nil {
		return err
	}
	return allScorecards(ctx, suite, r, s.answers)
}

// commentedAnswers is how many answers have a comment besides.
const commentedAnswers = 20_000

// loadComments stores answers with a text.
func loadComments(ctx context.Context, suite *harness.Suite) error {
	client := surveyClient(suite)
	texts := []string{
		"Кассирлер сылык, бирок кезек узун.", "Очередь на кассе ужасная, ждали двадцать минут.", "Friendly staff, everything was clean.", "Товар баары бар, баасы жакшы.", "Персонал вежливый, спасибо!",
	}
	for first := 0; first < commentedAnswers; first += batchSize {
		request := batch(first, batchSize, scorecards)
		for i, one := range request.GetRequests() {
			one.ResponseId = fmt.Sprintf("c-%d", first+i)
			one.Response.Answers = append(one.GetResponse().GetAnswers(), &surveyv1.Answer{Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: texts[(first+i)%len(texts)]}})
		}
		response, err := client.BatchSubmitResponses(ctx, request)
		if err != nil {
			return fmt.Errorf("submit comments: %w", err)
		}
		for _, result := range response.GetResults() {
			if result.GetAccepted() == nil {
				return fmt.Errorf("a comment was refused: %v", result.GetError())
			}
		}
	}
	return nil
}

// loadStores records what each store sold on each day, and to how many visitors.
func loadStores(ctx context.Context, suite *harness.Suite) error {
	client := reportingv1.NewOperationsServiceClient(suite.Conn(adminKey()))
	for day := recordedFrom; day < recordedFrom+recordedDays; day++ {
		start := firstDay.AddDate(0, 0, day).Add(3 * time.Hour)
		request := &reportingv1.BatchUpsertOperationsRequest{}
		for store := range scorecards {
			k := store*days + day
			visitors := int64(200 + k*7919%300)
			request.Records = append(request.Records, &reportingv1.OperationRecord{
				Location: fmt.Sprintf("locations/store-%d", store), StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.Add(12 * time.Hour)),
				Data: &reportingv1.OperationRecord_Sales{Sales: &reportingv1.SalesTotal{
					Visitors: new(visitors), Receipts: visitors / 5, RevenueMinor: visitors / 5 * int64(100_000+k*104729%50_000), Currency: "KGS", Units: float64(visitors) / 2,
				}},
			})
		}
		response, err := client.BatchUpsertOperations(ctx, request)
		if err != nil {
			return fmt.Errorf("record days of stores: %w", err)
		}
		for _, result := range response.GetResults() {
			if len(result.GetRefusals()) > 0 {
				return fmt.Errorf("a record was refused: %v", result.GetRefusals())
			}
		}
	}
	return nil
}

// oneScorecard measures the scorecard of one store after another.
func oneScorecard(ctx context.Context, suite *harness.Suite, r *report) error {
	client := reportingv1.NewReportServiceClient(suite.Conn(adminKey()))
	store, size := 0, 0
	times, err := repeat(20, func() error {
		store++
		response, err := client.DownloadReport(ctx, &reportingv1.DownloadReportRequest{
			Query:  &reportingv1.ReportQuery{Name: "reports/store-scorecard", Subject: fmt.Sprintf("locations/store-%d", store), Period: fortnight},
			Format: reportingv1.ReportFormat_REPORT_FORMAT_PDF,
		})
		size = len(response.GetContent())
		return err
	})
	if err != nil {
		return err
	}
	median := times.quantile(0.5)
	r.hold("the scorecard of a store as PDF, median and longest", milliseconds(median)+", "+milliseconds(times.quantile(1)), "≤ "+milliseconds(scorecardTarget), median <= scorecardTarget,
		fmt.Sprintf("20 stores one after another over gRPC, %d KB each", size/1000))
	return nil
}

// allScorecards measures the scorecards of all stores, from the order to the archive.
func allScorecards(ctx context.Context, suite *harness.Suite, r *report, answers int) error {
	client := reportingv1.NewExportServiceClient(suite.Conn(adminKey()))
	spent, err := cpuTime(suite.PID(harness.All))
	if err != nil {
		return err
	}
	began := time.Now()
	made, err := client.CreateExport(ctx, &reportingv1.CreateExportRequest{Export: &reportingv1.Export{
		Kind: reportingv1.Export_KIND_REPORTS, Reports: &reportingv1.ReportBatch{
			Query: &reportingv1.ReportQuery{Name: "reports/store-scorecard", Period: fortnight}, Format: reportingv1.ReportFormat_REPORT_FORMAT_PDF,
		},
	}})
	if err != nil {
		return err
	}
	e := made.GetExport()
	for e.GetEndTime() == nil {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		now, err := client.GetExport(ctx, &reportingv1.GetExportRequest{Name: e.GetName()})
		if err != nil {
			return err
		}
		e = now.GetExport()
	}
	took := time.Since(began)
	if e.GetState() != reportingv1.Export_STATE_SUCCEEDED || e.GetRows() != scorecards {
		return errors.New("the scorecards were not made: " + e.GetFailure())
	}
	resident, err := residentBytes(suite.PID(harness.All))
	if err != nil {
		return err
	}
	spentAfter, err := cpuTime(suite.PID(harness.All))
	if err != nil {
		return err
	}
	r.hold(fmt.Sprintf("the scorecards of %d stores as PDF", scorecards), fmt.Sprintf("%.1f s, %.1f s of processor time", took.Seconds(), (spentAfter-spent).Seconds()), fmt.Sprintf("≤ %.0f s", scorecardsTarget.Seconds()), took <= scorecardsTarget,
		fmt.Sprintf("an export of reports, %d responses and %d days of stores stored, %s in all, VmRSS then %s", answers+commentedAnswers, scorecards*recordedDays, megabytes(e.GetBytes()), megabytes(resident)))
	return nil
}

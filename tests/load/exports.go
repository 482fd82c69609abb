package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	"github.com/otklik/otklik/tests/harness"
)

// exportMemory is by how much an export may make the process larger.
const exportMemory = 200_000_000

// measureExports stores answers, and measures how long exports of all of them take, and by how much the process grows meanwhile.
func measureExports(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	began := time.Now()
	if err := loadAnswers(ctx, suite, s.answers, locations); err != nil {
		return err
	}
	r.tell(fmt.Sprintf("%d answers stored", s.answers), fmt.Sprintf("%.0f/s", float64(s.answers)/time.Since(began).Seconds()), "BatchSubmitResponses")
	if _, err := awaitCounted(ctx, suite, int64(s.answers)); err != nil {
		return err
	}
	for _, format := range []reportingv1.Export_Format{reportingv1.Export_FORMAT_CSV, reportingv1.Export_FORMAT_JSONL, reportingv1.Export_FORMAT_XLSX} {
		if err := timeExport(ctx, suite, r, s.answers, format); err != nil {
			return fmt.Errorf("export to %v: %w", format, err)
		}
	}
	return nil
}

// timeExport has all answers written to a file, and looks at the process every tenth of a second.
func timeExport(ctx context.Context, suite *harness.Suite, r *report, answers int, format reportingv1.Export_Format) error {
	client := reportingv1.NewExportServiceClient(suite.Conn(adminKey()))
	before, err := residentBytes(suite.PID(harness.All))
	if err != nil {
		return err
	}
	most, began := before, time.Now()
	made, err := client.CreateExport(ctx, &reportingv1.CreateExportRequest{Export: &reportingv1.Export{Survey: survey, Format: format}})
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
		resident, err := residentBytes(suite.PID(harness.All))
		if err != nil {
			return err
		}
		most = max(most, resident)
	}
	took := time.Since(began)
	if e.GetState() != reportingv1.Export_STATE_SUCCEEDED || e.GetRows() != int64(answers) {
		return errors.New("it was not made as a whole: " + e.GetFailure())
	}
	name := strings.TrimPrefix(format.String(), "FORMAT_")
	r.tell(fmt.Sprintf("%d responses to %s", answers, name), fmt.Sprintf("%.1f s, %.0f rows/s", took.Seconds(), float64(answers)/took.Seconds()),
		fmt.Sprintf("an export of all columns, %s; store, survey, scoring and vault in one process", megabytes(e.GetBytes())))
	r.hold("memory for it", megabytes(most-before), "< "+megabytes(exportMemory), most-before < exportMemory,
		fmt.Sprintf("the most of VmRSS every 100 ms less that before it, which was %s", megabytes(before)))
	_, err = client.DeleteExport(ctx, &reportingv1.DeleteExportRequest{Name: e.GetName()})
	return err
}

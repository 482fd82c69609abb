package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/testkit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	// wideRows are so many, and so wide, that an export of them has many parts.
	wideRows  = 6_000
	wideBatch = 250
)

// wide is a response of some kilobytes.
func wide(k int) *surveyv1.SubmitResponseRequest {
	attributes := make(map[string]string, 30)
	for a := range 30 {
		attributes[fmt.Sprintf("key_%d", a)] = strings.Repeat(string(rune('a'+(k+a)%26)), 250)
	}
	return &surveyv1.SubmitResponseRequest{ResponseId: fmt.Sprintf("w-%d", k), Response: &surveyv1.Response{
		Language: "en", Context: &typev1.Context{Location: "osh", Attributes: attributes},
		Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: float64(k % 11)}}},
	}}
}

// exporter is a suite with many wide responses, and the client of its exports.
type exporter struct {
	*shop
	exports reportingv1.ExportServiceClient
}

func openExporter(t *testing.T, o harness.Options) exporter {
	t.Helper()
	s := openShop(t, o)
	for first := 0; first < wideRows; first += wideBatch {
		req := &surveyv1.BatchSubmitResponsesRequest{Parent: shopSurvey}
		for k := first; k < first+wideBatch; k++ {
			req.Requests = append(req.Requests, wide(k))
		}
		if _, err := s.survey.BatchSubmitResponses(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	return exporter{s, reportingv1.NewExportServiceClient(s.Conn(harness.KeyFor(harness.Organization, harness.Admin)))}
}

// midway asks for an export and returns as soon as a part of it is written, and not all.
func (x exporter) midway(t *testing.T, id string) {
	t.Helper()
	if _, err := x.exports.CreateExport(t.Context(), &reportingv1.CreateExportRequest{ExportId: id, Export: &reportingv1.Export{
		Survey: shopSurvey, Format: reportingv1.Export_FORMAT_JSONL,
	}}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		e := x.get(t, id)
		if e.GetEndTime() != nil {
			t.Fatalf("it ended before it could be broken off: %v", e)
		}
		if e.GetRows() == 0 {
			return fmt.Errorf("no row is written: %v", e)
		}
		return nil
	})
}

func (x exporter) get(t *testing.T, id string) *reportingv1.Export {
	t.Helper()
	got, err := x.exports.GetExport(t.Context(), &reportingv1.GetExportRequest{Name: "exports/" + id})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetExport()
}

// TestExportsAreBrokenOff: one that is cancelled midway has no file; one whose process is killed midway goes on in the next, and has each row once.
func TestExportsAreBrokenOff(t *testing.T) {
	t.Parallel()
	x := openExporter(t, harness.Options{})
	x.midway(t, "cancelled")
	cancelled, err := x.exports.CancelExport(t.Context(), &reportingv1.CancelExportRequest{Name: "exports/cancelled"})
	if err != nil || cancelled.GetExport().GetState() != reportingv1.Export_STATE_CANCELLED || cancelled.GetExport().GetBytes() != 0 {
		t.Errorf("%v, %v", cancelled, err)
	}
	if _, err := x.exports.DownloadExport(t.Context(), &reportingv1.DownloadExportRequest{Name: "exports/cancelled"}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a file of what was cancelled: %v", err)
	}
	x.midway(t, "killed")
	x.Kill()
	if err := x.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		if e := x.get(t, "killed"); e.GetState() != reportingv1.Export_STATE_SUCCEEDED {
			return fmt.Errorf("it does not end: %v", e)
		}
		return nil
	})
	if e := x.get(t, "cancelled"); e.GetState() != reportingv1.Export_STATE_CANCELLED {
		t.Errorf("what was cancelled goes on: %v", e)
	}
	x.eachRowOnce(t, "killed")
}

// eachRowOnce downloads a file and looks at its rows.
func (x exporter) eachRowOnce(t *testing.T, id string) {
	t.Helper()
	var file bytes.Buffer
	for {
		part, err := x.exports.DownloadExport(t.Context(), &reportingv1.DownloadExportRequest{Name: "exports/" + id, Offset: int64(file.Len())})
		if err != nil {
			t.Fatal(err)
		}
		if len(part.GetData()) == 0 {
			break
		}
		file.Write(part.GetData())
	}
	seen := make(map[string]bool, wideRows)
	for line := range bytes.Lines(file.Bytes()) {
		var row struct {
			ID   string    `json:"response_id"`
			Time time.Time `json:"count_time"`
		}
		if err := json.Unmarshal(line, &row); err != nil || row.ID == "" || row.Time.IsZero() || seen[row.ID] {
			t.Fatalf("row %q, %v, twice %t", row.ID, err, seen[row.ID])
		}
		seen[row.ID] = true
	}
	if e := x.get(t, id); len(seen) != wideRows || e.GetRows() != wideRows || e.GetBytes() != int64(file.Len()) {
		t.Errorf("%d rows and %d bytes of %v", len(seen), file.Len(), e)
	}
}

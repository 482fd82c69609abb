package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// Numbers of the published file of the airport's survey of 2017, counted from its column NETPRO by hand: how many answered, NPS and mean.
const (
	airportResponses = 2831
	airportNPS       = 39.839766933721776
	airportMean      = 8.339402767662055
)

// year2017 is the time in which the airport's passengers were asked.
var year2017 = &typev1.Period{StartTime: timestamppb.New(time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)), EndTime: timestamppb.New(time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC))}

// TestReportsOfTheAirport makes reports of a published survey in all forms, and makes one again after an erasure.
func TestReportsOfTheAirport(t *testing.T) {
	t.Parallel()
	testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz")
	suite := harness.Run(t, harness.Options{})
	summary := importFile(t, suite, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
	awaitResponses(t, suite, airport, int64(summary.Rows.Read-summary.Rows.Empty))
	client := reportingv1.NewReportServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	query := &reportingv1.ReportQuery{Name: "reports/survey-report", LanguageCode: "en", Period: year2017}
	first, err := client.RenderReport(t.Context(), &reportingv1.RenderReportRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	nps := figure(t, first.GetDocument(), "scores", "NPS")
	agrees(t, "NPS", nps.GetNumber().GetValue(), airportNPS, 1e-9)
	agrees(t, "mean", figure(t, first.GetDocument(), "scores", "Mean score").GetNumber().GetValue(), airportMean, 1e-9)
	for _, s := range first.GetDocument().GetSections() {
		everyNumberIsExplained(t, s)
	}
	// From here on everything counts up to the same moment.
	query.AsOfTime = first.GetDocument().GetWatermark()

	t.Run("the same in all forms", func(t *testing.T) { sameInAllForms(t, client, query) })
	t.Run("a manager of one location", func(t *testing.T) { reportOfALocation(t, suite, client, query) })
	t.Run("over REST", func(t *testing.T) { downloadedOverREST(t, suite) })
	t.Run("made again", func(t *testing.T) { madeAgain(t, suite, client, query) })
}

// figure finds a headline number.
func figure(t *testing.T, d *reportingv1.ReportDocument, section, label string) *reportingv1.ReportFigure {
	t.Helper()
	for _, s := range d.GetSections() {
		for _, b := range s.GetBlocks() {
			for _, f := range b.GetFigures().GetFigures() {
				if s.GetId() == section && f.GetLabel() == label {
					return f
				}
			}
		}
	}
	t.Fatalf("the report has no %s in %s", label, section)
	return nil
}

// everyNumberIsExplained holds numbers of a section to be absent with a reason, or to be counts, or to say on how many they rest.
func everyNumberIsExplained(t *testing.T, s *reportingv1.ReportDocumentSection) {
	t.Helper()
	check := func(n *reportingv1.ReportNumber) {
		switch {
		case n.Value == nil && n.GetAbsent() == "":
			t.Errorf("%s: a number is absent without a reason", s.GetId())
		case n.Value != nil && n.GetUnit() != reportingv1.ReportNumber_UNIT_COUNT && (n.N == nil || n.GetDefinition() == ""):
			t.Errorf("%s: a number says neither what it rests on nor what it means: %v", s.GetId(), n)
		}
	}
	for _, b := range s.GetBlocks() {
		for _, f := range b.GetFigures().GetFigures() {
			check(f.GetNumber())
		}
		for _, row := range b.GetTable().GetRows() {
			for _, c := range row.GetCells() {
				if n := c.GetNumber(); n != nil {
					check(n)
				}
			}
		}
	}
}

// download makes a report as a file, twice, and holds the files to be equal.
func download(t *testing.T, client reportingv1.ReportServiceClient, query *reportingv1.ReportQuery, format reportingv1.ReportFormat) []byte {
	t.Helper()
	var files [2][]byte
	for i := range files {
		got, err := client.DownloadReport(t.Context(), &reportingv1.DownloadReportRequest{Query: query, Format: format})
		if err != nil {
			t.Fatal(err)
		}
		files[i] = got.GetContent()
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Errorf("%s: made twice, the report is not the same byte by byte", format)
	}
	return files[0]
}

// sameInAllForms looks for the same number in each form.
func sameInAllForms(t *testing.T, client reportingv1.ReportServiceClient, query *reportingv1.ReportQuery) {
	if pdf := download(t, client, query, reportingv1.ReportFormat_REPORT_FORMAT_PDF); !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("a PDF begins with %q", pdf[:min(8, len(pdf))])
	}
	exact := strconv.FormatFloat(airportNPS, 'g', -1, 64)
	if json := download(t, client, query, reportingv1.ReportFormat_REPORT_FORMAT_JSON); !bytes.Contains(json, []byte(exact)) {
		t.Errorf("the JSON does not hold %s", exact)
	}
	if html := download(t, client, query, reportingv1.ReportFormat_REPORT_FORMAT_HTML); !bytes.Contains(html, []byte("39.8")) || bytes.Contains(html, []byte("<script")) {
		t.Error("the page lacks the score, or holds a script")
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(download(t, client, query, reportingv1.ReportFormat_REPORT_FORMAT_CSV), []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !holds(rows, exact) {
		t.Errorf("the CSV does not hold %s", exact)
	}
	book := download(t, client, query, reportingv1.ReportFormat_REPORT_FORMAT_XLSX)
	files, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var sheets strings.Builder
	for _, f := range files.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&sheets, io.LimitReader(r, 64<<20)); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A workbook holds at least 15 digits of a number.
	if !strings.Contains(sheets.String(), exact[:15]) {
		t.Errorf("no sheet holds %s", exact)
	}
}

// holds tells whether a cell holds a text.
func holds(rows [][]string, text string) bool {
	for _, row := range rows {
		for _, cell := range row {
			if cell == text {
				return true
			}
		}
	}
	return false
}

// reportOfALocation compares what a restricted manager is told with what the filter tells an administrator.
func reportOfALocation(t *testing.T, suite *harness.Suite, all reportingv1.ReportServiceClient, query *reportingv1.ReportQuery) {
	own := reportingv1.NewReportServiceClient(suite.Conn(createKey(t, suite, `{"displayName": "R", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["A"]}}`)))
	ask := func(client reportingv1.ReportServiceClient, subject string) *reportingv1.ReportNumber {
		q := &reportingv1.ReportQuery{Name: "reports/survey-report", LanguageCode: "en", Period: year2017, AsOfTime: query.GetAsOfTime(), Subject: subject}
		got, err := client.RenderReport(t.Context(), &reportingv1.RenderReportRequest{Query: q})
		if err != nil {
			t.Fatal(err)
		}
		return figure(t, got.GetDocument(), "scores", "NPS").GetNumber()
	}
	got, want := ask(own, ""), ask(all, "locations/A")
	if got.GetN() == 0 || got.GetN() >= airportResponses || got.GetN() != want.GetN() || got.GetValue() != want.GetValue() {
		t.Errorf("the manager of a location is told %v of n = %d; of the location is true %v of n = %d", got.GetValue(), got.GetN(), want.GetValue(), want.GetN())
	}
}

// downloadedOverREST asks for the file itself, and for the JSON of the response.
func downloadedOverREST(t *testing.T, suite *harness.Suite) {
	for accept, want := range map[string]string{"application/pdf": "application/pdf", "application/octet-stream": "application/pdf", "application/json": "application/json", "*/*": "application/json"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, suite.HTTP()+"/v1/reports/closed-loop:download", strings.NewReader(`{"format": "REPORT_FORMAT_PDF"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+harness.KeyFor(harness.Organization, harness.Admin))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", accept)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != want || bytes.HasPrefix(body, []byte("%PDF-")) != (want == "application/pdf") {
			t.Errorf("Accept %s: %d, %s, %.20q", accept, response.StatusCode, got, body)
		}
		if named := strings.Contains(response.Header.Get("Content-Disposition"), "closed-loop-"); named != (want == "application/pdf") {
			t.Errorf("Accept %s: the file is called %q", accept, response.Header.Get("Content-Disposition"))
		}
	}
}

// madeAgain makes a report again when nothing changed, when more was answered, and when somebody was erased.
func madeAgain(t *testing.T, suite *harness.Suite, client reportingv1.ReportServiceClient, query *reportingv1.ReportQuery) {
	submit := func(id, respondent string) {
		t.Helper()
		askREST(t, suite, http.MethodPost, "/v1/"+airport+"/responses", `{"responseId": "`+id+`", "response": {"answerTime": "2017-05-31T10:00:00Z", "language": "en",
			"respondent": "`+respondent+`", "answers": [{"question": "netpro", "score": 0}]}}`, nil)
	}
	submit("later-1", "customer-7")
	awaitResponses(t, suite, airport, airportResponses+1)
	q := &reportingv1.ReportQuery{Name: query.GetName(), LanguageCode: "en", Period: year2017}
	made, err := client.RenderReport(t.Context(), &reportingv1.RenderReportRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	again := func() *reportingv1.ReportRendition {
		t.Helper()
		got, err := client.GetReportRendition(t.Context(), &reportingv1.GetReportRenditionRequest{Name: "reportRenditions/" + made.GetDocument().GetFingerprint()})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetRendition()
	}
	if r := again(); r.GetState() != reportingv1.ReportRendition_STATE_EQUAL {
		t.Errorf("made again at once: %v", r)
	}
	submit("later-2", "customer-8")
	awaitResponses(t, suite, airport, airportResponses+2)
	if r := again(); r.GetState() != reportingv1.ReportRendition_STATE_EQUAL {
		t.Errorf("made again after another answer: %v", r)
	}
	askREST(t, suite, http.MethodPost, "/v1/erasures", `{"respondent": "customer-7"}`, nil)
	awaitResponses(t, suite, airport, airportResponses+1)
	if r := again(); r.GetState() != reportingv1.ReportRendition_STATE_CHANGED || r.GetExplanation() == "" || len(r.GetChangedSections()) == 0 {
		t.Errorf("made again after an erasure: %v", r)
	}
}

package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const smallMapping = `
version: 1
survey: {id: small, title: {en: Small}}
response:
  id: "row-{no}"
  time: {column: date, zone: UTC}
questions:
  - {id: nps, type: nps, column: nps, missing: {"99": refused}, text: {en: Recommend}}
  - {id: csat, type: csat, column: csat, on_bad_value: skip_answer, text: {en: Satisfied}}
`

// smallFile makes a file of n rows: every tenth holds a bad nps (11), every seventh a bad csat (x), every thirteenth answers nothing.
func smallFile(n int) string {
	var b strings.Builder
	b.WriteString("no,date,nps,csat\n")
	for i := 1; i <= n; i++ {
		nps, csat := fmt.Sprint(i%9), "4"
		switch {
		case i%13 == 0:
			nps, csat = "99", ""
		case i%10 == 0:
			nps = "11"
		case i%7 == 0:
			csat = "x"
		}
		fmt.Fprintf(&b, "%d,2026-01-02,%s,%s\n", i, nps, csat)
	}
	return b.String()
}

// expect counts what smallFile(n) must give.
func expectSmall(n int) (rows Rows, skipped int64) {
	for i := 1; i <= n; i++ {
		rows.Read++
		switch {
		case i%13 == 0:
			rows.Empty++
		case i%10 == 0:
			rows.Refused++
		default:
			rows.Accepted++
			if i%7 == 0 {
				skipped++
			}
		}
	}
	return rows, skipped
}

// smallImport prepares an import of a small file.
func smallImport(t testing.TB, server *testServer, file string) Options {
	t.Helper()
	m, err := ParseMapping(strings.NewReader(smallMapping))
	if err != nil {
		t.Fatal(err)
	}
	revision := ""
	if server != nil {
		target, err := Prepare(t.Context(), server, m)
		if err != nil {
			t.Fatal(err)
		}
		revision = target.Revision
	}
	source, err := OpenSource(strings.NewReader(file), m.CSV)
	if err != nil {
		t.Fatal(err)
	}
	converter, err := NewConverter(m, source.Header(), revision)
	if err != nil {
		t.Fatal(err)
	}
	converter.now = func() time.Time { return shopNow }
	o := Options{Source: source, Converter: converter, BatchRows: 20}
	if server != nil {
		o.Client = server
	}
	return o
}

func TestRun(t *testing.T) {
	const n = 1000
	server := newTestServer()
	want, skipped := expectSmall(n)
	o := smallImport(t, server, smallFile(n))
	var last Rows
	o.Progress = func(r Rows) { last = r }
	s, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows != want || s.AnswersSkipped != skipped || last != want || s.Interrupted || s.DryRun {
		t.Errorf("%+v, want %+v and %d skipped", s, want, skipped)
	}
	if int64(len(server.responses)) != want.Accepted {
		t.Errorf("%d responses stored, want %d", len(server.responses), want.Accepted)
	}
	if got := server.responses["row-1"]; got.GetRevision() != "surveys/small/revisions/1" {
		t.Errorf("row 1 answers %q", got.GetRevision())
	}
	if s.Answers != 2*want.Accepted-skipped || s.Questions[0].Answers != want.Accepted || s.Questions[1].Skipped != skipped {
		t.Errorf("%+v", s)
	}
	if m := s.Questions[0].Missing; len(m) != 1 || m[0] != (MissingSummary{Code: "99", Meaning: "refused", Count: want.Empty}) {
		t.Errorf("missing: %+v", m)
	}
	if s.RefusedReasons["VALUE_OUT_OF_SCALE"] != want.Refused || s.RefusedReasons["VALUE_NOT_A_NUMBER"] != skipped {
		t.Errorf("reasons: %v", s.RefusedReasons)
	}
	// A second import adds nothing.
	again, err := Run(t.Context(), smallImport(t, server, smallFile(n)))
	if err != nil {
		t.Fatal(err)
	}
	if again.Rows.Replayed != want.Accepted || again.Rows.Accepted != 0 || again.Answers != s.Answers || int64(len(server.responses)) != want.Accepted {
		t.Errorf("the second time: %+v", again.Rows)
	}
}

func TestRunDry(t *testing.T) {
	want, _ := expectSmall(300)
	s, err := Run(t.Context(), smallImport(t, nil, smallFile(300)))
	if err != nil || s.Rows != want || !s.DryRun {
		t.Errorf("%+v, %v, want %+v", s, err, want)
	}
}

func TestRunRefusedByServer(t *testing.T) {
	server := newTestServer()
	server.judge = func(r *surveyv1.SubmitResponseRequest) error {
		switch r.GetResponseId() {
		case "row-3":
			return rpcerr.New(codes.InvalidArgument, "RESPONSE_INVALID", "the response does not fit",
				rpcerr.WithField("response.answers[1].score", "SCORE_OUT_OF_SCALE", "is too great"), rpcerr.WithField("response.language", "", "is odd"))
		case "row-5":
			return rpcerr.New(codes.FailedPrecondition, "SURVEY_CLOSED", "the survey is closed")
		}
		return nil
	}
	path := filepath.Join(t.TempDir(), "refused.csv")
	report, err := OpenReport(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	o := smallImport(t, server, smallFile(6))
	o.Report = report
	s, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Rows.Refused != 2 || s.Rows.Accepted != 4 || s.RefusedReasons["SURVEY_CLOSED"] != 1 || s.RefusedReasons["SCORE_OUT_OF_SCALE"] != 1 {
		t.Errorf("%+v", s)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `line,row,outcome,column,target,value,reason,message
4,3,row_refused,csat,csat,,SCORE_OUT_OF_SCALE,is too great
4,3,row_refused,,response.language,,RESPONSE_INVALID,is odd
6,5,row_refused,,response_id,row-5,SURVEY_CLOSED,the survey is closed
`
	if string(got) != want {
		t.Errorf("report:\n%swant:\n%s", got, want)
	}
}

// While the server is unavailable or overloaded, calls and single items are tried again, after the wait that it advises.
func TestRunRetries(t *testing.T) {
	const n = 200
	server := newTestServer()
	refusedOnce := map[string]bool{}
	server.before = func(call int, _ *surveyv1.BatchSubmitResponsesRequest) error {
		switch call {
		case 1:
			return rpcerr.New(codes.Unavailable, "STORE_FULL", "no room", rpcerr.WithRetryAfter(7*time.Second)).GRPCStatus().Err()
		case 3:
			return rpcerr.New(codes.ResourceExhausted, "TOO_MANY", "busy").GRPCStatus().Err()
		}
		return nil
	}
	server.judge = func(r *surveyv1.SubmitResponseRequest) error {
		if id := r.GetResponseId(); strings.HasSuffix(id, "8") && !refusedOnce[id] {
			refusedOnce[id] = true
			return rpcerr.New(codes.Unavailable, "BUSY", "later")
		}
		return nil
	}
	o := smallImport(t, server, smallFile(n))
	o.InFlight = 1
	var waits []time.Duration
	o.sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	s, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := expectSmall(n)
	if s.Rows != want || int64(len(server.responses)) != want.Accepted {
		t.Errorf("%+v, want %+v", s.Rows, want)
	}
	if len(waits) < 3 || waits[0] < 7*time.Second || waits[0] > 10*time.Second || waits[1] < time.Second/10 {
		t.Errorf("waits %v", waits)
	}
}

func TestRunGivesUp(t *testing.T) {
	server := newTestServer()
	server.before = func(call int, _ *surveyv1.BatchSubmitResponsesRequest) error {
		if call > 3 {
			return rpcerr.New(codes.Unavailable, "DOWN", "down").GRPCStatus().Err()
		}
		return nil
	}
	o := smallImport(t, server, smallFile(1000))
	clock := testkit.NewClock(shopNow)
	o.now = clock.Now
	o.RetryFor = time.Minute
	o.InFlight = 1
	o.sleep = func(ctx context.Context, d time.Duration) error { clock.Advance(d); return ctx.Err() }
	s, err := Run(t.Context(), o)
	if rpcerr.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "send rows") {
		t.Errorf("error %v", err)
	}
	if s == nil || !s.Interrupted || s.Rows.Accepted != 60 {
		t.Errorf("%+v", s)
	}
	// The next batch may be tried before the import hears that it is over.
	if waited := clock.Now().Sub(shopNow); waited < time.Minute || waited > 3*time.Minute {
		t.Errorf("gave up after %v", waited)
	}
}

// A refusal of the whole call ends the import at once: trying again cannot help.
func TestRunFatal(t *testing.T) {
	server := newTestServer()
	server.before = func(int, *surveyv1.BatchSubmitResponsesRequest) error {
		return rpcerr.New(codes.PermissionDenied, "PERMISSION_DENIED", "not yours").GRPCStatus().Err()
	}
	s, err := Run(t.Context(), smallImport(t, server, smallFile(1000)))
	if rpcerr.Code(err) != codes.PermissionDenied || s.Rows.Accepted != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// An import that is interrupted at any point and goes on ends with the same counts, the same report and each response stored once.
func TestRunResumes(t *testing.T) {
	const n = 1500
	whole := newTestServer()
	wholePath := filepath.Join(t.TempDir(), "refused.json")
	report, err := OpenReport(wholePath, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	o := smallImport(t, whole, smallFile(n))
	o.Report = report
	want, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Close(); err != nil {
		t.Fatal(err)
	}
	wantReport := readReport(t, wholePath)

	for _, stopAt := range []int{1, 2, 17, 40} {
		t.Run(fmt.Sprint(stopAt), func(t *testing.T) {
			server := newTestServer()
			folder := t.TempDir()
			reportPath, statePath := filepath.Join(folder, "refused.json"), filepath.Join(folder, "state", "import.json")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			server.before = func(call int, _ *surveyv1.BatchSubmitResponsesRequest) error {
				if call == stopAt {
					cancel()
				}
				return nil
			}
			s, err := runResumable(ctx, t, server, smallFile(n), reportPath, statePath)
			if !errors.Is(err, ErrInterrupted) || !s.Interrupted || s.Rows.Read == int64(n) {
				t.Fatalf("%+v, %v", s.Rows, err)
			}
			server.before = nil
			resumed, err := runResumable(t.Context(), t, server, smallFile(n), reportPath, statePath)
			if err != nil {
				t.Fatal(err)
			}
			if resumed.ResumedAfterRow != s.Rows.Read {
				t.Errorf("went on behind row %d, stopped at %d", resumed.ResumedAfterRow, s.Rows.Read)
			}
			// What was under way at the interruption may have been stored without being counted; then it is replayed.
			if got := resumed.Rows; got.Accepted+got.Replayed != want.Rows.Accepted || got.Refused != want.Rows.Refused || got.Empty != want.Rows.Empty || got.Read != want.Rows.Read {
				t.Errorf("%+v, want %+v", got, want.Rows)
			}
			if resumed.Answers != want.Answers || resumed.AnswersSkipped != want.AnswersSkipped {
				t.Errorf("%d answers, %d skipped, want %d and %d", resumed.Answers, resumed.AnswersSkipped, want.Answers, want.AnswersSkipped)
			}
			if int64(len(server.responses)) != want.Rows.Accepted {
				t.Errorf("%d responses stored, want %d", len(server.responses), want.Rows.Accepted)
			}
			if got := readReport(t, reportPath); len(got) != len(wantReport) || fmt.Sprint(got) != fmt.Sprint(wantReport) {
				t.Errorf("the report has %d lines, want %d", len(got), len(wantReport))
			}
		})
	}
}

func runResumable(ctx context.Context, t *testing.T, server *testServer, file, reportPath, statePath string) (*Summary, error) {
	t.Helper()
	o := smallImport(t, server, file)
	identity, err := Identity(strings.NewReader(file), int64(len(file)), time.Time{}, "small")
	if err != nil {
		t.Fatal(err)
	}
	if o.Start, err = LoadCheckpoint(statePath, identity, o.Converter); err != nil {
		t.Fatal(err)
	}
	offset, count := int64(0), int64(0)
	if o.Start != nil {
		offset, count = o.Start.ReportOffset, o.Start.ReportCount
	}
	if o.Report, err = OpenReport(reportPath, offset, count); err != nil {
		t.Fatal(err)
	}
	o.Save = func(c Checkpoint) error {
		c.Identity = identity
		return SaveCheckpoint(statePath, c)
	}
	s, err := Run(ctx, o)
	if closing := o.Report.Close(); closing != nil {
		t.Fatal(closing)
	}
	return s, err
}

func readReport(t *testing.T, path string) []reportLine {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []reportLine
	if err := json.Unmarshal(raw, &lines); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return lines
}

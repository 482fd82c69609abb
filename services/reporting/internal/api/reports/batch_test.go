package reports

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// towns is a directory of three stores: a lies in the south, b in a town of the north, c in the north.
type towns struct {
	segmentationv1.UnimplementedDirectoryServiceServer
}

func (towns) ListUnits(_ context.Context, req *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	out := &segmentationv1.ListUnitsResponse{}
	add := func(name, parent string) {
		if req.GetParent() == "" || req.GetParent() == parent {
			out.Units = append(out.Units, &segmentationv1.Unit{Name: name, DisplayName: strings.ToUpper(name), Parent: parent})
		}
	}
	switch req.GetKind() {
	case segmentationv1.Unit_KIND_LOCATION:
		add("locations/a", "regions/south")
		add("locations/b", "regions/town")
		add("locations/c", "regions/north")
	case segmentationv1.Unit_KIND_REGION:
		add("regions/town", "regions/north")
	}
	return out, nil
}

func (towns) GetUnit(_ context.Context, req *segmentationv1.GetUnitRequest) (*segmentationv1.GetUnitResponse, error) {
	if req.GetName() == "regions/west" {
		return nil, rpcerr.New(codes.NotFound, "UNIT_NOT_FOUND", "there is no such region")
	}
	return &segmentationv1.GetUnitResponse{Unit: &segmentationv1.Unit{Name: req.GetName()}}, nil
}

// moving is a scoring service that counts another response with each question: its watermark moves.
type moving struct {
	others
	mu    sync.Mutex
	asked int
	// moments are those as of which was asked.
	moments map[time.Time]bool
	// broken is the store of which no score can be told.
	broken string
}

func (m *moving) QueryScores(_ context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if at := req.GetQuery().GetAsOfTime(); at != nil {
		m.moments[at.AsTime()] = true
	}
	if m.broken != "" && strings.Contains(req.GetQuery().GetFilter(), m.broken) {
		return nil, rpcerr.New(codes.FailedPrecondition, "FILTER_UNKNOWN", "the filter cannot be", rpcerr.WithField("query.filter", "FILTER_UNKNOWN", "it cannot be"))
	}
	return &scoringv1.QueryScoresResponse{Watermark: timestamppb.New(time.Date(2026, 11, 1, 0, 0, m.asked, 0, time.UTC))}, nil
}

// batches makes reports of the three stores.
func batches(t *testing.T, m *moving) Batches {
	t.Helper()
	ch := &inprocgrpc.Channel{}
	surveyv1.RegisterSurveyServiceServer(ch, m)
	scoringv1.RegisterScoringServiceServer(ch, m)
	segmentationv1.RegisterDirectoryServiceServer(ch, towns{})
	db := opened(t)
	if _, err := db.CreateReport(t.Context(), "acme", definitionOfScores()); err != nil {
		t.Fatal(err)
	}
	return Batches{New(Deps{
		Store: db, Surveys: peers.NewSurveys(ch), Measures: peers.NewMeasures(ch), Sources: peers.NewSources(ch, ch, ch, ch), Zone: time.UTC,
		Now: func() time.Time { return time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) },
	})}
}

func batchOf(subjects ...string) *reportingv1.ReportBatch {
	return &reportingv1.ReportBatch{
		Query: &reportingv1.ReportQuery{Name: "reports/card", LanguageCode: "en", Survey: "surveys/s"}, Format: reportingv1.ReportFormat_REPORT_FORMAT_CSV, Subjects: subjects,
	}
}

func TestBatchesAreOfWhomTheCallerSees(t *testing.T) {
	t.Parallel()
	b := batches(t, &moving{moments: map[time.Time]bool{}, broken: "nonsense"})
	for name, c := range map[string]struct {
		change func(*reportingv1.ReportBatch)
		want   string
	}{
		"all":                     {func(*reportingv1.ReportBatch) {}, "locations/a locations/b locations/c"},
		"a region with its towns": {func(in *reportingv1.ReportBatch) { in.Region = "regions/north" }, "locations/b locations/c"},
		"named ones":              {func(in *reportingv1.ReportBatch) { in.Subjects = []string{"locations/c", "locations/a"} }, "locations/c locations/a"},
		"named ones of a region": {func(in *reportingv1.ReportBatch) {
			in.Region, in.Subjects = "regions/town", []string{"locations/c", "locations/b"}
		}, "locations/b"},
		"no such region": {func(in *reportingv1.ReportBatch) { in.Region = "regions/west" }, "REGION_NOT_FOUND export.reports.region"},
		"nobody there":   {func(in *reportingv1.ReportBatch) { in.Region = "regions/east" }, "REPORT_BATCH_EMPTY export.reports.subjects"},
		"companies":      {func(in *reportingv1.ReportBatch) { in.Subjects = []string{"companies/x"} }, "REPORT_BATCH_INVALID export.reports.subjects[0]"},
		"about nobody":   {func(in *reportingv1.ReportBatch) { in.Query.Name = "reports/closed-loop" }, "REPORT_BATCH_INVALID export.reports.query.name"},
	} {
		in := batchOf()
		c.change(in)
		got, err := b.OrderBatch(manager(t), in)
		said := strings.Join(got.Subjects, " ")
		if e, ok := rpcerr.FromError(err); err != nil && ok {
			said = e.Reason
			if len(e.Fields) > 0 {
				said += " " + e.Fields[0].Field
			}
		}
		if said != c.want {
			t.Errorf("%s: %s, want %s", name, said, c.want)
		}
	}
}

// The reports of a batch come in the order of their subjects, and count up to one moment although answers arrive meanwhile.
func TestBatchesTellOfOneMoment(t *testing.T) {
	t.Parallel()
	m := &moving{moments: map[time.Time]bool{}}
	b := batches(t, m)
	ctx := manager(t)
	batch, err := b.OrderBatch(ctx, batchOf("locations/c", "locations/a", "locations/b"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	watermarks := map[string]bool{}
	err = b.Rows(ctx, export.Order{Kind: export.Reports, Batch: batch}, export.Mark{}, func(mark export.Mark, cells []export.Cell) error {
		files = append(files, cells[0].Text)
		if int(mark.Position) != len(files) {
			t.Errorf("file %d is at %d", len(files), mark.Position)
		}
		for line := range strings.Lines(cells[1].Text) {
			if strings.Contains(line, "watermark") {
				watermarks[line] = true
			}
		}
		return nil
	})
	if want := []string{"card-c-2026-10-01.csv", "card-a-2026-10-01.csv", "card-b-2026-10-01.csv"}; err != nil || !slices.Equal(files, want) {
		t.Errorf("files %v: %v", files, err)
	}
	if len(watermarks) != 1 {
		t.Errorf("the reports are of %v", watermarks)
	}
}

// What cannot be made is told once, and no file stands for it.
func TestABatchThatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	m := &moving{moments: map[time.Time]bool{}}
	b := batches(t, m)
	ctx := manager(t)
	batch, err := b.OrderBatch(ctx, batchOf())
	if err != nil {
		t.Fatal(err)
	}
	m.broken = `"b"`
	made := 0
	err = b.Rows(ctx, export.Order{Kind: export.Reports, Batch: batch}, export.Mark{}, func(export.Mark, []export.Cell) error {
		made++
		return nil
	})
	var refused *export.Refused
	if !errors.As(err, &refused) || made > 1 {
		t.Errorf("%d files, and then %v", made, err)
	}
	if err := b.Rows(manager(t, MayRender), export.Order{Kind: export.Reports, Batch: batch}, export.Mark{}, nil); !errors.As(err, &refused) {
		t.Errorf("who may not have reports made any more: %v", err)
	}
}

// definitionOfScores is a scorecard of scores alone.
func definitionOfScores() report.Definition {
	d := report.Definition{ID: "card", Version: 1, Author: "ann", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Content: report.Content{
		DisplayName: "Card", Kind: report.StoreScorecard, Sections: []report.Section{{Type: report.Scores}},
	}}
	d.Complete()
	return d
}

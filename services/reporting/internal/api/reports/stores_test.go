package reports

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/reporting/internal/api/performance"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// opened is a store of the test's own.
func opened(t *testing.T) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "reporting.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// nowhere is a directory that has nobody.
type nowhere struct {
	segmentationv1.UnimplementedDirectoryServiceServer
}

func (nowhere) ListUnits(context.Context, *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	return &segmentationv1.ListUnitsResponse{}, nil
}

// chain is a report of April on two stores, compared with March. Each sells to 20 of 100 visitors for 10.00 a receipt, but for a, where from 6 April on a loyalty card holds
// and 30 of 100 buy.
func chain(t *testing.T) *run {
	t.Helper()
	db := opened(t)
	first, changed := operation.DayOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), operation.DayOf(time.Date(2026, 4, 6, 0, 0, 0, 0, time.UTC))
	var records []operation.Record
	for i := range 61 {
		for _, location := range []string{"a", "b"} {
			day := first + operation.Day(i)
			start := day.Date().Add(9 * time.Hour)
			sold := operation.Record{Kind: operation.Sales, Location: location, Start: start, End: start.Add(time.Hour), Currency: "KGS", Numbers: operation.Numbers{Receipts: 20, Revenue: 20000}}
			if location == "a" && day >= changed {
				sold.Receipts, sold.Revenue = 30, 30000
			}
			seen := operation.Record{Kind: operation.Visitors, Location: location, Start: start, End: start.Add(time.Hour), Numbers: operation.Numbers{Visitors: 100}}
			records = append(records, sold.Prepared(day), seen.Prepared(day))
		}
	}
	card := operation.Record{Kind: operation.PolicyChange, Start: changed.Date(), End: changed.Date(), Details: operation.Details{Policy: operation.Loyalty, Locations: []string{"a"}, Description: "card"}}
	if _, err := db.PutOperations(t.Context(), "acme", append(records, card.Prepared(changed)), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), false); err != nil {
		t.Fatal(err)
	}
	ch := &inprocgrpc.Channel{}
	segmentationv1.RegisterDirectoryServiceServer(ch, nowhere{})
	book, numbers := words("en")
	month := func(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }
	return &run{
		Server: &Server{
			performance: &performance.Server{Operations: db, Segmentation: peers.NewSegmentation(ch)}, sources: peers.Sources{Directory: segmentationv1.NewDirectoryServiceClient(ch)},
		},
		words: book, notation: numbers, plain: true, period: document.Period{Start: month(4), End: month(5), Zone: time.UTC},
		baseline: &document.Period{Start: month(3), End: month(4), Zone: time.UTC},
	}
}

// manager is a caller who may do all but what is named.
func manager(t *testing.T, but ...string) context.Context {
	t.Helper()
	holds := []string{"*"}
	for _, permission := range but {
		holds = append(holds, "!"+permission)
	}
	return authz.WithHolder(authn.WithPrincipal(t.Context(), authn.Principal{Organization: "acme", Roles: []string{"manager"}}), authz.Roles{"manager": holds})
}

// table finds a table of a section.
func (p part) found(t *testing.T, id string) *document.Table {
	t.Helper()
	for _, b := range p.blocks {
		if b.Table != nil && b.Table.ID == id {
			return b.Table
		}
	}
	t.Fatalf("there is no table %s", id)
	return nil
}

func TestRevenueInReports(t *testing.T) {
	t.Parallel()
	r := chain(t)
	made, err := r.revenue(manager(t), report.Section{Type: report.Revenue})
	if err != nil {
		t.Fatal(err)
	}
	// March: 62 days of stores at 200.00. April: 35 days at 200.00, and 25 at 300.00, since the card. April has a day less, which is less traffic.
	figures := made.blocks[0].Figures
	if got, want := *figures[0].Number.Value, 35*200.0+25*300; got != want || *figures[0].Change.Value != want-62*200 {
		t.Errorf("revenue is %v (%v), want %v", got, *figures[0].Change.Value, want)
	}
	bridge := made.blocks[1].Chart.Bridge
	sum := *bridge.Before.Value
	for _, p := range bridge.Parts {
		sum += *p.Effect.Value
	}
	if !near([]float64{sum}, []float64{*bridge.After.Value}) {
		t.Errorf("the parts of the bridge end at %v, not at %v", sum, *bridge.After.Value)
	}
	if rows := made.found(t, "revenue").Rows; len(rows) != 2 || rows[0][0].Text != "a" {
		t.Errorf("the table begins with %v", rows[0][0])
	}
}

func TestPoliciesInReports(t *testing.T) {
	t.Parallel()
	r := chain(t)
	ctx := manager(t)
	made, err := r.policies(ctx, report.Section{Type: report.Policies, Measure: "conversion"})
	if err != nil {
		t.Fatal(err)
	}
	row := made.found(t, "policies").Rows[0]
	got := []float64{*row[3].Number.Value, *row[4].Number.Value, *row[5].Number.Value}
	if row[1].Text != "Loyalty: card" || !near(got, []float64{20, 10, 10}) || row[4].Number.Unit != document.Points {
		t.Errorf("the row of the change is %v: %v", row, got)
	}
	trend := made.blocks[1].Chart.Trend
	if len(trend.Series) != 2 || len(trend.Events) != 1 || !trend.Events[0].Time.Equal(time.Date(2026, 4, 6, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the trend has %d lines and the marks %v", len(trend.Series), trend.Events)
	}
	// The trend of scores is marked as well, for those who may see changes of policies.
	marks, err := r.marks(ctx, r.period)
	if err != nil || len(marks) != 1 || marks[0].Label != "Loyalty: card" {
		t.Errorf("marks %v, %v", marks, err)
	}
	if marks, err := r.marks(manager(t, policiesQuery), r.period); err != nil || len(marks) > 0 {
		t.Errorf("who may not see policies is shown %v, %v", marks, err)
	}
}

// Sections on stores are left out, with the reason, for who may not see them, where filters say what stores do not know, and where days cannot be told.
func TestSectionsOnStoresSayWhyTheyAreAbsent(t *testing.T) {
	t.Parallel()
	r := chain(t)
	ask := func(ctx context.Context) error {
		_, err := r.revenue(ctx, report.Section{Type: report.Revenue})
		return err
	}
	check := func(what string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("no permission", ask(manager(t, "reporting.revenue.query")), errPermission)
	r.plain = false
	check("a filter on answers", ask(manager(t)), errFilter)
	r.plain, r.circumstances = true, map[string]string{"channel": "app"}
	check("a filter on channels", ask(manager(t)), errFilter)
	r.circumstances = map[string]string{"location": "nowhere"}
	check("no data", ask(manager(t)), absent(phrase.AbsentOperations))
	r.circumstances = nil
	r.period.End = r.period.End.Add(time.Hour)
	check("hours", ask(manager(t)), errDays)
}

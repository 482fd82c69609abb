package api

import (
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/imports"
	"github.com/otklik/otklik/services/segmentation/internal/profile"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// imported imports a table of a kind, and returns what became of it.
func (f *fixture) imported(t *testing.T, kind segmentationv1.Import_Kind, dry bool, table string) *segmentationv1.Import {
	t.Helper()
	c, all := segmentationv1.NewImportServiceClient(f.as("admin")), 1.0
	made, err := c.CreateImport(t.Context(), &segmentationv1.CreateImportRequest{Import: &segmentationv1.Import{Kind: kind, DryRun: dry, MostRefused: &all}})
	need(t, err)
	name := made.GetImport().GetName()
	_, err = c.UploadImportPart(t.Context(), &segmentationv1.UploadImportPartRequest{Name: name, Data: []byte(table)})
	need(t, err)
	_, err = c.CommitImport(t.Context(), &segmentationv1.CommitImportRequest{Name: name, PartCount: 1})
	need(t, err)
	r := &imports.Runner{
		Store: f.store, Holder: "test", Now: f.clock.Now,
		Kinds: imports.Ledgers(f.store, &profile.Register{Store: f.store, Keeper: f.keeper}, time.FixedZone("+06", 6*3600), f.clock.Now),
	}
	need(t, r.Run(t.Context()))
	out, err := c.GetImport(t.Context(), &segmentationv1.GetImportRequest{Name: name})
	need(t, err)
	return out.GetImport()
}

func TestPurchasesAreImported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	table := "receipt,respondent,purchase_time,amount,currency,location,contact\n" +
		"r1,card-1,2026-03-01 10:00,1250.50,KGS,osh,\n" +
		"r2,card-1,2026-03-02,-50,kgs,,\n" +
		"r3,card-1,yesterday,1.234,SOM,,\n" +
		"r4,,2026-03-01,5,KGS,,nobody\n" +
		"r1,card-1,2026-03-01 10:00,1250.50,KGS,osh,\n"
	client := segmentationv1.NewPurchaseServiceClient(f.as("admin"))
	count := func() int {
		list, err := client.ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{})
		need(t, err)
		return len(list.GetPurchases())
	}
	if dry := f.imported(t, segmentationv1.Import_KIND_PURCHASE, true, table); dry.GetState() != segmentationv1.Import_STATE_DONE || dry.GetRefusedCount() != 3 || dry.GetCreatedCount() != 2 || count() != 0 {
		t.Errorf("a dry run: %v, %d stored", dry, count())
	}
	done := f.imported(t, segmentationv1.Import_KIND_PURCHASE, false, table)
	if done.GetState() != segmentationv1.Import_STATE_DONE || done.GetCreatedCount() != 2 || done.GetRefusedCount() != 3 || done.GetAppliedCount() != 2 || count() != 2 {
		t.Errorf("%v, %d stored", done, count())
	}
	want := []string{"3 amount TOO_MANY_DIGITS", "3 currency CURRENCY_UNKNOWN", "3 purchase_time MALFORMED", "4 contact CONTACT_NOT_FOUND", "5 receipt ROW_DUPLICATE"}
	got := refusals(t, f, done.GetName())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("refused %q", got)
	}
	list, err := client.ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{})
	need(t, err)
	if p := list.GetPurchases()[1]; p.GetAmountMinor() != 125050 || !p.GetPurchaseTime().AsTime().Equal(time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)) {
		t.Errorf("r1 is %v", p)
	}
	if again := f.imported(t, segmentationv1.Import_KIND_PURCHASE, false, table); again.GetCreatedCount() != 0 || again.GetUpdatedCount() != 0 || count() != 2 {
		t.Errorf("again: %v", again)
	}
}

func TestDeparturesAndTurnoverAreImported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	left := f.imported(t, segmentationv1.Import_KIND_CHURN, false, "id;respondent;leave_time;reason\nl1;card-1;01.02.2026;price\n;card-2;2026-02-01;\n")
	if left.GetCreatedCount() != 1 || left.GetRefusedCount() != 1 {
		t.Errorf("departures: %v", left)
	}
	staff := f.imported(t, segmentationv1.Import_KIND_TURNOVER, false,
		"id,location,start_time,end_time,headcount,leavers\na,osh,2026-01-01,2026-02-01,12.5,1\nb,osh,2026-01-15,2026-02-15,12,1\n")
	later := f.imported(t, segmentationv1.Import_KIND_TURNOVER, true,
		"id,location,start_time,end_time,headcount,leavers\nc,osh,2026-01-20,2026-01-21,12,1\nd,osh,2025-12-01,2026-01-01,12,1\ne,bishkek,2026-01-20,2026-01-21,12,1\n")
	if later.GetCreatedCount() != 2 || !slices.Equal(refusals(t, f, later.GetName()), []string{"1 start_time TURNOVER_OVERLAP"}) {
		t.Errorf("a dry run beside what is stored: %v, %q", later, refusals(t, f, later.GetName()))
	}
	if staff.GetCreatedCount() != 1 || !slices.Equal(refusals(t, f, staff.GetName()), []string{"2 start_time TURNOVER_OVERLAP"}) {
		t.Errorf("turnover: %v, %q", staff, refusals(t, f, staff.GetName()))
	}
}

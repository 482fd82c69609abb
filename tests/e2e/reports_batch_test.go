package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	"github.com/otklik/otklik/tests/harness"
)

// TestScorecardsOfAllStores has the scorecards of the stores of a region made at once: a file for each that the caller sees, which says what the report of that store says.
func TestScorecardsOfAllStores(t *testing.T) {
	t.Parallel()
	s := openShop(t, harness.Options{})
	directory := segmentationv1.NewDirectoryServiceClient(s.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	for _, u := range []*segmentationv1.Unit{
		{Name: "regions/south", DisplayName: "South"}, {Name: "locations/osh", DisplayName: "Ош", Parent: "regions/south"},
		{Name: "locations/batken", DisplayName: "Баткен", Parent: "regions/south"}, {Name: "locations/naryn", DisplayName: "Нарын"},
	} {
		if _, err := directory.UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{Unit: u, AllowMissing: true}); err != nil {
			t.Fatal(err)
		}
	}
	order := &reportingv1.ReportBatch{
		Query: &reportingv1.ReportQuery{Name: "reports/store-scorecard", LanguageCode: "ky", Survey: shopSurvey}, Format: reportingv1.ReportFormat_REPORT_FORMAT_PDF,
	}
	all := scorecards(t, reportingv1.NewExportServiceClient(s.Conn(harness.KeyFor(harness.Organization, harness.Admin))), "all", order)
	if len(all) != 3 {
		t.Errorf("all stores: %v", named(all))
	}
	for name, file := range all {
		if !bytes.HasPrefix(file, []byte("%PDF-")) {
			t.Errorf("%s begins with %.10q", name, file)
		}
	}
	order.Region = "regions/south"
	if south := scorecards(t, reportingv1.NewExportServiceClient(s.Conn(harness.KeyFor(harness.Organization, harness.Admin))), "south", order); len(south) != 2 {
		t.Errorf("the stores of the south: %v", named(south))
	}
	order.Region, order.Format = "", reportingv1.ReportFormat_REPORT_FORMAT_CSV
	manager := s.Conn(createKey(t, s.Suite, `{"displayName": "Osh", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["osh"]}}`))
	own := scorecards(t, reportingv1.NewExportServiceClient(manager), "own", order)
	if files := named(own); len(files) != 1 || !strings.HasPrefix(files[0], "store-scorecard-osh-") {
		t.Fatalf("who sees one store has %v", files)
	}
	// The file says of whom and of what it is.
	for _, file := range own {
		if !bytes.Contains(file, []byte("Ош")) || !bytes.Contains(file, []byte(`location = ""osh""`)) {
			t.Errorf("the scorecard of Osh is %s", file)
		}
	}
}

// scorecards has a batch made, and returns its files by name.
func scorecards(t *testing.T, client reportingv1.ExportServiceClient, id string, order *reportingv1.ReportBatch) map[string][]byte {
	t.Helper()
	_, err := client.CreateExport(t.Context(), &reportingv1.CreateExportRequest{ExportId: id, Export: &reportingv1.Export{Kind: reportingv1.Export_KIND_REPORTS, Reports: order}})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		got, err := client.GetExport(t.Context(), &reportingv1.GetExportRequest{Name: "exports/" + id})
		if err != nil {
			return err
		}
		switch e := got.GetExport(); e.GetState() {
		case reportingv1.Export_STATE_SUCCEEDED:
			return nil
		case reportingv1.Export_STATE_FAILED:
			t.Fatal(e.GetFailure())
		}
		return fmt.Errorf("%v", got)
	})
	var archive bytes.Buffer
	for {
		part, err := client.DownloadExport(t.Context(), &reportingv1.DownloadExportRequest{Name: "exports/" + id, Offset: int64(archive.Len())})
		if err != nil {
			t.Fatal(err)
		}
		if len(part.GetData()) == 0 {
			break
		}
		archive.Write(part.GetData())
	}
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// named are the names of files, in order.
func named(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }

package api

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/imports"
	"github.com/otklik/otklik/services/segmentation/internal/profile"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// runImports works on what was committed.
func (f *fixture) runImports(t *testing.T) {
	t.Helper()
	d := imports.Directory{Store: f.store, Now: f.clock.Now}
	r := &imports.Runner{Store: f.store, Holder: "test", Now: f.clock.Now, Kinds: map[string]imports.Kind{
		"contact": imports.Contacts{Directory: d, Register: &profile.Register{Store: f.store, Keeper: f.keeper}},
		"region":  imports.Units{Directory: d, Kind: attribute.Region}, "location": imports.Units{Directory: d, Kind: attribute.Location},
	}}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// importTable imports a table, in parts of some bytes.
func importTable(t *testing.T, f *fixture, i *segmentationv1.Import, table string) *segmentationv1.Import {
	t.Helper()
	c := segmentationv1.NewImportServiceClient(f.as("admin"))
	made, err := c.CreateImport(t.Context(), &segmentationv1.CreateImportRequest{Import: i})
	if err != nil {
		t.Fatal(err)
	}
	const size = 7
	name, parts := made.GetImport().GetName(), int32(0)
	for data := []byte(table); len(data) > 0; parts++ {
		n := min(size, len(data))
		if _, err := c.UploadImportPart(t.Context(), &segmentationv1.UploadImportPartRequest{Name: name, Part: parts, Data: data[:n]}); err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if _, err := c.CommitImport(t.Context(), &segmentationv1.CommitImportRequest{Name: name, PartCount: parts}); err != nil {
		t.Fatal(err)
	}
	f.runImports(t)
	out, err := c.GetImport(t.Context(), &segmentationv1.GetImportRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetImport()
}

// refusals are the fields and reasons of refused rows.
func refusals(t *testing.T, f *fixture, name string) (out []string) {
	t.Helper()
	list, err := segmentationv1.NewImportServiceClient(f.as("admin")).ListImportRefusals(t.Context(), &segmentationv1.ListImportRefusalsRequest{Parent: name})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list.GetRefusals() {
		out = append(out, string(rune('0'+r.GetRow()))+" "+r.GetField()+" "+r.GetReason())
	}
	return out
}

func TestImportsAreCheckedAndApplied(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	declare(t, f, "contact.score", segmentationv1.Attribute_TYPE_NUMBER)
	upsert(t, f, &segmentationv1.Unit{Name: "companies/acme"})
	table := "Код;name;email;company;score;identity.app\n" +
		"c-1;Some Body;some@example.org;acme;1 250,5;d-1\n" +
		"c-2;;;;;\n" +
		"c-3;Any Body;;none;many;\n" +
		"c-1;;;;7;\n"
	kind, half := segmentationv1.Import_KIND_CONTACT, 0.5
	mapping := map[string]string{"Код": "id"}
	dry := importTable(t, f, &segmentationv1.Import{Kind: kind, Mapping: mapping, DryRun: true, MostRefused: &half}, table)
	if dry.GetState() != segmentationv1.Import_STATE_DONE || dry.GetCheckedCount() != 4 || dry.GetRefusedCount() != 2 || dry.GetAppliedCount() != 0 || dry.GetCreatedCount() != 2 {
		t.Errorf("dry run: %v", dry)
	}
	if got := strings.Join(refusals(t, f, dry.GetName()), ", "); got != "3 attributes.score ATTRIBUTE_TYPE, 3 company PARENT_UNKNOWN, 4 id ROW_DUPLICATE" {
		t.Errorf("refusals: %s", got)
	}
	c := segmentationv1.NewContactServiceClient(f.as("admin"))
	if list, err := c.ListContacts(t.Context(), &segmentationv1.ListContactsRequest{}); err != nil || len(list.GetContacts()) != 0 {
		t.Errorf("after a dry run: %v, %v", list, err)
	}
	strict := importTable(t, f, &segmentationv1.Import{Kind: kind, Mapping: mapping}, table)
	if strict.GetState() != segmentationv1.Import_STATE_REFUSED || strict.GetRefusal() == "" || strict.GetCreatedCount() != 0 {
		t.Errorf("too many refused: %v", strict)
	}
	for i, want := range [][2]int64{{2, 0}, {0, 0}} {
		done := importTable(t, f, &segmentationv1.Import{Kind: kind, Mapping: mapping, MostRefused: &half}, table)
		if done.GetState() != segmentationv1.Import_STATE_DONE || done.GetCreatedCount() != want[0] || done.GetUpdatedCount() != want[1] || done.GetAppliedCount() != 2 || done.GetRefusedCount() != 2 {
			t.Errorf("import %d: %v", i, done)
		}
	}
	again := importTable(t, f, &segmentationv1.Import{Kind: kind, DryRun: true}, "id,name,score\nc-1,Some Body,7\nc-2,,\nc-4,,\n")
	if again.GetCreatedCount() != 1 || again.GetUpdatedCount() != 1 || again.GetRefusedCount() != 0 {
		t.Errorf("a dry run of what is there: %v", again)
	}
	got, err := c.GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/c-1"})
	if g := got.GetContact(); err != nil || g.GetDisplayName() != "Some Body" || g.GetAttributes()["score"].GetNumberValue() != 1250.5 || len(g.GetIdentities()) != 2 {
		t.Errorf("imported: %v, %v", g, err)
	}
}

// Columns have the names of the API's fields, too.
func TestImportsOfColumnsAsTheAPICallsThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := 1.0
	done := importTable(t, f, &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT, MostRefused: &all}, "Id,displayName,E_mail\nc-1,Some Body,some@example.org\n")
	got, err := segmentationv1.NewContactServiceClient(f.as("admin")).GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/c-1"})
	if g := got.GetContact(); err != nil || g.GetDisplayName() != "Some Body" || g.GetEmail() != "some@example.org" {
		t.Errorf("contact of %v: %v, %v", done, g, err)
	}
	upsert(t, f, &segmentationv1.Unit{Name: "regions/north"})
	places := importTable(t, f, &segmentationv1.Import{Kind: segmentationv1.Import_KIND_LOCATION, MostRefused: &all},
		"id,region,latitude,longitude,system,openingDate\ns1,north,42.87,74.59,WGS84,2026-03-31\ns2,north,1,1,SK-42,\ns3,north,,,,soon\n")
	want := "2 coordinate_system COORDINATE_SYSTEM_UNKNOWN, 3 opening_date UNIT_INVALID"
	if got := strings.Join(refusals(t, f, places.GetName()), ", "); got != want || places.GetCreatedCount() != 1 {
		t.Errorf("%v: %s", places, got)
	}
	twice := importTable(t, f, &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT}, "id,displayName,name\nc-2,A,B\n")
	if twice.GetState() != segmentationv1.Import_STATE_REFUSED || !strings.Contains(twice.GetRefusal(), "two columns") {
		t.Errorf("a name in two columns: %v", twice)
	}
}

// A column that holds no field is told rather than lost, unless it is to be left out.
func TestImportsWithColumnsThatHoldNoField(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	contact := &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT, DryRun: true}
	table := "id,dispayName,shoe_size,\nc-1,Some Body,42,\n"
	strict := importTable(t, f, contact, table)
	for _, want := range []string{"dispayName (did you mean display_name?)", "shoe_size", "the 4. column"} {
		if strict.GetState() != segmentationv1.Import_STATE_REFUSED || !strings.Contains(strict.GetRefusal(), want) {
			t.Errorf("%q is not told: %v", want, strict)
		}
	}
	contact.IgnoreUnknownColumns = true
	if lax := importTable(t, f, contact, table); lax.GetState() != segmentationv1.Import_STATE_DONE || lax.GetCreatedCount() != 1 || len(lax.GetIgnoredColumns()) != 3 {
		t.Errorf("left out: %v", lax)
	}
	contact.Mapping = map[string]string{"shoe_size": "atributes.size"}
	if out := importTable(t, f, contact, table); out.GetState() != segmentationv1.Import_STATE_REFUSED || !strings.Contains(out.GetRefusal(), "atributes.size") {
		t.Errorf("a mapping to no field: %v", out)
	}
}

// By what one row of a table is known, no other one may be.
func TestImportsOfIdentitiesThatAreThereTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := 1.0
	contact := &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT, MostRefused: &all}
	first := importTable(t, f, contact, "id,identity.app\na,app-1\nb,app-1\nc,a\nd,d\n")
	if got := strings.Join(refusals(t, f, first.GetName()), ", "); got != "2 identity ROW_DUPLICATE, 3 identity ROW_DUPLICATE" || first.GetCreatedCount() != 2 {
		t.Errorf("%v: %s", first, got)
	}
	contact.DryRun = true
	second := importTable(t, f, contact, "id,identity.app\ne,app-1\nf,\n")
	if got := strings.Join(refusals(t, f, second.GetName()), ", "); got != "1 identities IDENTITY_TAKEN" || second.GetCreatedCount() != 1 {
		t.Errorf("taken by one that is stored: %v: %s", second, got)
	}
}

func TestImportsOfTrees(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := 1.0
	region := &segmentationv1.Import{Kind: segmentationv1.Import_KIND_REGION, MostRefused: &all}
	done := importTable(t, f, region, "id,parent\nleaf,branch\nbranch,root\nroot,\na,b\nb,a\nlost,none\n")
	if got := strings.Join(refusals(t, f, done.GetName()), ", "); done.GetCreatedCount() != 3 || got != "4 parent REGION_CIRCULAR, 5 parent REGION_CIRCULAR, 6 parent PARENT_UNKNOWN" {
		t.Errorf("%v: %s", done, got)
	}
	turned := importTable(t, f, region, "id,parent\nroot,leaf\n")
	if got := strings.Join(refusals(t, f, turned.GetName()), ", "); got != "1 parent REGION_CIRCULAR" {
		t.Errorf("turned over: %s", got)
	}
	places := importTable(t, f, &segmentationv1.Import{Kind: segmentationv1.Import_KIND_LOCATION, MostRefused: &all},
		"id,region,latitude,longitude,coordinate_system,opening_date\ns1,leaf,\"42,87\",74.59,,31.03.2026\ns2,leaf,1,1,SK-42,\ns3,nowhere,,,,\ns4,leaf,1,,,soon\n")
	want := "2 coordinate_system COORDINATE_SYSTEM_UNKNOWN, 3 region PARENT_UNKNOWN, 4 opening_date UNIT_INVALID, 4 latitude UNIT_INVALID"
	if got := strings.Join(refusals(t, f, places.GetName()), ", "); got != want || places.GetCreatedCount() != 1 {
		t.Errorf("places: %v: %s", places, got)
	}
}

func TestImportsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewImportServiceClient(f.as("admin"))
	contact := &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT}
	for what, table := range map[string]string{
		"no identifiers": "name\nx\n", "no rows": "id\n", "two of one": "id,id\na,b\n", "an open quote": "id\n\"a\n", "no UTF-8": "id\n\xff\n",
	} {
		if out := importTable(t, f, contact, table); out.GetState() != segmentationv1.Import_STATE_REFUSED || out.GetRefusal() == "" {
			t.Errorf("%s: %v", what, out)
		}
	}
	book := importTable(t, f, &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT, Format: segmentationv1.Import_FORMAT_XLSX}, "id\na\n")
	if book.GetState() != segmentationv1.Import_STATE_REFUSED {
		t.Errorf("no workbook: %v", book)
	}
	first, err := c.CreateImport(t.Context(), &segmentationv1.CreateImportRequest{ImportId: "first", Import: contact})
	if err != nil {
		t.Fatal(err)
	}
	_, err = segmentationv1.NewImportServiceClient(f.as("deputy")).CreateImport(t.Context(), &segmentationv1.CreateImportRequest{ImportId: "second", Import: contact})
	refused(t, "two at once", err, codes.FailedPrecondition, "IMPORT_RUNNING", "")
	if again, err := c.CreateImport(t.Context(), &segmentationv1.CreateImportRequest{ImportId: "first", Import: contact}); err != nil || again.GetImport().GetName() != first.GetImport().GetName() {
		t.Errorf("the same again: %v, %v", again, err)
	}
	_, err = c.CreateImport(t.Context(), &segmentationv1.CreateImportRequest{ImportId: "first", Import: &segmentationv1.Import{Kind: contact.GetKind(), DryRun: true}})
	refused(t, "another of that name", err, codes.AlreadyExists, "ID_REUSED", "import_id")
	_, err = c.CommitImport(t.Context(), &segmentationv1.CommitImportRequest{Name: "imports/first", PartCount: 1})
	refused(t, "without parts", err, codes.FailedPrecondition, "IMPORT_STATE", "")
	if out, err := c.CancelImport(t.Context(), &segmentationv1.CancelImportRequest{Name: "imports/first"}); err != nil || out.GetImport().GetState() != segmentationv1.Import_STATE_CANCELLED {
		t.Errorf("cancel: %v, %v", out, err)
	}
	_, err = c.UploadImportPart(t.Context(), &segmentationv1.UploadImportPartRequest{Name: "imports/first", Data: []byte("x")})
	refused(t, "a part of what ended", err, codes.FailedPrecondition, "IMPORT_STATE", "")
	_, err = c.GetImport(t.Context(), &segmentationv1.GetImportRequest{Name: "imports/none"})
	refused(t, "what is not there", err, codes.NotFound, "IMPORT_NOT_FOUND", "")
	list, err := c.ListImports(t.Context(), &segmentationv1.ListImportsRequest{PageSize: 3})
	if err != nil || len(list.GetImports()) != 3 || list.GetNextPageToken() == "" {
		t.Errorf("list: %v, %v", list, err)
	}
}

// A workbook is read into memory, so that it is bounded more narrowly than other files are.
func TestWorkbooksAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewImportServiceClient(f.as("admin"))
	for format, reason := range map[segmentationv1.Import_Format]string{segmentationv1.Import_FORMAT_XLSX: "VALIDATION_FAILED", segmentationv1.Import_FORMAT_CSV: ""} {
		made, err := c.CreateImport(t.Context(), &segmentationv1.CreateImportRequest{Import: &segmentationv1.Import{Kind: segmentationv1.Import_KIND_CONTACT, Format: format}})
		if err != nil {
			t.Fatal(err)
		}
		name := made.GetImport().GetName()
		_, err = f.store.PutPart(t.Context(), "acme", bare(importsCollection, name), 0, make([]byte, mostWorkbookBytes), mostImportBytes, noon)
		need(t, err)
		_, err = c.UploadImportPart(t.Context(), &segmentationv1.UploadImportPartRequest{Name: name, Part: 1, Data: []byte("x")})
		if reason == "" {
			need(t, err)
		} else {
			refused(t, "a workbook", err, codes.InvalidArgument, reason, "data")
		}
		_, err = c.CancelImport(t.Context(), &segmentationv1.CancelImportRequest{Name: name})
		need(t, err)
	}
}

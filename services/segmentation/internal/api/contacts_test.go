package api

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	"github.com/otklik/otklik/libs/rpcerr"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// upsertContact makes or changes a contact.
func upsertContact(t *testing.T, f *fixture, c *segmentationv1.Contact, paths ...string) *segmentationv1.Contact {
	t.Helper()
	req := &segmentationv1.UpdateContactRequest{Contact: c, AllowMissing: true}
	if len(paths) > 0 {
		req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
	}
	out, err := segmentationv1.NewContactServiceClient(f.as("admin")).UpdateContact(t.Context(), req)
	if err != nil {
		t.Fatalf("%s: %v", c.GetName(), err)
	}
	return out.GetContact()
}

// southern makes a contact of the south and one of the north.
func (f *fixture) southern(t *testing.T) {
	t.Helper()
	upsert(t, f, &segmentationv1.Unit{Name: "regions/south"}, &segmentationv1.Unit{Name: "regions/north"},
		&segmentationv1.Unit{Name: "locations/osh", Parent: "regions/south"}, &segmentationv1.Unit{Name: "locations/talas", Parent: "regions/north"})
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/southerner", Location: "locations/osh"})
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/northerner", Location: "locations/talas"})
}

func TestContactsAreUpserted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewContactServiceClient(f.as("admin"))
	declare(t, f, "contact.vip", segmentationv1.Attribute_TYPE_BOOL)
	upsert(t, f, &segmentationv1.Unit{Name: "companies/acme"})
	made := upsertContact(t, f, &segmentationv1.Contact{
		Name: "contacts/c-1", DisplayName: "Some Body", Email: "some@example.org", Company: "companies/acme",
		Attributes: map[string]*structpb.Value{"vip": structpb.NewBoolValue(true)}, Identities: []*segmentationv1.Identity{{Channel: "app", Identifier: "device-7"}},
	})
	if made.GetEmail() != "some@example.org" || len(made.GetIdentities()) != 2 || !made.GetAttributes()["vip"].GetBoolValue() {
		t.Errorf("made: %v", made)
	}
	// A change of one field of the profile leaves the others.
	changed := upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/c-1", Phone: "+996 555 123456"}, "phone")
	if changed.GetDisplayName() != "Some Body" || changed.GetPhone() == "" || changed.GetEtag() == made.GetEtag() {
		t.Errorf("changed: %v", changed)
	}
	if again := upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/c-1", Phone: "+996 555 123456"}, "phone"); again.GetEtag() != changed.GetEtag() {
		t.Errorf("the same again: %v", again)
	}
	blind, err := segmentationv1.NewContactServiceClient(f.as("blind")).GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/c-1"})
	if err != nil {
		t.Fatal(err)
	}
	if b := blind.GetContact(); b.GetDisplayName()+b.GetEmail()+b.GetPhone()+b.GetIdentities()[1].GetIdentifier() != "" || len(b.GetWithheldFields()) == 0 || len(b.GetAttributes()) != 1 {
		t.Errorf("withheld: %v", b)
	}
	found, err := c.ListContacts(t.Context(), &segmentationv1.ListContactsRequest{Identifier: "device-7"})
	if err != nil || len(found.GetContacts()) != 1 || found.GetContacts()[0].GetName() != "contacts/c-1" {
		t.Errorf("found: %v, %v", found, err)
	}
	for what, r := range map[string]struct {
		contact       *segmentationv1.Contact
		code          codes.Code
		reason, field string
	}{
		"wrong type":      {&segmentationv1.Contact{Name: "contacts/x", Attributes: map[string]*structpb.Value{"vip": structpb.NewStringValue("yes")}}, codes.InvalidArgument, "ATTRIBUTE_TYPE", "contact.attributes.vip"},
		"unknown company": {&segmentationv1.Contact{Name: "contacts/x", Company: "companies/none"}, codes.FailedPrecondition, "PARENT_UNKNOWN", "contact.company"},
		"no address":      {&segmentationv1.Contact{Name: "contacts/x", Email: "some"}, codes.InvalidArgument, "UNIT_INVALID", "contact.email"},
		"taken identity":  {&segmentationv1.Contact{Name: "contacts/x", Identities: []*segmentationv1.Identity{{Identifier: "device-7"}}}, codes.AlreadyExists, "IDENTITY_TAKEN", "contact.identities"},
		"an old etag":     {&segmentationv1.Contact{Name: "contacts/c-1", Phone: "112", Etag: made.GetEtag()}, codes.Aborted, "ETAG_MISMATCH", "contact.etag"},
	} {
		_, err := c.UpdateContact(t.Context(), &segmentationv1.UpdateContactRequest{Contact: r.contact, AllowMissing: true})
		refused(t, what, err, r.code, r.reason, r.field)
	}
	_, err = segmentationv1.NewContactServiceClient(f.as("osh")).GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/c-1"})
	refused(t, "another unit's", err, codes.NotFound, "CONTACT_NOT_FOUND", "")
	batch, err := c.BatchUpdateContacts(t.Context(), &segmentationv1.BatchUpdateContactsRequest{Requests: []*segmentationv1.UpdateContactRequest{
		{Contact: &segmentationv1.Contact{Name: "contacts/c-2", DisplayName: "Any Body"}, AllowMissing: true}, {Contact: &segmentationv1.Contact{Name: "contacts/none", Phone: "112"}},
	}})
	if err != nil || batch.GetOutcomes()[0].GetContact().GetDisplayName() != "Any Body" || codes.Code(batch.GetOutcomes()[1].GetError().GetCode()) != codes.NotFound { //nolint:gosec // a code
		t.Errorf("batch: %v, %v", batch, err)
	}
}

// A merge is undone exactly, whatever was changed of the profile meanwhile; and what claims an identity tells who did it.
// All that is wrong with a body is told at once.
func TestAllThatIsWrongIsTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	declare(t, f, "contact.tier", segmentationv1.Attribute_TYPE_ENUM, "gold")
	declare(t, f, "location.area", segmentationv1.Attribute_TYPE_NUMBER)
	_, err := segmentationv1.NewContactServiceClient(f.as("admin")).UpdateContact(t.Context(), &segmentationv1.UpdateContactRequest{
		AllowMissing: true, Contact: &segmentationv1.Contact{
			Name: "contacts/c", Email: "nowhere", Phone: "none", Attributes: map[string]*structpb.Value{"tier": structpb.NewStringValue("tin"), "nope": structpb.NewBoolValue(true)},
		},
	})
	for _, field := range []string{"contact.attributes.tier", "contact.attributes.nope", "contact.email", "contact.phone"} {
		if !slices.ContainsFunc(rpcerr.Fields(err), func(v rpcerr.FieldViolation) bool { return v.Field == field }) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	_, err = segmentationv1.NewDirectoryServiceClient(f.as("admin")).UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{
		AllowMissing: true, Unit: &segmentationv1.Unit{
			Name: "locations/l", Attributes: map[string]*structpb.Value{"area": structpb.NewStringValue("wide")},
			Location: &segmentationv1.LocationDetails{OpeningDate: "2026-02-31", Coordinates: &segmentationv1.Coordinates{System: "SK-42"}},
		},
	})
	for _, field := range []string{"unit.attributes.area", "unit.location.opening_date", "unit.location.coordinates.system"} {
		if !slices.ContainsFunc(rpcerr.Fields(err), func(v rpcerr.FieldViolation) bool { return v.Field == field }) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
}

func TestMergesAreUndoneFieldByField(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewContactServiceClient(f.as("admin"))
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/a"})
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/b", DisplayName: "Some Body", Email: "b@example.org"})
	merged, err := c.MergeContacts(t.Context(), &segmentationv1.MergeContactsRequest{Name: "contacts/a", Contacts: []string{"contacts/b"}, Reason: "the same person"})
	if err != nil || merged.GetContact().GetEmail() != "b@example.org" {
		t.Fatal(merged, err)
	}
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/a", Phone: "+996700000000"})
	back, err := c.SplitContact(t.Context(), &segmentationv1.SplitContactRequest{Name: "contacts/a", Merge: merged.GetMoves()[0].GetName(), Reason: "they are two"})
	if b := back.GetContact(); err != nil || b.GetDisplayName() != "Some Body" || b.GetEmail() != "b@example.org" || b.GetPhone() != "" {
		t.Fatalf("taken out: %v, %v", back, err)
	}
	stays, err := c.GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/a"})
	if a := stays.GetContact(); err != nil || a.GetDisplayName() != "" || a.GetEmail() != "" || a.GetPhone() != "+996700000000" {
		t.Errorf("what it was taken out of: %v, %v", stays, err)
	}
}

func TestContactsAreMergedAndSplit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewContactServiceClient(f.as("admin"))
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/a", DisplayName: "Some Body"})
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/b", Identities: []*segmentationv1.Identity{{Channel: "app", Identifier: "b-app"}}})
	merged, err := c.MergeContacts(t.Context(), &segmentationv1.MergeContactsRequest{Name: "contacts/a", Contacts: []string{"contacts/b"}, Reason: "the same person"})
	if err != nil {
		t.Fatal(err)
	}
	m := merged.GetMoves()[0]
	if len(merged.GetContact().GetIdentities()) != 3 || m.GetActor() != "boss" || m.GetReason() != "the same person" || len(m.GetPseudonyms()) != 2 {
		t.Errorf("merged: %v", merged)
	}
	gone, err := c.GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/b"})
	if err != nil || gone.GetContact().GetMergedInto() != "contacts/a" {
		t.Errorf("merged into: %v, %v", gone, err)
	}
	_, err = c.MergeContacts(t.Context(), &segmentationv1.MergeContactsRequest{Name: "contacts/a", Contacts: []string{"contacts/a"}})
	refused(t, "into itself", err, codes.FailedPrecondition, "MOVE_INVALID", "contacts")
	_, err = c.MergeContacts(t.Context(), &segmentationv1.MergeContactsRequest{Name: "contacts/a", Contacts: []string{"contacts/none"}})
	refused(t, "what is not there", err, codes.NotFound, "CONTACT_NOT_FOUND", "")
	_, err = c.SplitContact(t.Context(), &segmentationv1.SplitContactRequest{Name: "contacts/a"})
	refused(t, "split nothing", err, codes.InvalidArgument, "VALIDATION_FAILED", "merge")
	back, err := c.SplitContact(t.Context(), &segmentationv1.SplitContactRequest{Name: "contacts/a", Merge: m.GetName(), Reason: "they are two"})
	if err != nil || back.GetContact().GetName() != "contacts/b" || len(back.GetContact().GetIdentities()) != 2 {
		t.Fatalf("split: %v, %v", back, err)
	}
	out, err := c.SplitContact(t.Context(), &segmentationv1.SplitContactRequest{Name: "contacts/b", Pseudonyms: m.GetPseudonyms()[:1], To: "contacts/n"})
	if err != nil || out.GetContact().GetName() != "contacts/n" {
		t.Fatalf("split: %v, %v", out, err)
	}
	moves, err := c.ListContactMoves(t.Context(), &segmentationv1.ListContactMovesRequest{Contact: "contacts/a", PageSize: 1})
	if err != nil || moves.GetContactMoves()[0].GetKind() != segmentationv1.ContactMove_KIND_SPLIT || moves.GetNextPageToken() == "" {
		t.Fatalf("moves: %v, %v", moves, err)
	}
	moves, err = c.ListContactMoves(t.Context(), &segmentationv1.ListContactMovesRequest{Contact: "contacts/a", PageSize: 1, PageToken: moves.GetNextPageToken()})
	if err != nil || moves.GetContactMoves()[0].GetUndoneBy() == "" || moves.GetNextPageToken() != "" {
		t.Fatalf("moves: %v, %v", moves, err)
	}
}

// Who looks after a place finds whoever answered there, and nobody else, wherever they are looked for.
func TestContactsOfUnits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.southern(t)
	for _, who := range []string{"a-stranger", "guest", "neighbour", "z-stranger"} {
		upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/" + who, Phone: "+996 555 123456", Location: "locations/talas"})
	}
	var answers []store.AnswerChange
	for response, at := range map[string][2]string{"1": {"guest", "osh"}, "2": {"guest", "talas"}, "3": {"neighbour", "osh"}, "4": {"z-stranger", "talas"}} {
		answers = append(answers, store.AnswerChange{
			Organization: "acme", Person: f.person(t, at[0]), Row: light.Row{Survey: "s", Response: response, Location: at[1], Time: noon, Answers: []light.Answer{{Question: "q", Value: 1}}},
		})
	}
	need(t, f.store.ApplyAnswers(t.Context(), "lights", store.LightBatch{From: store.Unmoved, To: store.Unmoved, Now: noon, Changes: answers}))
	for _, who := range []string{"osh", "south"} {
		c := segmentationv1.NewContactServiceClient(f.as(who))
		var listed []string
		for req := (&segmentationv1.ListContactsRequest{PageSize: 2}); ; {
			page, err := c.ListContacts(t.Context(), req)
			need(t, err)
			for _, contact := range page.GetContacts() {
				listed = append(listed, contact.GetName())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				break
			}
			if len(page.GetContacts()) < 2 {
				t.Errorf("%s: a page of %d has another one behind it", who, len(page.GetContacts()))
			}
		}
		if want := []string{"contacts/guest", "contacts/neighbour", "contacts/southerner"}; !slices.Equal(listed, want) {
			t.Errorf("%s lists %v, want %v", who, listed, want)
		}
		guest, err := c.GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/guest"})
		need(t, err)
		if guest.GetContact().GetPhone() == "" {
			t.Errorf("%s cannot call the guest: %v", who, guest)
		}
		_, err = c.GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/z-stranger"})
		refused(t, "another unit's", err, codes.NotFound, "CONTACT_NOT_FOUND", "")
		for identifier, found := range map[string]int{"guest": 1, "z-stranger": 0} {
			known, err := c.ListContacts(t.Context(), &segmentationv1.ListContactsRequest{Identifier: identifier})
			if err != nil || len(known.GetContacts()) != found {
				t.Errorf("%s finds %s: %v, %v", who, identifier, known, err)
			}
		}
		cases := segmentationv1.NewCaseServiceClient(f.as(who))
		of := func(contact string) error {
			_, err := cases.CreateCase(t.Context(), &segmentationv1.CreateCaseRequest{
				Case: &segmentationv1.Case{DisplayName: "late", Subject: who, Contact: contact, Location: "locations/osh", Region: "regions/south"},
			})
			return err
		}
		need(t, of("contacts/guest"))
		refused(t, "a case of somebody else", of("contacts/z-stranger"), codes.NotFound, "CASE_INVALID", "case.contact")
	}
}

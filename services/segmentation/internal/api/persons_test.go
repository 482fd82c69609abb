package api

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// keeps is a store that keeps more of a person than the base does.
type keeps struct {
	store.Store
	more []store.PersonRecord
}

// ListPerson implements store.Persons.
func (k keeps) ListPerson(ctx context.Context, organization string, person []byte) ([]store.PersonRecord, error) {
	list, err := k.Store.ListPerson(ctx, organization, person)
	return append(list, k.more...), err
}

func TestPersons(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := rpcclient.WithOrganization(t.Context(), "acme")
	pseudonym, err := f.keeper.Pseudonym(ctx, "acme", "who")
	if err != nil {
		t.Fatal(err)
	}
	person, _ := seal.ParsePseudonym(pseudonym)
	if err := f.store.SetAside(ctx, 0, 3, store.DeadLetter{Organization: "acme", Follower: "lights", Person: person, Reason: "odd", CreateTime: noon}); err != nil {
		t.Fatal(err)
	}
	key, err := f.keeper.KeyFor(ctx, "someone")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.Seal(key, []byte(`{"displayName":"Aisuluu"}`), store.Associated("acme"))
	if err != nil {
		t.Fatal(err)
	}
	f.store.Store = keeps{f.store.Store, []store.PersonRecord{
		{Kind: "contacts", Name: "contacts/k", Contact: "k", Time: noon, Content: []byte(`{"attributes":{"vip":true}}`), Sealed: sealed, Key: key.ID},
		{Kind: "contacts", Name: "contacts/l", Contact: "l", Sealed: sealed, Key: "destroyed"},
	}}
	client := segmentationv1.NewPersonServiceClient(f.as("service"))
	stream, err := client.ExportPerson(ctx, &segmentationv1.ExportPersonRequest{Respondent: "who"})
	if err != nil {
		t.Fatal(err)
	}
	var records []*typev1.PersonRecord
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, m.GetRecords()...)
	}
	if len(records) != 3 || records[0].GetKind() != "dead_letters" || records[0].GetContent().AsMap()["reason"] != "odd" || records[0].GetService() != "segmentation" {
		t.Fatalf("%v", records)
	}
	content := records[1].GetContent().AsMap()
	if content["displayName"] != "Aisuluu" || content["contact"] != "contacts/k" || content["attributes"] == nil || records[1].GetNote() != "" {
		t.Errorf("%v", records[1])
	}
	if content := records[2].GetContent().AsMap(); len(content) != 1 || records[2].GetNote() == "" {
		t.Errorf("what was destroyed: %v", records[2])
	}

	// Until both have applied the removals, it is too early.
	req := &segmentationv1.ErasePersonRequest{Respondent: "who", Erasure: "erasures/e1", Position: 3}
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if _, err := client.ErasePerson(short, req); err == nil {
		t.Error("it was erased before all was applied")
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = f.store.MoveFollower(context.WithoutCancel(ctx), "cases", 0, 4) })
	for range 2 {
		got, err := client.ErasePerson(ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		var letters int64
		for _, r := range got.GetRemovals() {
			if r.GetKind() == "dead_letters" && r.GetService() == "segmentation" {
				letters += r.GetCount()
			}
		}
		if letters != 1 {
			t.Errorf("%v", got)
		}
	}
	_, err = client.ErasePerson(ctx, &segmentationv1.ErasePersonRequest{Respondent: "who", Erasure: "e1"})
	refused(t, "no erasure", err, codes.InvalidArgument, "VALIDATION_FAILED", "erasure")
}

// TestErasureNeedsAllIdentities: who erases a customer elsewhere, too, is told by what else the customer is known, and cannot leave any of it out.
func TestErasureNeedsAllIdentities(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := rpcclient.WithOrganization(t.Context(), "acme")
	var persons []string
	for _, id := range []string{"ann", "card-7"} {
		p, err := f.keeper.Pseudonym(ctx, "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		persons = append(persons, p)
	}
	contacts := segmentationv1.NewContactServiceClient(f.as("admin"))
	_, err := contacts.UpdateContact(t.Context(), &segmentationv1.UpdateContactRequest{
		Contact:      &segmentationv1.Contact{Name: "contacts/ann", Identities: []*segmentationv1.Identity{{Channel: "card", Identifier: "card-7"}}},
		AllowMissing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	client := segmentationv1.NewPersonServiceClient(f.as("service"))
	for i, p := range persons {
		known, err := client.QueryPersonIdentities(ctx, &segmentationv1.QueryPersonIdentitiesRequest{Person: p})
		if err != nil || !slices.Equal(known.GetPersons(), []string{p, persons[1-i]}) {
			t.Errorf("%v, %v", known, err)
		}
	}
	req := &segmentationv1.ErasePersonRequest{Person: persons[1], Persons: persons[1:], Erasure: "erasures/e1"}
	_, err = client.ErasePerson(ctx, req)
	refused(t, "one of two", err, codes.FailedPrecondition, "IDENTITIES_CHANGED", "")
	req.Persons = persons
	if _, err := client.ErasePerson(ctx, req); err != nil {
		t.Fatal(err)
	}
	_, err = contacts.GetContact(t.Context(), &segmentationv1.GetContactRequest{Name: "contacts/ann"})
	refused(t, "the contact", err, codes.NotFound, "CONTACT_NOT_FOUND", "")
	for what, req := range map[string]*segmentationv1.ErasePersonRequest{
		"nobody": {Erasure: "erasures/e1"}, "both": {Respondent: "ann", Person: persons[0], Erasure: "erasures/e1"},
	} {
		_, err := client.ErasePerson(ctx, req)
		refused(t, what, err, codes.InvalidArgument, "VALIDATION_FAILED", "")
	}
}

package api

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// TestPersons exports all that is kept of a person with the originals, and tells of an erasure once it has arrived.
func TestPersons(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pseudonym, err := f.keeper.Pseudonym(t.Context(), "acme", "who")
	if err != nil {
		t.Fatal(err)
	}
	person, _ := seal.ParsePseudonym(pseudonym)
	mine, lost, theirs := f.comment("r1", "one", store.Positive), f.comment("r2", "two", store.Positive), f.comment("r3", "three", store.Positive)
	mine.Person, lost.Person, lost.Key = person, person, "gone"
	f.add(t, mine, lost, theirs)
	client := commentv1.NewPersonServiceClient(f.as("admin"))
	stream, err := client.ExportPerson(t.Context(), &commentv1.ExportPersonRequest{Respondent: "who"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]any{}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range r.GetRecords() {
			found[record.GetName()] = record.GetContent().AsMap()["originalText"]
		}
	}
	if len(found) != 2 || found[fmt.Sprintf(whyOf, "r1")] != "original of one" || found[fmt.Sprintf(whyOf, "r2")] != nil {
		t.Errorf("%v", found)
	}
	b := store.Batch{From: f.position, To: f.position + 1, Removals: []store.Removal{{Organization: "acme", Survey: "s", Response: "r1", Erasure: "e1", Position: f.position + 1}}}
	if err := f.store.ApplyEvents(t.Context(), "test", b); err != nil {
		t.Fatal(err)
	}
	got, err := client.ErasePerson(t.Context(), &commentv1.ErasePersonRequest{Respondent: "who", Erasure: "erasures/e1", Position: b.To})
	if err != nil || len(got.GetRemovals()) != 5 || got.GetRemovals()[0].GetKind() != "comments" || got.GetRemovals()[0].GetCount() != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

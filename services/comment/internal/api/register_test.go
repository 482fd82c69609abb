package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// TestRegister enters a risk, moves it on and off, and proposes what emerges.
func TestRegister(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := commentv1.NewRegisterServiceClient(f.as("admin"))
	create := func(id string, e *commentv1.RegisterEntry) (*commentv1.RegisterEntry, error) {
		r, err := client.CreateRegisterEntry(t.Context(), &commentv1.CreateRegisterEntryRequest{RegisterEntryId: id, RegisterEntry: e})
		return r.GetRegisterEntry(), err
	}
	risk := func() *commentv1.RegisterEntry {
		return &commentv1.RegisterEntry{Kind: commentv1.RegisterEntry_KIND_RISK, DisplayName: "Queues", Aspect: "aspects/own"}
	}
	_, err := create("e1", risk())
	refused(t, "an unknown aspect", err, codes.InvalidArgument, "ASPECT_NOT_FOUND", "register_entry.aspect")
	if _, err := f.store.CreateAspect(t.Context(), store.Aspect{Organization: "acme", ID: "own", Phrases: []string{"x"}}, 9); err != nil {
		t.Fatal(err)
	}
	trend := &commentv1.RegisterEntry{Kind: commentv1.RegisterEntry_KIND_TREND, DisplayName: "x", Likelihood: 1}
	_, err = create("e1", trend)
	refused(t, "a trend that is assessed", err, codes.InvalidArgument, "REGISTER_ENTRY_INVALID", "register_entry.likelihood")
	_, err = create("e1", &commentv1.RegisterEntry{Kind: commentv1.RegisterEntry_KIND_TREND, DisplayName: "x", Sentiment: 1})
	refused(t, "a sentiment of nothing", err, codes.InvalidArgument, "REGISTER_ENTRY_INVALID", "register_entry.sentiment")
	_, err = create("e1", &commentv1.RegisterEntry{Kind: commentv1.RegisterEntry_KIND_RISK})
	refused(t, "no name", err, codes.InvalidArgument, "VALIDATION_FAILED", "register_entry.display_name")
	made, err := create("e1", risk())
	if err != nil || made.GetState() != commentv1.RegisterEntry_STATE_UNDER_REVIEW || len(made.GetChanges()) != 1 || made.GetChanges()[0].GetActor() != "boss" {
		t.Fatalf("%v, %v", made, err)
	}
	f.clock.Advance(time.Minute)
	if again, err := create("e1", risk()); err != nil || again.GetEtag() != made.GetEtag() {
		t.Errorf("%v, %v: want what is there", again, err)
	}
	different := risk()
	different.DisplayName = "Others"
	_, err = create("e1", different)
	refused(t, "another one under the same identifier", err, codes.AlreadyExists, "REGISTER_ENTRY_EXISTS", "register_entry_id")

	update := func(e *commentv1.RegisterEntry, paths ...string) (*commentv1.RegisterEntry, error) {
		e.Name = "registerEntries/e1"
		r, err := client.UpdateRegisterEntry(t.Context(), &commentv1.UpdateRegisterEntryRequest{RegisterEntry: e, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return r.GetRegisterEntry(), err
	}
	accepted := commentv1.RegisterEntry_STATE_ACCEPTED
	_, err = update(&commentv1.RegisterEntry{State: accepted}, "state")
	refused(t, "not assessed", err, codes.FailedPrecondition, "REGISTER_TRANSITION", "register_entry.state")
	_, err = update(&commentv1.RegisterEntry{State: commentv1.RegisterEntry_STATE_DONE, Likelihood: 1, Impact: 1, Actions: []*commentv1.RegisterAction{{Text: "x"}}}, "state", "likelihood", "impact", "actions")
	refused(t, "a leap", err, codes.FailedPrecondition, "REGISTER_TRANSITION", "register_entry.state")
	_, err = update(&commentv1.RegisterEntry{Likelihood: 9}, "likelihood")
	refused(t, "beyond the scale", err, codes.InvalidArgument, "VALIDATION_FAILED", "register_entry.likelihood")
	_, err = update(&commentv1.RegisterEntry{}, "severity")
	refused(t, "a field that is told only", err, codes.InvalidArgument, "VALIDATION_FAILED", "")
	_, err = update(&commentv1.RegisterEntry{Etag: "x", Owner: "me"}, "owner")
	refused(t, "an old etag", err, codes.Aborted, "ETAG_MISMATCH", "register_entry.etag")
	// What it is about may have been deleted since: the rest can be changed all the same.
	if err := f.store.DeleteAspect(t.Context(), "acme", "own"); err != nil {
		t.Fatal(err)
	}
	moved, err := update(&commentv1.RegisterEntry{Etag: made.GetEtag(), State: accepted, Likelihood: 4, Impact: 5}, "state", "likelihood", "impact")
	if err != nil || moved.GetSeverity() != 20 || len(moved.GetChanges()) != 2 || moved.GetAspect() != "aspects/own" || !moved.GetUpdateTime().AsTime().After(moved.GetCreateTime().AsTime()) {
		t.Errorf("%v, %v", moved, err)
	}
	_, err = update(&commentv1.RegisterEntry{Aspect: "aspects/nothing"}, "aspect")
	refused(t, "an unknown aspect", err, codes.InvalidArgument, "ASPECT_NOT_FOUND", "register_entry.aspect")

	if _, err := create("", &commentv1.RegisterEntry{Kind: commentv1.RegisterEntry_KIND_TREND, DisplayName: "Tea"}); err != nil {
		t.Fatal(err)
	}
	list := func(req *commentv1.ListRegisterEntriesRequest) []string {
		return pages(t, func(token string) (names []string, next string, err error) {
			req.PageSize, req.PageToken = 1, token
			r, err := client.ListRegisterEntries(t.Context(), req)
			for _, e := range r.GetRegisterEntries() {
				names = append(names, e.GetDisplayName())
			}
			return names, r.GetNextPageToken(), err
		})
	}
	if got := list(&commentv1.ListRegisterEntriesRequest{}); !slices.Equal(got, []string{"Queues", "Tea"}) {
		t.Errorf("%v", got)
	}
	if got := list(&commentv1.ListRegisterEntriesRequest{Kind: commentv1.RegisterEntry_KIND_RISK, States: []commentv1.RegisterEntry_State{accepted}}); !slices.Equal(got, []string{"Queues"}) {
		t.Errorf("%v", got)
	}
	_, err = commentv1.NewRegisterServiceClient(f.as("other")).GetRegisterEntry(t.Context(), &commentv1.GetRegisterEntryRequest{Name: "registerEntries/e1"})
	refused(t, "another organisation", err, codes.NotFound, "REGISTER_ENTRY_NOT_FOUND", "")
	if _, err := client.DeleteRegisterEntry(t.Context(), &commentv1.DeleteRegisterEntryRequest{Name: "registerEntries/e1"}); err != nil {
		t.Error(err)
	}
	_, err = client.DeleteRegisterEntry(t.Context(), &commentv1.DeleteRegisterEntryRequest{Name: "registerEntries/e1"})
	refused(t, "gone", err, codes.NotFound, "REGISTER_ENTRY_NOT_FOUND", "")
}

// TestProposals enters what emerges, once, and with names that people can change.
func TestProposals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	long := strings.Repeat("queue", 100)
	for i := range 60 {
		c := f.comment(fmt.Sprintf("r%d", i+1), "the queue was long", store.Negative)
		if c.Analysis.Phrases[0].Text = long; i < 30 {
			c.Analysis.Aspects, c.Analysis.Phrases = nil, nil
		}
		f.add(t, c)
	}
	// The first half lies before the two weeks that are looked at.
	f.clock.Advance(30*time.Minute + 14*24*time.Hour)
	client := commentv1.NewRegisterServiceClient(f.as("admin"))
	got, err := client.ProposeRegisterEntries(t.Context(), &commentv1.ProposeRegisterEntriesRequest{Survey: "surveys/s"})
	if err != nil || len(got.GetRegisterEntries()) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for _, e := range got.GetRegisterEntries() {
		if e.GetState() != commentv1.RegisterEntry_STATE_PROPOSED || e.GetKind() != commentv1.RegisterEntry_KIND_RISK || e.QValue == nil || len(e.GetComments()) == 0 || len(e.GetDisplayName()) > 210 {
			t.Errorf("%v", e)
		}
		_, err := client.UpdateRegisterEntry(t.Context(), &commentv1.UpdateRegisterEntryRequest{
			RegisterEntry: &commentv1.RegisterEntry{Name: e.GetName(), State: commentv1.RegisterEntry_STATE_UNDER_REVIEW}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}},
		})
		if err != nil {
			t.Error(err)
		}
	}
	if again, err := client.ProposeRegisterEntries(t.Context(), &commentv1.ProposeRegisterEntriesRequest{Survey: "surveys/s"}); err != nil || len(again.GetRegisterEntries()) != 0 {
		t.Errorf("%v, %v: want each theme once", again, err)
	}
	if stored, err := f.store.GetEntry(t.Context(), "acme", strings.TrimPrefix(got.GetRegisterEntries()[0].GetName(), "registerEntries/")); err != nil || stored.Kind != register.Risk {
		t.Errorf("%v, %v", stored, err)
	}
}

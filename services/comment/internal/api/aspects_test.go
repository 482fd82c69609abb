package api

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestAspects makes, changes and deletes an aspect; each refusal names its field.
func TestAspects(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := commentv1.NewAspectServiceClient(f.as("admin"))
	own := func() *commentv1.Aspect {
		return &commentv1.Aspect{DisplayName: &typev1.LocalizedText{Texts: map[string]string{"en": "Parking"}}, Phrases: []string{"парковка", "parking lot"}}
	}
	create := func(id string, a *commentv1.Aspect) (*commentv1.Aspect, error) {
		r, err := client.CreateAspect(t.Context(), &commentv1.CreateAspectRequest{AspectId: id, Aspect: a})
		return r.GetAspect(), err
	}
	bare, mute, dots := own(), own(), own()
	bare.DisplayName, mute.Phrases, dots.Phrases = nil, nil, []string{"parking", "..."}
	for _, c := range []struct {
		id     string
		aspect *commentv1.Aspect
		code   codes.Code
		reason string
		field  string
	}{
		{"price", own(), codes.AlreadyExists, "ASPECT_EXISTS", "aspect_id"}, {"Own", own(), codes.InvalidArgument, "VALIDATION_FAILED", "aspect_id"},
		{"own", bare, codes.InvalidArgument, "ASPECT_INVALID", "aspect.display_name"}, {"own", mute, codes.InvalidArgument, "ASPECT_INVALID", "aspect.phrases"},
		{"own", dots, codes.InvalidArgument, "ASPECT_INVALID", "aspect.phrases[1]"},
	} {
		_, err := create(c.id, c.aspect)
		refused(t, c.id+" "+c.field, err, c.code, c.reason, c.field)
	}
	made, err := create("own", own())
	if err != nil || made.GetName() != "aspects/own" || made.GetBuiltIn() || made.GetEtag() == "" {
		t.Fatalf("%v, %v", made, err)
	}
	_, err = create("own", own())
	refused(t, "taken", err, codes.AlreadyExists, "ASPECT_EXISTS", "aspect_id")
	all := pages(t, func(token string) (names []string, next string, err error) {
		r, err := client.ListAspects(t.Context(), &commentv1.ListAspectsRequest{PageSize: 7, PageToken: token})
		for _, a := range r.GetAspects() {
			names = append(names, a.GetName())
		}
		return names, r.GetNextPageToken(), err
	})
	if len(all) != 16 || all[15] != "aspects/own" {
		t.Errorf("%v", all)
	}
	update := func(a *commentv1.Aspect, paths ...string) (*commentv1.Aspect, error) {
		r, err := client.UpdateAspect(t.Context(), &commentv1.UpdateAspectRequest{Aspect: a, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return r.GetAspect(), err
	}
	changed, err := update(&commentv1.Aspect{Name: "aspects/own", Etag: made.GetEtag(), Phrases: []string{"стоянка"}}, "phrases")
	if err != nil || len(changed.GetPhrases()) != 1 || changed.GetDisplayName().GetTexts()["en"] != "Parking" || changed.GetEtag() == made.GetEtag() {
		t.Errorf("%v, %v", changed, err)
	}
	_, err = update(&commentv1.Aspect{Name: "aspects/own", Etag: made.GetEtag(), Phrases: []string{"x"}}, "phrases")
	refused(t, "an old etag", err, codes.Aborted, "ETAG_MISMATCH", "aspect.etag")
	_, err = update(&commentv1.Aspect{Name: "aspects/own"}, "phrases")
	refused(t, "no phrases left", err, codes.InvalidArgument, "ASPECT_INVALID", "aspect.phrases")
	_, err = update(&commentv1.Aspect{Name: "aspects/own"}, "built_in")
	refused(t, "a field that stays", err, codes.InvalidArgument, "VALIDATION_FAILED", "")
	_, err = update(&commentv1.Aspect{Name: "aspects/price", Phrases: []string{"x"}}, "phrases")
	refused(t, "a fixed one", err, codes.FailedPrecondition, "ASPECT_BUILT_IN", "")
	_, err = client.DeleteAspect(t.Context(), &commentv1.DeleteAspectRequest{Name: "aspects/price"})
	refused(t, "a fixed one", err, codes.FailedPrecondition, "ASPECT_BUILT_IN", "")
	_, err = commentv1.NewAspectServiceClient(f.as("other")).GetAspect(t.Context(), &commentv1.GetAspectRequest{Name: "aspects/own"})
	refused(t, "another organisation", err, codes.NotFound, "ASPECT_NOT_FOUND", "")
	if _, err := client.DeleteAspect(t.Context(), &commentv1.DeleteAspectRequest{Name: "aspects/own"}); err != nil {
		t.Error(err)
	}
	_, err = client.DeleteAspect(t.Context(), &commentv1.DeleteAspectRequest{Name: "aspects/own"})
	refused(t, "gone", err, codes.NotFound, "ASPECT_NOT_FOUND", "")
	for i := range mostAspects {
		if _, err := f.store.CreateAspect(t.Context(), store.Aspect{Organization: "acme", ID: fmt.Sprintf("a%d", i), Phrases: []string{"x"}}, mostAspects); err != nil {
			t.Fatal(err)
		}
	}
	_, err = create("last", own())
	refused(t, "too many", err, codes.FailedPrecondition, "ASPECT_LIMIT", "")
}

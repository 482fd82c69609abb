package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

func (f *fixture) lights(who string) segmentationv1.LightServiceClient {
	return segmentationv1.NewLightServiceClient(f.as(who))
}

// answers stores what some customers answered: c0 is red, c1 amber, c2 green, each by three customers, in Osh and Naryn.
func (f *fixture) answers(t *testing.T) {
	t.Helper()
	var batch []store.AnswerChange
	for i := range 27 {
		company, place := i%3, []string{"osh", "naryn"}[i%2]
		batch = append(batch, store.AnswerChange{
			Organization: "acme", Person: fmt.Appendf(nil, "person-%09d", i%9),
			Row: light.Row{
				Survey: "visits", Response: fmt.Sprint("r", i), Company: fmt.Sprint("c", company), Location: place, Region: "south", Employee: "ann", Time: noon.Add(-time.Hour),
				Answers: []light.Answer{{Question: "speed", Value: light.Value((company*4 + 1 + i%2) * light.Resolution / 10)}},
			},
		})
	}
	if err := f.store.ApplyAnswers(t.Context(), "lights", store.LightBatch{To: 1, Now: noon, Changes: batch}); err != nil {
		t.Fatal(err)
	}
}

func TestLightsAreShownAndListed(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	f.answers(t)
	got, err := f.lights("admin").GetLight(ctx, &segmentationv1.GetLightRequest{Name: "companies/c0/light"})
	l := got.GetLight()
	if err != nil || l.GetColour() != segmentationv1.LightColour_LIGHT_COLOUR_RED || l.GetAnswerCount() != 9 || l.GetContactCount() != 3 ||
		l.GetInterval().GetMethod() != clusteredT || l.GetKind() != segmentationv1.LightKind_LIGHT_KIND_COMPANY {
		t.Errorf("got %v, %v", l, err)
	}
	list, err := f.lights("admin").ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_CONTACT, PageSize: 2})
	if err != nil || len(list.GetLights()) != 2 || list.GetNextPageToken() == "" || len(list.GetCounts()) != 3 || list.GetCounts()[0].GetCount() != 3 {
		t.Fatalf("got %v, %v", list, err)
	}
	if c := list.GetLights()[0].GetCompany(); c != "companies/c0" {
		t.Errorf("the first red contact is of %s", c)
	}
	next, err := f.lights("admin").ListLights(ctx, &segmentationv1.ListLightsRequest{
		Kind: segmentationv1.LightKind_LIGHT_KIND_CONTACT, PageSize: 2, PageToken: list.GetNextPageToken(),
	})
	if err != nil || len(next.GetLights()) != 2 || len(next.GetCounts()) != 0 || next.GetLights()[0].GetName() == list.GetLights()[1].GetName() {
		t.Errorf("got %v, %v", next, err)
	}
	_, err = f.lights("admin").GetLight(ctx, &segmentationv1.GetLightRequest{Name: "companies/none/light"})
	refused(t, "a light of nobody", err, codes.NotFound, "LIGHT_NOT_FOUND", "")
	_, err = f.lights("other").GetLight(ctx, &segmentationv1.GetLightRequest{Name: "companies/c0/light"})
	refused(t, "a light of another organisation", err, codes.NotFound, "LIGHT_NOT_FOUND", "")
	_, err = f.lights("admin").ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_STAFF, Company: "companies/c0"})
	refused(t, "employees of a company", err, codes.InvalidArgument, "LIGHT_FILTER_INVALID", "company")
	_, err = f.lights("admin").ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_CONTACT, Region: "regions/south"})
	refused(t, "contacts of a region", err, codes.InvalidArgument, "LIGHT_FILTER_INVALID", "region")
}

// What was said of an employee is seen by those who may see who persons are, and by nobody in the order of who does worst.
func TestLightsOfStaff(t *testing.T) {
	t.Parallel()
	f, ctx := newFixture(t), t.Context()
	f.answers(t)
	var batch []store.AnswerChange
	for i := range 18 {
		batch = append(batch, store.AnswerChange{Organization: "acme", Row: light.Row{
			Survey: "visits", Response: fmt.Sprint("s", i), Employee: []string{"aaron", "zoe"}[i%2], Time: noon.Add(-time.Hour),
			Answers: []light.Answer{{Question: "speed", Value: light.Value([]int{10, 1}[i%2] * light.Resolution / 10)}},
		}})
	}
	need(t, f.store.ApplyAnswers(ctx, "lights", store.LightBatch{From: store.Unmoved, To: store.Unmoved, Now: noon, Changes: batch}))
	var listed []string
	for req := (&segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_STAFF, PageSize: 2}); ; {
		page, err := f.lights("admin").ListLights(ctx, req)
		need(t, err)
		for _, l := range page.GetLights() {
			listed = append(listed, l.GetName())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if want := []string{"employees/aaron/light", "employees/ann/light", "employees/zoe/light"}; !slices.Equal(listed, want) {
		t.Errorf("listed %v, want %v", listed, want)
	}
	_, err := f.lights("blind").ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_STAFF})
	refused(t, "a list", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
	_, err = f.lights("blind").GetLight(ctx, &segmentationv1.GetLightRequest{Name: "employees/zoe/light"})
	refused(t, "one", err, codes.NotFound, "LIGHT_NOT_FOUND", "")
}

func TestRestrictedCallersSeeTheirLights(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	f.answers(t)
	// It sees what is Osh's.
	for name, seen := range map[string]bool{"locations/osh/light": true, "locations/naryn/light": false, "companies/c0/light": false, "employees/ann/light": false} {
		_, err := f.lights("osh").GetLight(ctx, &segmentationv1.GetLightRequest{Name: name})
		if seen && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !seen {
			refused(t, name, err, codes.NotFound, "LIGHT_NOT_FOUND", "")
		}
	}
	list, err := f.lights("osh").ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_LOCATION})
	if err != nil || len(list.GetLights()) != 1 || list.GetLights()[0].GetName() != "locations/osh/light" {
		t.Errorf("got %v, %v", list, err)
	}
	order, err := f.lights("osh").ListWorkOrder(ctx, &segmentationv1.ListWorkOrderRequest{})
	if err != nil || len(order.GetEntries()) != 0 {
		t.Errorf("got %v, %v", order, err)
	}
	_, err = f.lights("osh").GetLightPolicy(ctx, &segmentationv1.GetLightPolicyRequest{})
	refused(t, "the policy", err, codes.PermissionDenied, authz.ReasonUnitsRestricted, "")
}

func TestWorkOrderNamesRedCompaniesWithTheirRedContacts(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	f.answers(t)
	order, err := f.lights("admin").ListWorkOrder(ctx, &segmentationv1.ListWorkOrderRequest{ContactLimit: 2})
	if err != nil || len(order.GetEntries()) != 1 || order.GetNextPageToken() != "" {
		t.Fatalf("got %v, %v", order, err)
	}
	e := order.GetEntries()[0]
	if e.GetCompany().GetName() != "companies/c0/light" || len(e.GetContacts()) != 2 || e.GetRedContactCount() != 3 || e.GetContacts()[0].GetCompany() != "companies/c0" {
		t.Errorf("got %v", e)
	}
}

func TestPolicyIsPreviewedAndChanged(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	f.answers(t)
	c := f.lights("admin")
	was, err := c.GetLightPolicy(ctx, &segmentationv1.GetLightPolicyRequest{})
	if err != nil || was.GetLightPolicy().GetRedBelow() != 5 || was.GetLightPolicy().GetVersion() != 0 {
		t.Fatalf("got %v, %v", was, err)
	}
	change := &segmentationv1.LightPolicy{RedBelow: 7}
	preview, err := c.PreviewLightPolicy(ctx, &segmentationv1.PreviewLightPolicyRequest{LightPolicy: change, Limit: 1})
	if err != nil || preview.GetLightPolicy().GetAmberBelow() != 8 || len(preview.GetMoved()) != 1 {
		t.Fatalf("got %v, %v", preview, err)
	}
	amberToRed := func(m *segmentationv1.LightMove) bool {
		return m.GetKind() == segmentationv1.LightKind_LIGHT_KIND_COMPANY && m.GetFrom() == segmentationv1.LightColour_LIGHT_COLOUR_AMBER &&
			m.GetTo() == segmentationv1.LightColour_LIGHT_COLOUR_RED && m.GetCount() == 1
	}
	if !slices.ContainsFunc(preview.GetMoves(), amberToRed) {
		t.Errorf("no company turns from amber to red: %v", preview.GetMoves())
	}
	change.Etag = was.GetLightPolicy().GetEtag()
	now, err := c.UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{LightPolicy: change})
	if err != nil || now.GetLightPolicy().GetVersion() != 1 || !now.GetLightPolicy().GetCounting() {
		t.Fatalf("got %v, %v", now, err)
	}
	_, err = c.UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{LightPolicy: change})
	refused(t, "a change of what was there before", err, codes.Aborted, "ETAG_MISMATCH", "light_policy.etag")
	change.Etag = ""
	again, err := c.UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{LightPolicy: change})
	if err != nil || again.GetLightPolicy().GetVersion() != 1 {
		t.Errorf("the same change again: %v, %v", again, err)
	}
	for more := true; more; {
		if more, err = f.store.CountLights(ctx, f.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.GetLight(ctx, &segmentationv1.GetLightRequest{Name: "companies/c1/light"})
	if l := got.GetLight(); err != nil || l.GetColour() != segmentationv1.LightColour_LIGHT_COLOUR_RED || l.GetPreviousColour() != segmentationv1.LightColour_LIGHT_COLOUR_AMBER ||
		l.GetPolicyVersion() != 1 {
		t.Errorf("got %v, %v", l, err)
	}
}

// Who tries thresholds reads off no means of employees unless their lights are for the caller to see, and none of contacts that it may not list.
func TestPreviewNamesWhomTheCallerSees(t *testing.T) {
	t.Parallel()
	f, ctx := newFixture(t), t.Context()
	f.answers(t)
	change := &segmentationv1.LightPolicy{RedBelow: 7, AmberBelow: 9}
	var counts []*segmentationv1.LightMove
	for _, c := range []struct {
		who   string
		named []string
	}{
		{"admin", []string{"companies", "contacts", "employees", "locations"}}, {"blind", []string{"companies", "contacts", "locations"}}, {"editor", []string{"companies", "locations"}},
	} {
		got, err := f.lights(c.who).PreviewLightPolicy(ctx, &segmentationv1.PreviewLightPolicyRequest{LightPolicy: change})
		need(t, err)
		var named []string
		for _, m := range got.GetMoved() {
			kind, _, _ := strings.Cut(m.GetLight(), "/")
			named = append(named, kind)
		}
		slices.Sort(named)
		if named = slices.Compact(named); !slices.Equal(named, c.named) {
			t.Errorf("%s is told of %v, want %v", c.who, named, c.named)
		}
		if counts == nil {
			counts = got.GetMoves()
		}
		if !slices.EqualFunc(got.GetMoves(), counts, func(a, b *segmentationv1.LightMove) bool { return proto.Equal(a, b) }) {
			t.Errorf("%s is told the numbers %v, others %v", c.who, got.GetMoves(), counts)
		}
		first, err := f.lights(c.who).PreviewLightPolicy(ctx, &segmentationv1.PreviewLightPolicyRequest{LightPolicy: change, Limit: 1})
		need(t, err)
		if len(first.GetMoved()) != 1 || !proto.Equal(first.GetMoved()[0], got.GetMoved()[0]) {
			t.Errorf("%s is told %v first, want %v", c.who, first.GetMoved(), got.GetMoved()[0])
		}
	}
}

func TestPoliciesThatMeanNothingAreRefused(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	single := segmentationv1.LightPolicy_MODE_SINGLE_QUESTION
	for field, p := range map[string]*segmentationv1.LightPolicy{
		"light_policy.amber_below":      {RedBelow: 8, AmberBelow: 5},
		"light_policy.red_below":        {RedBelow: 11},
		"light_policy.question":         {Mode: single, Survey: "surveys/visits", Question: "sped"},
		"light_policy.survey":           {Mode: single, Survey: "surveys/none", Question: "speed"},
		"light_policy.confidence_level": {ConfidenceLevel: 2},
	} {
		_, err := f.lights("admin").UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{LightPolicy: p})
		refused(t, field, err, codes.InvalidArgument, "LIGHT_POLICY_INVALID", field)
		_, err = f.lights("admin").PreviewLightPolicy(ctx, &segmentationv1.PreviewLightPolicyRequest{LightPolicy: p})
		refused(t, "preview of "+field, err, codes.InvalidArgument, "LIGHT_POLICY_INVALID", field)
	}
	_, err := f.lights("admin").UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{
		LightPolicy: &segmentationv1.LightPolicy{}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"version"}},
	})
	if err == nil {
		t.Error("the version is changed")
	}
	if _, err := f.lights("admin").UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{
		LightPolicy: &segmentationv1.LightPolicy{Mode: single, Survey: "surveys/visits", Question: "speed"},
	}); err != nil {
		t.Error(err)
	}
}

func TestCompaniesAreValuedByWhatIsDeclared(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := segmentationv1.NewLightServiceClient(f.as("admin"))
	declare(t, f, "company.revenue", segmentationv1.Attribute_TYPE_NUMBER)
	declare(t, f, "company.sector", segmentationv1.Attribute_TYPE_STRING)
	for _, key := range []string{"revenues", "sector", "zzz"} {
		_, err := client.UpdateLightPolicy(t.Context(), &segmentationv1.UpdateLightPolicyRequest{LightPolicy: &segmentationv1.LightPolicy{ValueAttribute: key}})
		refused(t, "by "+key, err, codes.InvalidArgument, "LIGHT_POLICY_INVALID", "light_policy.value_attribute")
	}
	_, err := client.UpdateLightPolicy(t.Context(), &segmentationv1.UpdateLightPolicyRequest{LightPolicy: &segmentationv1.LightPolicy{ValueAttribute: "revenue"}})
	need(t, err)
}

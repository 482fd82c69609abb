package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
)

func TestListSurveys(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: fmt.Sprintf("v%d", i)})
	}
	var got []string
	req := &surveyv1.ListSurveysRequest{PageSize: 2}
	for page := 0; ; page++ {
		r, err := f.surveys.ListSurveys(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.GetSurveys() {
			got = append(got, strings.TrimPrefix(s.GetName(), "surveys/"))
		}
		if req.PageToken = r.GetNextPageToken(); req.PageToken == "" {
			break
		}
		f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: fmt.Sprintf("later-%d", page)})
	}
	if want := []string{"v4", "v3", "v2", "v1", "v0"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestPageTokens(t *testing.T) {
	f := newFixture(t, func(o *api.Options) { o.PageTTL = time.Hour })
	survey := f.published(t, visit())
	for i := range 3 {
		if _, err := f.submit(t.Context(), survey, fmt.Sprint(i), good()); err != nil {
			t.Fatal(err)
		}
	}
	first, err := f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey, PageSize: 2})
	if err != nil || len(first.GetResponses()) != 2 || first.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	token := first.GetNextPageToken()
	list := func(req *surveyv1.ListResponsesRequest) (*surveyv1.ListResponsesResponse, error) {
		req.PageToken = token
		return f.surveys.ListResponses(t.Context(), req)
	}
	// The size may change from page to page.
	if r, err := list(&surveyv1.ListResponsesRequest{Parent: survey, PageSize: 7}); err != nil || len(r.GetResponses()) != 1 || r.GetNextPageToken() != "" {
		t.Fatalf("%v, %v", r, err)
	}
	invalid := func(err error) {
		t.Helper()
		if e := refused(t, err, codes.InvalidArgument, "PAGE_TOKEN_INVALID"); len(e.Fields) != 1 || e.Fields[0].Field != "page_token" || e.Domain != "survey.otklik" {
			t.Fatalf("%+v", e)
		}
	}
	_, err = list(&surveyv1.ListResponsesRequest{Parent: survey, Period: &typev1.Period{StartTime: timestamppb.New(start)}})
	invalid(err)
	_, err = list(&surveyv1.ListResponsesRequest{Parent: f.published(t, visit())})
	invalid(err)
	_, err = f.surveys.ListRefusals(t.Context(), &surveyv1.ListRefusalsRequest{Parent: survey, PageToken: token})
	invalid(err)
	_, err = f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey, PageToken: "nonsense"})
	invalid(err)
	f.clock.Advance(time.Hour + time.Second)
	_, err = list(&surveyv1.ListResponsesRequest{Parent: survey})
	invalid(err)
}

func TestPagesOfLargeItems(t *testing.T) {
	f := newFixture(t)
	long := visit()
	for i := range 150 {
		long.Questions = append(long.Questions, &surveyv1.Question{Id: fmt.Sprintf("t%d", i), Text: text(strings.Repeat("ө", 1900), "?"),
			Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}})
	}
	for range 5 {
		f.create(t, &surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: "long", Draft: long}})
	}
	var pages, items int
	req := &surveyv1.ListSurveysRequest{PageSize: 1000}
	for {
		r, err := f.surveys.ListSurveys(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if size := proto.Size(r); size > 4<<20 {
			t.Fatalf("a page of %d bytes", size)
		}
		pages, items = pages+1, items+len(r.GetSurveys())
		if req.PageToken = r.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if items != 5 || pages < 2 {
		t.Fatalf("%d items on %d pages", items, pages)
	}
}

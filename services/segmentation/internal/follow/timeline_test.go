package follow

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func TestRemembered(t *testing.T) {
	t.Parallel()
	person := []byte("0123456789abcdef")
	who, at := seal.FormatPseudonym(person), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	where := &typev1.Context{Touchpoint: "checkout", Channel: "app", Location: "s1", Region: "north", Company: "firm", Employee: "e1"}
	units := timeline.Units{Location: "s1", Region: "north", Company: "firm", Employee: "e1"}
	response := func(change func(*surveyv1.Event)) *surveyv1.Event {
		e := &surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Response{Response: &surveyv1.Response{
			Name: "surveys/s/responses/1", Revision: "surveys/s/revisions/2", Respondent: who, CountTime: timestamppb.New(at), Language: "ky", Context: where,
			Answers: []*surveyv1.Answer{{Question: "a"}, {Question: "b"}},
		}}}
		change(e)
		return e
	}
	answered := store.RememberedAnswer{
		Organization: "acme", Resource: "surveys/s/responses/1", Person: person, Time: at,
		Answer: &timeline.Answer{Units: units, Revision: "surveys/s/revisions/2", Touchpoint: "checkout", Channel: "app", Language: "ky", Answers: 2},
	}
	invited := answered
	invited.Invitation = &timeline.Invitation{Units: units, Invitation: "i1", Outcome: timeline.Answered, Touchpoint: "checkout", Channel: "app"}
	for name, c := range map[string]struct {
		event *surveyv1.Event
		want  *store.RememberedAnswer
	}{
		"an answer":               {response(func(*surveyv1.Event) {}), &answered},
		"an answer by invitation": {response(func(e *surveyv1.Event) { e.GetResponse().Invitation = "i1" }), &invited},
		"an answer of nobody":     {response(func(e *surveyv1.Event) { e.GetResponse().Respondent = "" }), nil},
		"an answer of staff":      {response(func(e *surveyv1.Event) { e.PopulationProtected = true }), nil},
		"a refusal": {&surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Refusal{Refusal: &surveyv1.Refusal{
			Name: "surveys/s/refusals/1", Respondent: who, CountTime: timestamppb.New(at), Kind: surveyv1.Refusal_KIND_TIMED_OUT, Invitation: "i2",
		}}}, &store.RememberedAnswer{
			Organization: "acme", Resource: "surveys/s/refusals/1", Person: person, Time: at,
			Invitation: &timeline.Invitation{Invitation: "i2", Outcome: timeline.TimedOut},
		}},
		"a removal": {&surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{
			Name: "surveys/s/responses/1", Erasure: "erasures/e1",
		}}}, &store.RememberedAnswer{Organization: "acme", Resource: "surveys/s/responses/1", Removed: true, Erasure: "e1"}},
	} {
		got, ok := remembered(c.event)
		if ok != (c.want != nil) {
			t.Errorf("%s is remembered: %v", name, ok)
		}
		if ok {
			if diff := cmp.Diff(*c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func TestRememberedComment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	e := &commentv1.Event{
		Organization: "acme", Response: "surveys/s/responses/1", Time: timestamppb.New(at), Sentiment: commentv1.Sentiment_SENTIMENT_NEGATIVE,
		Aspects: []*commentv1.AspectMention{{Aspect: "aspects/price"}},
	}
	want := store.RememberedComment{
		Organization: "acme", Resource: "surveys/s/responses/1", Time: at, Comment: &timeline.Comment{Sentiment: 1, Aspects: []string{"price"}},
	}
	if diff := cmp.Diff(want, rememberedComment(e)); diff != "" {
		t.Error(diff)
	}
	e.Removed = true
	want.Comment = nil
	if diff := cmp.Diff(want, rememberedComment(e)); diff != "" {
		t.Error(diff)
	}
}

package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/comment/internal/agreement"
	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// fullAnalysis says all that an analysis can say.
func fullAnalysis() store.Analysis {
	span := store.Span{Start: 1, End: 3}
	return store.Analysis{
		Model: "m", AspectsVersion: 1, Language: store.Kyrgyz, Variety: "ky_lat", LanguageProbability: 0.5, MixedLanguages: true,
		LanguageSpans: []store.LanguageSpan{{Span: span, Variety: "ru"}}, Sentiment: store.Mixed, Probabilities: [4]float32{0.125, 0.25, 0.375, 0.25},
		Aspects: []store.AspectMention{{Aspect: "price", Sentiment: store.Negative, Probability: 0.5, Evidence: span}},
		Phrases: []store.Phrase{{Span: span, Key: 1, Text: "queue"}}, Redactions: []store.Redaction{{Span: span, Kind: 3}},
	}
}

func fullCorrection() store.Correction {
	return store.Correction{
		ID: 7, Ref: store.Ref{Organization: "acme", Survey: "s", Response: "r", ID: "why"}, Sentiment: store.Neutral, Language: store.Russian, AspectsCorrected: true,
		Aspects: fullAnalysis().Aspects, Analysis: fullAnalysis(), Corrector: "boss", CreateTime: noon,
	}
}

// TestEveryFieldIsTold converts things that say all they can: no field may be forgotten, whatever is added to the messages.
func TestEveryFieldIsTold(t *testing.T) {
	t.Parallel()
	score, previous, correction := 9.0, fullAnalysis(), fullCorrection()
	comment := store.Comment{
		Ref: correction.Ref, Question: "why", CountTime: noon, AnswerLanguage: "ru", Context: store.Context{Location: "osh"}, NPS: &score, Score: &score, Text: "text",
		Analysis: fullAnalysis(), Previous: &previous, Correction: &correction, Duplicates: 3,
	}
	entry := fullEntry()
	for name, c := range map[string]struct {
		m    proto.Message
		want []string
	}{
		"comment": {commentToProto(comment), []string{"comment.withheld_fields"}},
		"entry":   {entryToProto(entry), nil},
		"testimonial": {testimonialToProto(testimonial.Testimonial{
			ID: "t", Survey: "s", Response: "r", Comment: "why", Text: "text", Uses: []testimonial.Use{testimonial.Thanks}, State: testimonial.Withdrawn, Consent: "consents/c",
			Creator: "boss", CreateTime: noon, PublishTime: noon, WithdrawTime: noon,
		}), nil},
		"reanalysis": {reanalysisToProto(store.Reanalysis{ID: "x", Model: "m", CreateTime: noon, EndTime: noon, Done: 1, Total: 2, SentimentsChanged: 3, AspectsChanged: 4}), nil},
		"letter":     {deadLetterToProto(store.DeadLetter{ID: 1, Survey: "s", Response: "r", Reason: "x", CreateTime: noon}), nil},
		"event": {eventToProto(store.Event{
			Position: 1, Organization: "acme", Survey: "s", Response: "r", Sentiment: store.Mixed, Aspects: fullAnalysis().Aspects, Language: store.Russian, Removed: true,
			Model: "m", Time: noon,
		}), nil},
		"aspect": {aspectToProto(store.Aspect{ID: "own", Names: map[string]string{"en": "Own"}, Phrases: []string{"own"}}), []string{"aspect.built_in"}},
		"agreement": {agreementToProto(agreement.Model{
			ID: "m", Sentiments: 1, Agreement: &score, Lower: &score, Upper: &score, Kappa: &score, Confusion: []agreement.Cell{{Label: "a", Predicted: "b", Count: 1}},
			AspectComments: 1, AspectsF1: &score,
		}), nil},
	} {
		if diff := cmp.Diff(c.want, unset(c.m.ProtoReflect(), name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := commentToProto(comment); got.GetAnalysis().GetSentiment().String() != "SENTIMENT_NEUTRAL" || got.GetAnalysis().GetLanguage().String() != "LANGUAGE_RU" {
		t.Errorf("what people said must hold: %v", got.GetAnalysis())
	}
}

func fullEntry() register.Entry {
	q := 0.01
	return register.Entry{
		ID: "e", Kind: register.Risk, State: register.InProgress, DisplayName: "Queues", Description: "They grow", Idea: "More tills", Likelihood: 4, Impact: 5,
		Actions: []register.Action{{Text: "Open a till", Owner: "manager", Due: noon, Done: true}}, Owner: "manager", Survey: "surveys/s", Aspect: "aspects/wait",
		Sentiment: uint8(store.Negative), Phrase: "queue", Comments: []string{"surveys/s/responses/r/comments/why"}, QValue: &q,
		Changes: []register.Change{{State: register.Proposed, Actor: "boss", Time: noon}}, CreateTime: noon, UpdateTime: noon, Version: 3,
	}
}

// TestThereAndBack converts what clients send as well as get.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	want := fullEntry()
	got := entryFromProto(entryToProto(want))
	got.ID, got.QValue, got.Changes, got.CreateTime, got.UpdateTime, got.Version = want.ID, want.QValue, want.Changes, want.CreateTime, want.UpdateTime, want.Version
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	mentions := append(fullAnalysis().Aspects, store.AspectMention{Aspect: "own", Sentiment: store.Positive})
	if diff := cmp.Diff(mentions, mentionsFromProto(mentionsToProto(mentions))); diff != "" {
		t.Error(diff)
	}
}

// TestEtags: an etag is that of one version of one thing.
func TestEtags(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	for _, created := range []time.Time{{}, noon, noon.Add(time.Microsecond)} {
		for version := range int64(3) {
			met[etag(created, version)] = true
		}
	}
	if len(met) != 9 {
		t.Errorf("%d etags, want 9", len(met))
	}
}

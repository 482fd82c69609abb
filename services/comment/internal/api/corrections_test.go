package api

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// TestCorrections corrects, lists and compares with the model.
func TestCorrections(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.many(t, 3, store.Negative)
	client := f.comments("admin")
	correct := func(response string, c *commentv1.Correction) (*commentv1.Comment, error) {
		r, err := client.CorrectComment(t.Context(), &commentv1.CorrectCommentRequest{Name: fmt.Sprintf(whyOf, response), Correction: c})
		return r.GetComment(), err
	}
	aspects := func(names ...string) (out []*commentv1.AspectMention) {
		for _, name := range names {
			out = append(out, &commentv1.AspectMention{Aspect: "aspects/" + name, Sentiment: commentv1.Sentiment_SENTIMENT_NEGATIVE})
		}
		return out
	}
	placed := func(start, end int32) *commentv1.Correction {
		list := aspects("price")
		list[0].Evidence = &commentv1.TextSpan{Start: start, End: end}
		return &commentv1.Correction{AspectsCorrected: true, Aspects: list}
	}
	for what, c := range map[string]struct {
		correction    *commentv1.Correction
		reason, field string
	}{
		"nothing":           {&commentv1.Correction{}, "CORRECTION_INVALID", "correction"},
		"aspects unsaid":    {&commentv1.Correction{Aspects: aspects("price")}, "CORRECTION_INVALID", "correction.aspects_corrected"},
		"unknown aspect":    {&commentv1.Correction{AspectsCorrected: true, Aspects: aspects("price", "nothing")}, "CORRECTION_INVALID", "correction.aspects[1].aspect"},
		"twice":             {&commentv1.Correction{AspectsCorrected: true, Aspects: aspects("price", "price")}, "CORRECTION_INVALID", "correction.aspects[1].aspect"},
		"beyond the text":   {placed(0, 19), "CORRECTION_INVALID", "correction.aspects[0].evidence"},
		"before the text":   {placed(-1, 3), "CORRECTION_INVALID", "correction.aspects[0].evidence"},
		"no text":           {placed(3, 3), "CORRECTION_INVALID", "correction.aspects[0].evidence"},
		"no name":           {&commentv1.Correction{AspectsCorrected: true, Aspects: []*commentv1.AspectMention{{Aspect: "x", Sentiment: 1}}}, "VALIDATION_FAILED", "correction.aspects[0].aspect"},
		"unknown sentiment": {&commentv1.Correction{Sentiment: 9}, "VALIDATION_FAILED", "correction.sentiment"},
	} {
		_, err := correct("r1", c.correction)
		refused(t, what, err, codes.InvalidArgument, c.reason, c.field)
	}
	_, err := correct("none", &commentv1.Correction{Sentiment: 1})
	refused(t, "no such comment", err, codes.NotFound, "COMMENT_NOT_FOUND", "")

	got, err := correct("r1", &commentv1.Correction{Sentiment: commentv1.Sentiment_SENTIMENT_MIXED, Language: commentv1.Language_LANGUAGE_KY, AspectsCorrected: true, Aspects: aspects("price", "wait")})
	if err != nil || got.GetAnalysis().GetSentiment() != commentv1.Sentiment_SENTIMENT_MIXED || got.GetAnalysis().GetLanguage() != commentv1.Language_LANGUAGE_KY ||
		len(got.GetAnalysis().GetAspects()) != 2 || got.GetAnalysis().GetAspects()[0].GetProbability() != 1 || got.GetCorrection().GetCorrector() != "boss" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := correct("r2", placed(4, 9)); err != nil || got.GetAnalysis().GetAspects()[0].GetEvidence().GetEnd() != 9 || got.GetAnalysis().GetSentiment() != commentv1.Sentiment_SENTIMENT_NEGATIVE {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := correct("r3", &commentv1.Correction{Sentiment: commentv1.Sentiment_SENTIMENT_NEGATIVE}); err != nil {
		t.Error(err)
	}
	names := pages(t, func(token string) (names []string, next string, err error) {
		r, err := client.ListCorrections(t.Context(), &commentv1.ListCorrectionsRequest{PageSize: 2, PageToken: token})
		for _, c := range r.GetCorrections() {
			names = append(names, c.GetComment())
		}
		return names, r.GetNextPageToken(), err
	})
	if len(names) != 3 || names[0] != fmt.Sprintf(whyOf, "r3") {
		t.Errorf("%v", names)
	}
	agreed, err := client.QueryAgreement(t.Context(), &commentv1.QueryAgreementRequest{})
	if err != nil || len(agreed.GetModels()) != 1 {
		t.Fatalf("%v, %v", agreed, err)
	}
	if m := agreed.GetModels()[0]; m.GetModel() != "models/m" || m.GetSentimentCount() != 2 || m.GetSentimentAgreement() != 0.5 || m.GetAspectsCount() != 2 || m.GetAspectsMicroF1() != 0.4 {
		t.Errorf("%v", m)
	}
	if other, err := f.comments("other").QueryAgreement(t.Context(), &commentv1.QueryAgreementRequest{}); err != nil || len(other.GetModels()) != 0 {
		t.Errorf("%v, %v", other, err)
	}
}

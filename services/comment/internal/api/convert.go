package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// modelName is the resource name of a model.
func modelName(id string) string {
	if id == "" {
		return ""
	}
	return modelsCollection + id
}

func timeToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// commentToProto converts a comment: its analysis is what holds.
func commentToProto(c store.Comment) *commentv1.Comment {
	out := &commentv1.Comment{
		Name: commentName(c.Ref), Question: c.Question, Text: c.Text, CountTime: timestamppb.New(c.CountTime), AnswerLanguage: c.AnswerLanguage,
		Context: contextToProto(c.Context), NpsScore: c.NPS, Score: c.Score, Analysis: analysisToProto(c.Effective()), DuplicateCount: int32(c.Duplicates),
	}
	if c.Previous != nil {
		out.PreviousAnalysis = analysisToProto(*c.Previous)
	}
	if c.Correction != nil {
		out.Correction = correctionToProto(*c.Correction)
	}
	return out
}

func contextToProto(c store.Context) *typev1.Context {
	return &typev1.Context{
		Touchpoint: c.Touchpoint, Channel: c.Channel, Location: c.Location, Region: c.Region, Company: c.Company, Attributes: c.Attributes,
	}
}

func analysisToProto(a store.Analysis) *commentv1.Analysis {
	out := &commentv1.Analysis{
		Model: modelName(a.Model), Language: commentv1.Language(a.Language), LanguageVariety: a.Variety, LanguageProbability: float64(a.LanguageProbability),
		MixedLanguages: a.MixedLanguages, Sentiment: commentv1.Sentiment(a.Sentiment), Aspects: mentionsToProto(a.Aspects),
		SentimentProbabilities: &commentv1.SentimentProbabilities{
			Negative: float64(a.Probabilities[store.Negative-1]), Neutral: float64(a.Probabilities[store.Neutral-1]),
			Positive: float64(a.Probabilities[store.Positive-1]), Mixed: float64(a.Probabilities[store.Mixed-1]),
		},
	}
	for _, s := range a.LanguageSpans {
		out.LanguageSpans = append(out.LanguageSpans, &commentv1.LanguageSpan{Span: spanToProto(s.Span), LanguageVariety: s.Variety})
	}
	for _, p := range a.Phrases {
		out.KeyPhrases = append(out.KeyPhrases, &commentv1.KeyPhrase{Span: spanToProto(p.Span), Text: p.Text})
	}
	for _, r := range a.Redactions {
		out.Redactions = append(out.Redactions, &commentv1.Redaction{Span: spanToProto(r.Span), Kind: commentv1.PersonalData(r.Kind)})
	}
	return out
}

func spanToProto(s store.Span) *commentv1.TextSpan {
	return &commentv1.TextSpan{Start: s.Start, End: s.End}
}

func mentionsToProto(list []store.AspectMention) []*commentv1.AspectMention {
	var out []*commentv1.AspectMention
	for _, m := range list {
		p := &commentv1.AspectMention{Aspect: aspectsCollection + m.Aspect, Sentiment: commentv1.Sentiment(m.Sentiment), Probability: float64(m.Probability)}
		if m.Evidence != (store.Span{}) {
			p.Evidence = spanToProto(m.Evidence)
		}
		out = append(out, p)
	}
	return out
}

func mentionsFromProto(list []*commentv1.AspectMention) []store.AspectMention {
	var out []store.AspectMention
	for _, m := range list {
		out = append(out, store.AspectMention{
			Aspect: m.GetAspect()[len(aspectsCollection):], Sentiment: store.Sentiment(m.GetSentiment()), Probability: float32(m.GetProbability()),
			Evidence: store.Span{Start: m.GetEvidence().GetStart(), End: m.GetEvidence().GetEnd()},
		})
	}
	return out
}

func correctionToProto(c store.Correction) *commentv1.Correction {
	return &commentv1.Correction{
		Name: correctionName(c.ID), Comment: commentName(c.Ref), Sentiment: commentv1.Sentiment(c.Sentiment), Language: commentv1.Language(c.Language),
		AspectsCorrected: c.AspectsCorrected, Aspects: mentionsToProto(c.Aspects), Analysis: analysisToProto(c.Analysis), Corrector: c.Corrector,
		CreateTime: timestamppb.New(c.CreateTime),
	}
}

func reanalysisToProto(r store.Reanalysis) *commentv1.Reanalysis {
	out := &commentv1.Reanalysis{
		Name: reanalysesCollection + r.ID, State: commentv1.Reanalysis_STATE_RUNNING, Model: modelName(r.Model), CreateTime: timestamppb.New(r.CreateTime),
		EndTime: timeToProto(r.EndTime), CommentsDone: r.Done, CommentsTotal: r.Total, SentimentsChanged: r.SentimentsChanged, AspectsChanged: r.AspectsChanged,
	}
	switch {
	case r.Cancelled:
		out.State = commentv1.Reanalysis_STATE_CANCELLED
	case !r.EndTime.IsZero():
		out.State = commentv1.Reanalysis_STATE_SUCCEEDED
	}
	return out
}

func deadLetterToProto(d store.DeadLetter) *commentv1.CommentDeadLetter {
	out := &commentv1.CommentDeadLetter{Name: letterName(d.ID), Reason: d.Reason, CreateTime: timestamppb.New(d.CreateTime)}
	if d.Response != "" {
		out.Resource = responseName(d.Survey, d.Response)
	}
	return out
}

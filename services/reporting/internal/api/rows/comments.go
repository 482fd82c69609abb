package rows

import (
	"context"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/export"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// commentsPage is as many comments as a page may have.
const commentsPage = 500

// Comments has the comments of a survey, or of all.
type Comments struct {
	Client    commentv1.CommentServiceClient
	Responses *Responses
}

var _ export.Source = Comments{}

// Columns implements export.Source. That the survey is there is asked where its questions are known.
func (c Comments) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	if o.Survey != "" {
		if _, err := c.Responses.Questions(ctx, o.Survey); err != nil {
			return nil, err
		}
	}
	_, err := commentKeys(ctx, o)
	return export.OfComments(), err
}

// Rows implements export.Source.
func (c Comments) Rows(ctx context.Context, o export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	wanted, err := commentKeys(ctx, o)
	if err != nil {
		return refused(err)
	}
	cells := commentCells().filler(o.Columns, attribute((*commentv1.Comment).GetContext))
	return paged(ctx, after, func(ctx context.Context, token string) ([]*commentv1.Comment, string, error) {
		resp, err := c.Client.ListComments(ctx, &commentv1.ListCommentsRequest{
			PageSize: commentsPage, PageToken: token, Filter: &commentv1.CommentFilter{Survey: o.Survey, Period: Period(o)},
		})
		return resp.GetComments(), resp.GetNextPageToken(), err
	}, fn, func(m *commentv1.Comment) error {
		if !wanted(m) {
			return nil
		}
		return fn(export.Mark{}, cells.fill(m))
	})
}

// commentCells are the cells of a comment.
func commentCells() columns[*commentv1.Comment] {
	type row = *commentv1.Comment
	likely := func(of func(*commentv1.SentimentProbabilities) float64) cell[row] {
		return func(m row) export.Cell {
			if p := m.GetAnalysis().GetSentimentProbabilities(); p != nil {
				return number(of(p))
			}
			return export.Cell{}
		}
	}
	return inContext(columns[row]{
		"survey":               func(m row) export.Cell { return text(nth(m.GetName(), 1)) },
		"response_id":          func(m row) export.Cell { return text(nth(m.GetName(), 3)) }, //nolint:mnd // its place in the name
		"comment_id":           func(m row) export.Cell { return text(lastPart(m.GetName())) },
		"question":             func(m row) export.Cell { return text(m.GetQuestion()) },
		"count_time":           func(m row) export.Cell { return moment(m.GetCountTime()) },
		"answer_language":      func(m row) export.Cell { return text(m.GetAnswerLanguage()) },
		"score":                func(m row) export.Cell { return perhaps(m.Score) },
		"nps_score":            func(m row) export.Cell { return perhaps(m.NpsScore) },
		"text_language":        func(m row) export.Cell { return text(m.GetAnalysis().GetLanguageVariety()) },
		"sentiment":            func(m row) export.Cell { return sentiment(m.GetAnalysis().GetSentiment()) },
		"probability_negative": likely((*commentv1.SentimentProbabilities).GetNegative),
		"probability_neutral":  likely((*commentv1.SentimentProbabilities).GetNeutral),
		"probability_positive": likely((*commentv1.SentimentProbabilities).GetPositive),
		"probability_mixed":    likely((*commentv1.SentimentProbabilities).GetMixed),
		"aspects":              func(m row) export.Cell { return list(aspects(m)) },
		"aspects_negative": func(m row) export.Cell {
			return list(aspects(m, commentv1.Sentiment_SENTIMENT_NEGATIVE, commentv1.Sentiment_SENTIMENT_MIXED))
		},
		"aspects_positive": func(m row) export.Cell {
			return list(aspects(m, commentv1.Sentiment_SENTIMENT_POSITIVE, commentv1.Sentiment_SENTIMENT_MIXED))
		},
		"corrected": func(m row) export.Cell { return truth(m.GetCorrection() != nil) },
		"duplicates": func(m row) export.Cell {
			if slices.Contains(m.GetWithheldFields(), "duplicate_count") {
				return export.Cell{}
			}
			return number(m.GetDuplicateCount())
		},
		"text": func(m row) export.Cell { return text(m.GetText()) },
	}, (*commentv1.Comment).GetContext)
}

func sentiment(s commentv1.Sentiment) export.Cell { return word("SENTIMENT_", s.String()) }

// aspects are those that a comment speaks of, once each, in order; only those of which it expresses one of some sentiments where these are named.
func aspects(m *commentv1.Comment, of ...commentv1.Sentiment) (out []string) {
	for _, a := range m.GetAnalysis().GetAspects() {
		if len(of) == 0 || slices.Contains(of, a.GetSentiment()) {
			out = append(out, lastPart(a.GetAspect()))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nth is a part of a name, counted from 0.
func nth(name string, i int) string {
	if parts := strings.Split(name, "/"); i < len(parts) {
		return parts[i]
	}
	return ""
}

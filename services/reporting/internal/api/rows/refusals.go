package rows

import (
	"context"

	"github.com/otklik/otklik/services/reporting/internal/export"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Refusals has the refusals of a survey.
type Refusals struct {
	Client    surveyv1.SurveyServiceClient
	Responses *Responses
}

var _ export.Source = Refusals{}

// Columns implements export.Source. That the survey is there is asked where its questions are known.
func (r Refusals) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	if _, err := r.Responses.Questions(ctx, o.Survey); err != nil {
		return nil, err
	}
	_, err := refusalKeys(ctx, o)
	return export.OfRefusals(), err
}

// Rows implements export.Source.
func (r Refusals) Rows(ctx context.Context, o export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	wanted, err := refusalKeys(ctx, o)
	if err != nil {
		return refused(err)
	}
	cells := refusalCells().filler(o.Columns, attribute((*surveyv1.Refusal).GetContext))
	return paged(ctx, after, func(ctx context.Context, token string) ([]*surveyv1.Refusal, string, error) {
		resp, err := r.Client.ListRefusals(ctx, &surveyv1.ListRefusalsRequest{Parent: o.Survey, PageSize: pageSize, PageToken: token})
		return resp.GetRefusals(), resp.GetNextPageToken(), err
	}, fn, func(m *surveyv1.Refusal) error {
		if !within(o, m.GetCountTime()) || !wanted(m) {
			return nil
		}
		return fn(export.Mark{}, cells.fill(m))
	})
}

// refusalCells are the cells of a refusal.
func refusalCells() columns[*surveyv1.Refusal] {
	type row = *surveyv1.Refusal
	return inContext(columns[row]{
		"refusal_id":   func(m row) export.Cell { return text(lastPart(m.GetName())) },
		"kind":         func(m row) export.Cell { return word("KIND_", m.GetKind().String()) },
		"count_time":   func(m row) export.Cell { return moment(m.GetCountTime()) },
		"refuse_time":  func(m row) export.Cell { return moment(m.GetRefuseTime()) },
		"receive_time": func(m row) export.Cell { return moment(m.GetReceiveTime()) },
		"language":     func(m row) export.Cell { return text(m.GetLanguage()) },
		"respondent":   func(m row) export.Cell { return text(m.GetRespondent()) },
		"invitation":   func(m row) export.Cell { return text(m.GetInvitation()) },
	}, (*surveyv1.Refusal).GetContext)
}

package query_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// TestOptionsThatThereAreNot asks for options that no question has, and for options where nothing takes one.
func TestOptionsThatThereAreNot(t *testing.T) {
	t.Parallel()
	d := data(t, crossed(example()))
	d.History = questionnaire.History{Revisions: []*questionnaire.Revision{
		{Survey: "shop", Number: 1, Population: fact.Customer, Questions: []metric.Question{{ID: "reason", Kind: question.Choice, Options: []string{"queue"}}}},
		{Survey: "shop", Number: 2, Population: fact.Customer, Questions: []metric.Question{
			{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10},
			{ID: "reason", Kind: question.Choice, Options: []string{"price", "other"}}, {ID: "button", Kind: question.Choice, Options: []string{"like", "dislike"}},
		}},
	}}
	share := []metric.ID{metric.Share}
	for _, c := range []struct {
		q                    query.Query
		field, nearest, says string
	}{
		{query.Query{Metrics: share, Question: "reason", Settings: metric.Settings{Option: "prise"}}, "option", "price", `question "reason" has no option "prise"; the nearest is price`},
		{query.Query{Metrics: share, Question: "reason", Settings: metric.Settings{Option: "nothing"}}, "option", "", `has no option "nothing": it has price, other, queue`},
		{query.Query{Metrics: share, Question: "recommend", Settings: metric.Settings{Option: "11"}, GroupBy: []string{"location"}}, "option", "", "no such value"},
		{query.Query{Metrics: share, Question: "*", Settings: metric.Settings{Option: "prise"}}, "option", "", "has no option"},
		{query.Query{Metrics: []metric.ID{metric.NPS}, Settings: metric.Settings{Option: "price"}}, "option", "", "takes an option"},
		{query.Query{Settings: metric.Settings{Option: "price"}}, "option", "", "takes an option"},
		{query.Query{Metrics: share, Question: "reason", Settings: metric.Settings{Positive: "price"}}, "option_roles", "", "ask for a like or smile index"},
		{query.Query{Metrics: []metric.ID{metric.LikeIndex}, Question: "reason"}, "option_roles.positive", "", `no option "like"`},
		{
			query.Query{Metrics: []metric.ID{metric.LikeIndex}, Question: "reason", Settings: metric.Settings{Positive: "price", Negative: "othr"}},
			"option_roles.negative", "other", `no option "othr"`,
		},
	} {
		c.q.Survey = "shop"
		_, err := query.Run(t.Context(), c.q, d)
		var e *query.Error
		if !errors.As(err, &e) || e.Reason != query.MetricMismatch || e.Field != c.field || e.Nearest != c.nearest || !strings.Contains(e.Description, c.says) {
			t.Errorf("%+v: got %v, want %s: %s", c.q.Settings, err, c.field, c.says)
		}
	}
	_, err := query.Run(t.Context(), query.Query{Survey: "shop", Filter: `answers.reason = "prise"`}, d)
	if e := (*query.Error)(nil); !errors.As(err, &e) || e.Reason != query.FilterInvalid || e.Nearest != "price" {
		t.Errorf("in a filter: got %v", err)
	}
	// What an earlier revision had is an option, and of all questions those count that have it.
	for _, q := range []query.Query{
		{Metrics: share, Question: "reason", Settings: metric.Settings{Option: "queue"}}, {Metrics: share, Question: "*", Settings: metric.Settings{Option: "queue"}},
		{Metrics: share, Question: "*", Settings: metric.Settings{Option: "10"}}, {Metrics: []metric.ID{metric.LikeIndex}, Question: "button"},
		{Metrics: []metric.ID{metric.NPS}, Filter: `answers.reason = "queue" OR answers.reason = "pri*"`},
	} {
		q.Survey = "shop"
		if r, err := query.Run(t.Context(), q, d); err != nil || len(r.Rows) == 0 || q.Question == "*" && len(r.Rows) != 1 {
			t.Errorf("%+v: got %v and %v", q, r.Rows, err)
		}
	}
}

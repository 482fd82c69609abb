package query_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestMeanOfAllAnswersWaitsForRows: which responses are one person's, only rows tell, and while they are missing those that are there tell of none.
func TestMeanOfAllAnswersWaitsForRows(t *testing.T) {
	t.Parallel()
	var fs []*fact.Fact
	for i := range 8 {
		fs = append(fs, &fact.Fact{
			ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start, Respondent: []string{"a", "b"}[i%2],
			Answers: []fact.Answer{{Question: "staff", Kind: question.CSAT, Scale: question.Scale1To5, Present: true, Value: question.Centi(1+i%5) * question.Unit}},
		})
	}
	d := data(t, fs)
	q := query.Query{Survey: "shop", Metrics: []metric.ID{metric.Mean}, Variants: []metric.Variant{metric.MeanAllAnswers}}
	r, err := query.Run(t.Context(), q, d)
	if err != nil || len(r.Rows) != 1 || *r.Rows[0].Score.Counts.Respondents != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	d.Table, d.Pending = column.NewTable(), true
	if r, err := query.Run(t.Context(), q, d); !isReason(err, query.RowsPending) {
		t.Errorf("while rows are missing: %+v, %v", r, err)
	}
	if r, err := query.Run(t.Context(), query.Query{Survey: "shop"}, d); err != nil || len(r.Rows) == 0 {
		t.Errorf("what the cube answers waits for rows: %+v, %v", r, err)
	}
}

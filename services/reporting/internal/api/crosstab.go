package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/crosstab"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// definitionCrosstab names what a cross-tabulation is.
const definitionCrosstab = "crosstab"

const (
	// attributePrefix begins what an attribute is called as a key.
	attributePrefix = "attributes."
	// employeeKey is whom answers rate.
	employeeKey = "employee"
)

// answersPrefix begins what a question is called where keys are, too.
const answersPrefix = "answers."

// Methods of a cross-tabulation's intervals.
const (
	wilson     = "WILSON"
	noncentral = "NONCENTRAL_CHI_SQUARE"
)

// QueryCrosstab counts responses by two questions or keys.
func (s *Server) QueryCrosstab(ctx context.Context, req *reportingv1.QueryCrosstabRequest) (*reportingv1.QueryCrosstabResponse, error) {
	axes := [2]axis{{field: "row", key: req.GetRow()}, {field: "column", key: req.GetColumn()}}
	if req.GetRow() == req.GetColumn() {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_ITEM_REPEATED, "column", "it is what the rows are; choose another")
	}
	if req.GetQuery().GetWeighting() != nil {
		return nil, fault.Unweighted("cross-tabulations")
	}
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	for i := range axes {
		if err := axes[i].find(ctx, q); err != nil {
			return nil, err
		}
	}
	var table crosstab.Table
	var incomplete int64
	known := statedKeys{names: make(map[string]bool)}
	counted, err := s.scoring.Facts(ctx, selectionOf(req.GetQuery()), func(f *scoringv1.Fact) error {
		known.add(f)
		row, err := axes[0].value(f)
		if err != nil {
			return err
		}
		column, err := axes[1].value(f)
		if err != nil {
			return err
		}
		if row == "" || column == "" {
			incomplete++
			return nil
		}
		table.Add(row, column)
		if len(table.Rows)*len(table.Columns) > crosstab.MostCells {
			return fault.Refuse(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY,
				fmt.Sprintf("the table would have more than %d cells: choose what has fewer values, or filter", crosstab.MostCells))
		}
		return nil
	})
	if err != nil {
		return nil, fault.Scoring(err, fault.Fields(nil).Of)
	}
	for i := range axes {
		if err := axes[i].check(known); err != nil {
			return nil, err
		}
	}
	level := levelOf(req.GetQuery())
	sorted := sortTable(&table)
	found, err := compute(ctx, s, func() (*crosstab.Result, error) { return crosstab.Test(sorted, level) })
	if err != nil {
		return nil, fault.Analysis(err)
	}
	out := crosstabToProto(found, level)
	out.Basis = basis.Of(req.GetQuery(), definitionCrosstab, counted)
	leaveOut(out.Basis, reasonIncomplete, incomplete)
	out.Basis.Conventions = append(out.Basis.Conventions, "PEARSON_CHI_SQUARE", "ADJUSTED_RESIDUALS", "BENJAMINI_HOCHBERG")
	if axes[0].question.Effort || axes[1].question.Effort {
		out.Basis.Conventions = append(out.Basis.Conventions, "EFFORT_FLIPPED")
	}
	return out, nil
}

// axis is what rows or columns are.
type axis struct {
	field, key string
	// question is that of the key, as it was asked last; without an identifier where the key is none of a question.
	question peers.Question
}

// find finds what the axis is, and refuses what no response could state.
func (a *axis) find(ctx context.Context, q questionnaire) error {
	id, isQuestion := strings.CutPrefix(a.key, answersPrefix)
	if !isQuestion {
		return checkKey(a.field, a.key)
	}
	found, ok, err := q.Find(ctx, id)
	switch {
	case err != nil:
		return fault.Survey(err)
	case !ok:
		return questionNotFound(a.field, id)
	}
	a.question = found
	return nil
}

// check refuses a key that none of the responses states: it may be misspelt. Where there are no responses at all nothing can be said of keys.
func (a *axis) check(known statedKeys) error {
	if a.question.ID != "" || known.responses == 0 || known.names[a.key] {
		return nil
	}
	text := fmt.Sprintf("no response states %q; ", a.key)
	names := slices.Sorted(maps.Keys(known.names))
	switch nearest := near.Name(a.key, names); {
	case nearest != "":
		text += fmt.Sprintf("the nearest key is %s", nearest)
	case known.names[attributePrefix+a.key]:
		text += fmt.Sprintf("the nearest key is %s", attributePrefix+a.key)
	case len(names) > 0:
		text += fmt.Sprintf("responses state %s, and %sQUESTION is a question", strings.Join(names[:min(len(names), mostNamed)], ", "), answersPrefix)
	default:
		text += "they state no key; " + answersPrefix + "QUESTION is a question"
	}
	return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_UNKNOWN, a.field, text)
}

// statedKeys are the keys that responses state.
type statedKeys struct {
	responses int64
	names     map[string]bool
}

func (k *statedKeys) add(f *scoringv1.Fact) {
	k.responses++
	for _, key := range f.GetKeys() {
		// Whom answers rate is told by scores alone.
		if name := key.GetKey(); name != employeeKey && slices.ContainsFunc(key.GetValues(), func(v string) bool { return v != "" }) {
			k.names[name] = true
		}
	}
}

// value is that of a response; empty when it states none, or a score on another scale than that on which the question was asked last: 5 of 5 and 5 of 10
// are not one value. A response of several values is refused: the test needs each response once.
func (a *axis) value(f *scoringv1.Fact) (string, error) {
	var values []string
	switch {
	case a.question.ID == "":
		values = keyValues(f, a.key)
	case a.question.Kind == peers.KindOther:
		for _, answer := range f.GetAnswers() {
			if answer.GetQuestion() == a.question.ID {
				values = answer.GetOptions()
			}
		}
	default:
		if score, ok := peers.ScoreOf(f, a.question); ok {
			values = []string{strconv.FormatFloat(score, 'f', -1, 64)}
		}
	}
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_MULTIPLE, a.field,
		fmt.Sprintf("some responses have several values of %q, and the test needs each response once; choose what has one value", a.key))
}

// sortTable is a table with rows and columns in order: numbers by size, before texts.
func sortTable(t *crosstab.Table) *crosstab.Table {
	rows, columns := sortLabels(t.Rows), sortLabels(t.Columns)
	out := &crosstab.Table{Counts: make([][]int64, len(rows))}
	for i, r := range rows {
		out.Rows, out.Counts[i] = append(out.Rows, t.Rows[r]), make([]int64, len(columns))
		for j, c := range columns {
			out.Counts[i][j] = t.Counts[r][c]
		}
	}
	for _, c := range columns {
		out.Columns = append(out.Columns, t.Columns[c])
	}
	return out
}

// sortLabels are the indices of labels in order.
func sortLabels(labels []string) []int {
	order := indices(0, len(labels))
	slices.SortFunc(order, func(a, b int) int {
		x, errX := strconv.ParseFloat(labels[a], 64)
		y, errY := strconv.ParseFloat(labels[b], 64)
		switch {
		case errX == nil && errY == nil:
			return cmp.Compare(x, y)
		case errX == nil:
			return -1
		case errY == nil:
			return 1
		}
		return cmp.Compare(labels[a], labels[b])
	})
	return order
}

// crosstabToProto converts a cross-tabulation.
func crosstabToProto(r *crosstab.Result, level float64) *reportingv1.QueryCrosstabResponse {
	out := &reportingv1.QueryCrosstabResponse{
		Test: chiSquareToProto(r.ChiSquare, r.DegreesOfFreedom, r.P), ExactPValue: r.FisherP,
		Association: estimateToProto(r.CramersV, nil, &r.CramersVInterval, level, noncentral), SmallCells: int32(r.SmallCells), Rough: r.Rough,
	}
	for i, row := range r.Rows {
		out.Rows = append(out.Rows, &reportingv1.CrosstabCategory{Value: row, Count: r.RowTotals[i]})
	}
	for j, column := range r.Columns {
		out.Columns = append(out.Columns, &reportingv1.CrosstabCategory{Value: column, Count: r.ColumnTotals[j]})
	}
	for i := range r.Rows {
		for j := range r.Columns {
			c := &r.Cells[i][j]
			out.Cells = append(out.Cells, &reportingv1.CrosstabCell{
				Row: int32(i), Column: int32(j), Count: c.Count, Expected: c.Expected,
				RowShare:    estimateToProto(c.OfRow.Value, nil, &c.OfRow.Interval, level, wilson),
				ColumnShare: estimateToProto(c.OfColumn.Value, nil, &c.OfColumn.Interval, level, wilson),
				Residual:    &c.Residual, Test: basis.Test(&c.P, &c.AdjustedP),
			})
		}
	}
	return out
}

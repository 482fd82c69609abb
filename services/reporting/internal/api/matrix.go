package api

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/matrix"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// definitionMatrix names what a satisfaction matrix is.
const definitionMatrix = "satisfaction_matrix"

// statedSuffix is what is behind the name of an item in that of the question for its importance, unless the request says otherwise.
const statedSuffix = "_importance"

// QueryMatrix sorts items by what to fix first.
func (s *Server) QueryMatrix(ctx context.Context, req *reportingv1.QueryMatrixRequest) (*reportingv1.QueryMatrixResponse, error) {
	o, err := matrixOptions(req)
	if err != nil {
		return nil, err
	}
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	if o.Importance == matrix.Stated {
		return s.statedMatrix(ctx, req, q, o)
	}
	r, err := q.outcomeAndItems(ctx, req)
	if err != nil {
		return nil, err
	}
	r.ranks = no()
	x, err := s.sampleOf(ctx, r)
	if err != nil {
		return nil, err
	}
	out, err := s.matrix(ctx, req, x, 0, indices(1, len(x.questions)), nil, o)
	if err != nil {
		return nil, err
	}
	out.Outcome = x.question(0)
	return out, nil
}

// statedMatrix sorts items by the importance that respondents state.
func (s *Server) statedMatrix(ctx context.Context, req *reportingv1.QueryMatrixRequest, q questionnaire, o matrix.Options) (*reportingv1.QueryMatrixResponse, error) {
	asked := req.GetItems()
	if len(asked) == 0 {
		asked = q.withStated()
	}
	if len(asked) == 0 {
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_QUESTION_NOT_FOUND, "items",
			"the survey has no question of which another one asks how important it is, or that is named as it with "+statedSuffix+" behind; name the items and their importance_questions")
	}
	most := moment.MostQuestions / 2
	if len(asked) > most {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "items",
			fmt.Sprintf("there may be %d items with stated importance; name fewer", most))
	}
	items, _, err := q.items(ctx, "items", asked, most)
	if err != nil {
		return nil, err
	}
	named := req.GetImportanceQuestions()
	if len(named) > 0 && len(named) != len(items) {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_QUESTION_NOT_FOUND, "importance_questions",
			fmt.Sprintf("name one for each of the %d items, in their order, or none", len(items)))
	}
	if len(named) == 0 {
		for _, item := range items {
			named = append(named, cmp.Or(q.importanceOf(item.ID), item.ID+statedSuffix))
		}
	}
	stated, _, err := q.items(ctx, "importance_questions", named, most, asked...)
	if err != nil {
		return nil, err
	}
	x, err := s.sampleOf(ctx, request{
		query: req.GetQuery(), questions: append(items, stated...), missing: req.GetMissing(), ranks: no(), levels: true,
		fields: append(itemFields("items", len(req.GetItems()), len(items)), itemFields("importance_questions", len(stated), len(stated))...),
		spare:  len(req.GetItems()) == 0 && len(req.GetImportanceQuestions()) == 0, least: 1,
	})
	if err != nil {
		return nil, err
	}
	count := len(x.questions) / 2
	return s.matrix(ctx, req, x, -1, indices(0, count), indices(count, 2*count), o)
}

// withStated are the questions of which the current revision also asks how important they are.
func (q questionnaire) withStated() []string {
	var out []string
	for _, x := range q.Current {
		if x.Kind != peers.KindOther && !x.Importance && q.importanceOf(x.ID) != "" {
			out = append(out, x.ID)
		}
	}
	return out
}

// importanceOf is the question of the current revision that asks how important an item is: the one that says so, or that is named as the item with the suffix;
// empty for none.
func (q questionnaire) importanceOf(item string) string {
	named := ""
	for _, x := range q.Current {
		switch {
		case x.Importance && x.Item == item:
			return x.ID
		case x.Kind != peers.KindOther && x.ID == item+statedSuffix && (x.Item == "" || x.Item == item):
			named = x.ID
		}
	}
	return named
}

// matrix computes and converts a matrix.
func (s *Server) matrix(ctx context.Context, req *reportingv1.QueryMatrixRequest, x *sample, outcome int, items, stated []int, o matrix.Options) (*reportingv1.QueryMatrixResponse, error) {
	m, err := compute(ctx, s, func() (*matrix.Matrix, error) { return matrix.Build(ctx, x.Sample, outcome, items, stated, o) })
	if err != nil {
		return nil, fault.Analysis(err)
	}
	b := x.basis(req.GetQuery(), definitionMatrix)
	b.Draws = int32(m.Draws)
	cut := strings.TrimPrefix(req.GetCut().String(), "CUT_METHOD_")
	if req.GetCut() == reportingv1.CutMethod_CUT_METHOD_UNSPECIFIED {
		cut = "MEAN"
	}
	importance := "JOHNSON_RELATIVE_WEIGHTS"
	if o.Importance == matrix.Stated {
		importance = "STATED_IMPORTANCE"
	}
	b.Conventions = append(b.Conventions, importance, "CUT_"+cut)
	out := &reportingv1.QueryMatrixResponse{Basis: b, ImportanceCut: m.ImportanceCut, ScoreCut: m.ScoreCut, Normalized: m.Normalized, RSquared: m.R2}
	for _, i := range m.Items {
		out.Items = append(out.Items, &reportingv1.MatrixItem{
			Question: x.question(i.Item), Priority: int32(i.Priority), Importance: importanceToProto(&i.Importance, o.Level),
			Score: importanceToProto(&i.Score, o.Level), PairN: i.PairN, Probabilities: i.Probabilities[:], Stable: i.Stable, Distance: i.Distance,
			NormalizedScore: i.NormalizedScore,
		})
	}
	return out, nil
}

// matrixOptions reads how a matrix is made.
func matrixOptions(req *reportingv1.QueryMatrixRequest) (matrix.Options, error) {
	o := matrix.Options{Level: levelOf(req.GetQuery()), Draws: int(req.GetDraws())}
	if req.GetImportance() == reportingv1.ImportanceMethod_IMPORTANCE_METHOD_STATED {
		o.Importance = matrix.Stated
	}
	needs := func(field string, value *float64) error {
		if value == nil {
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_CUT_REQUIRED, field, "the way to cut needs it: state from where on values are high")
		}
		return nil
	}
	o.Cut.Importance, o.Cut.Score = req.GetImportanceCut(), req.GetScoreCut()
	switch req.GetCut() {
	case reportingv1.CutMethod_CUT_METHOD_MEDIAN:
		o.Cut.Method = matrix.CutMedian
	case reportingv1.CutMethod_CUT_METHOD_FIXED:
		o.Cut.Method = matrix.CutFixed
		if err := needs("importance_cut", req.ImportanceCut); err != nil {
			return o, err
		}
		return o, needs("score_cut", req.ScoreCut)
	case reportingv1.CutMethod_CUT_METHOD_TARGET:
		o.Cut.Method = matrix.CutTarget
		return o, needs("score_cut", req.ScoreCut)
	}
	return o, nil
}

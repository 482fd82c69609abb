package peers

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/moment"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Groups is the number of random groups of respondents that intervals rest on.
const Groups = 200

// Selection is which responses are counted.
type Selection struct {
	Survey, Filter string
	Period         *typev1.Period
	Population     typev1.Population
	AsOf           *timestamppb.Timestamp
	// Weighting is how responses are weighted; nil for not.
	Weighting *scoringv1.Weighting
	// Most is how many responses are read one by one at most; 0 means any number.
	Most int64
}

// ErrMore tells that there are more responses than are wanted one by one.
var ErrMore = errors.New("there are more responses")

// Counted says what was counted.
type Counted struct {
	// Watermark is the time up to which it was.
	Watermark *timestamppb.Timestamp
	// Responses were counted, LeftOut were not.
	Responses int64
	LeftOut   []LeftOut
	// Weight and Squares sum the weights of what was counted and their squares; 0 without weights.
	Weight, Squares float64
}

// weigh adds a response's weight.
func (c *Counted) weigh(weight float64) {
	c.Weight, c.Squares = c.Weight+weight, c.Squares+weight*weight
}

// EffectiveN is the number of responses without weights that would be as precise (Kish); false without weights.
func (c *Counted) EffectiveN() (float64, bool) {
	if !(c.Squares > 0) {
		return 0, false
	}
	return c.Weight * c.Weight / c.Squares, true
}

// LeftOut are responses that were left out for one reason.
type LeftOut struct {
	Reason string
	Count  int64
}

// Scoring asks for moments and facts. Safe for concurrent use.
type Scoring struct {
	client scoringv1.ScoringServiceClient
}

// NewScoring asks the scoring service over conn, which has no credential of its own.
func NewScoring(conn grpc.ClientConnInterface) *Scoring {
	return &Scoring{client: scoringv1.NewScoringServiceClient(conn)}
}

// Moments returns the moments of questions. Errors: *Refusal, whose fields `questions[i]` are of the questions asked for; ErrUnavailable; ctx's.
func (s *Scoring) Moments(ctx context.Context, sel Selection, questions []Question) (moment.Sums, Counted, error) {
	ids := make([]string, len(questions))
	for i, q := range questions {
		ids[i] = q.ID
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.client.StreamMoments(asCaller(ctx), &scoringv1.StreamMomentsRequest{
		Survey: sel.Survey, Questions: ids, Filter: sel.Filter, Period: sel.Period, Population: sel.Population, AsOfTime: sel.AsOf, Groups: Groups, Weighting: sel.Weighting,
	})
	sums := moment.Sums{Questions: Asked(questions), Groups: make([]moment.Group, 0, Groups), Weighted: sel.Weighting != nil}
	var counted Counted
	for err == nil {
		var part *scoringv1.StreamMomentsResponse
		if part, err = stream.Recv(); err == nil {
			counted.add(part.GetWatermark(), part.GetCoverage())
			sums.Groups = append(sums.Groups, groupOf(part, len(questions)))
			if sel.Weighting != nil {
				counted.Weight, counted.Squares = counted.Weight+part.GetWeight(), counted.Squares+part.GetSquaredWeight()
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return moment.Sums{}, Counted{}, failure(ctx, "ask for moments", err)
	}
	return sums, counted, nil
}

// add takes over what a part of an answer says of the whole.
func (c *Counted) add(watermark *timestamppb.Timestamp, coverage *scoringv1.Coverage) {
	c.Watermark = watermark
	if coverage == nil {
		return
	}
	c.Responses = coverage.GetCounted()
	for _, l := range coverage.GetLeftOut() {
		c.LeftOut = append(c.LeftOut, LeftOut{Reason: strings.TrimPrefix(l.GetReason().String(), "LEFT_OUT_REASON_"), Count: l.GetCount()})
	}
}

// Asked are questions as moments know them.
func Asked(questions []Question) []moment.Question {
	out := make([]moment.Question, len(questions))
	for i, q := range questions {
		out[i] = moment.Question{ID: q.ID, Min: q.Scale.GetMin(), Max: q.Scale.GetMax()}
	}
	return out
}

// groupOf converts the moments of a random group, filling in the pairs that nobody answered.
func groupOf(part *scoringv1.StreamMomentsResponse, questions int) moment.Group {
	g := moment.Group{Responses: part.GetResponses(), Unanswered: part.GetUnanswered(), Pairs: make([]moment.Pair, questions*(questions+1)/2)}
	for _, p := range part.GetPairs() {
		first, second := int(p.GetFirst()), int(p.GetSecond())
		g.Pairs[first*questions-first*(first-1)/2+second-first] = moment.Pair{
			Count: p.GetCount(), Weight: p.GetWeight(), SquaredWeight: p.GetSquaredWeight(), First: p.GetFirstSum(), Second: p.GetSecondSum(),
			FirstSquare: p.GetFirstSquareSum(), SecondSquare: p.GetSecondSquareSum(), Product: p.GetProductSum(),
		}
	}
	return g
}

// Facts calls fn with each response. Errors: ErrMore, before the first one; *Refusal; ErrUnavailable; fn's; ctx's.
func (s *Scoring) Facts(ctx context.Context, sel Selection, fn func(*scoringv1.Fact) error) (Counted, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.client.StreamFacts(asCaller(ctx), &scoringv1.StreamFactsRequest{
		Survey: sel.Survey, Filter: sel.Filter, Period: sel.Period, Population: sel.Population, AsOfTime: sel.AsOf, Groups: Groups, Weighting: sel.Weighting,
	})
	var counted Counted
	for err == nil {
		var part *scoringv1.StreamFactsResponse
		if part, err = stream.Recv(); err != nil {
			break
		}
		counted.add(part.GetWatermark(), part.GetCoverage())
		if sel.Most > 0 && counted.Responses > sel.Most {
			return Counted{}, ErrMore
		}
		for _, f := range part.GetFacts() {
			if sel.Weighting != nil {
				counted.weigh(f.GetWeight())
			}
			if err := fn(f); err != nil {
				return Counted{}, err
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return Counted{}, failure(ctx, "ask for facts", err)
	}
	return counted, nil
}

// ScoreOf is the answer of a response to a question, flipped where that measures effort; false when there is none on the scale on which it was asked last.
func ScoreOf(f *scoringv1.Fact, q Question) (float64, bool) {
	for _, a := range f.GetAnswers() {
		if a.GetQuestion() == q.ID {
			return score(a, q)
		}
	}
	return 0, false
}

// score is an answer on the scale of a question.
func score(a *scoringv1.Fact_FactAnswer, q Question) (float64, bool) {
	if a.Score == nil || a.GetScale() != q.Scale.GetId() {
		return 0, false
	}
	if q.Effort {
		return q.Scale.GetMin() + q.Scale.GetMax() - a.GetScore(), true
	}
	return a.GetScore(), true
}

// Scores fills values with the answers of a response to questions, NaN where there is none. at tells the place of each question.
func Scores(f *scoringv1.Fact, questions []Question, at map[string]int, values []float64) {
	for i := range values {
		values[i] = math.NaN()
	}
	for _, a := range f.GetAnswers() {
		if i, ok := at[a.GetQuestion()]; ok {
			if v, ok := score(a, questions[i]); ok {
				values[i] = v
			}
		}
	}
}

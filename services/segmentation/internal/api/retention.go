package api

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/segmentation/internal/retention"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// defaultLevel is the confidence level where none is stated.
	defaultLevel = 0.95
	// bootstrapSeed makes the same answer of the same data.
	bootstrapSeed = 1
)

// Cautions: what the answers do not say.
var ( //nolint:gochecknoglobals // texts
	customersCaution = map[string]string{
		"en": "This is association, not cause: contacts with higher scores may also differ in income, need or length of custom. It does not say that raising scores would raise what they spend.",
		"ru": "Это связь, а не причина: клиенты с более высокими оценками могут отличаться и доходом, и потребностью, и стажем. Отсюда не следует, что рост оценок увеличит их траты.",
		"ky": "Бул байланыш гана, себеп эмес: жогорку баа койгон кардарлар кирешеси, муктаждыгы же канча убакыттан бери кардар экени менен да айырмаланышы мүмкүн. Бул бааны көтөрүү алардын чыгымын көбөйтөт дегенди билдирбейт.",
	}
	staffCaution = map[string]string{
		"en": "This is association, not cause: locations may differ in workload, pay and place. It does not say that staff leave because of scores, or that scores fall because staff leave.",
		"ru": "Это связь, а не причина: точки могут отличаться нагрузкой, оплатой и местом. Отсюда не следует, что сотрудники уходят из-за оценок или что оценки падают из-за их ухода.",
		"ky": "Бул байланыш гана, себеп эмес: жайлар жүктөмү, эмгек акысы жана орду менен айырмаланышы мүмкүн. Бул кызматкерлер баа үчүн кетет же баа алардын кеткенинен төмөндөйт дегенди билдирбейт.",
	}
)

// retentionServer serves RetentionService.
type retentionServer struct {
	segmentationv1.UnimplementedRetentionServiceServer
	*Server
}

// QueryRetention tells what customers did after they gave scores.
func (s *retentionServer) QueryRetention(ctx context.Context, req *segmentationv1.QueryRetentionRequest) (*segmentationv1.QueryRetentionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.question(ctx, org, req.GetQuery())
	if err != nil {
		return nil, err
	}
	if req.GetAmountInterval() != segmentationv1.QueryRetentionRequest_AMOUNT_INTERVAL_STUDENT_T {
		q.Method = retention.Bootstrap
	}
	currency, err := s.currency(ctx, org, req.GetCurrency())
	if err != nil {
		return nil, err
	}
	done, err := s.heavily(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	outcomes, err := s.Store.Outcomes(ctx, org, currency, q.Periods)
	if err != nil {
		return nil, storeError(err)
	}
	var customers []retention.Customer
	err = s.Store.ScoresByContact(ctx, org, q.Periods.ScoreStart, q.Periods.ScoreEnd, func(score store.ScoreOf) error {
		c := outcomes[score.Unit]
		c.Score = score.Mean
		customers = append(customers, c)
		return nil
	})
	if err != nil {
		return nil, storeError(err)
	}
	found, err := retention.Tell(q, customers)
	if err != nil {
		return nil, questionError(err)
	}
	out := &segmentationv1.QueryRetentionResponse{
		Total: bandToProto(segmentationv1.LightColour_LIGHT_COLOUR_UNSPECIFIED, found.All, q.Level), AmberFrom: q.Cuts.Amber, GreenFrom: q.Cuts.Green, Currency: currency,
		GoneCount: found.Gone, RepeatDifference: differenceToProto(found.RepeatDifference, q.Level), ChurnDifference: differenceToProto(found.ChurnDifference, q.Level),
		ValuePerPoint: pointToProto(found.Point, q.Level), ValuePerPointAdjusted: pointToProto(found.Adjusted, q.Level),
		Caution: &typev1.LocalizedText{Texts: maps.Clone(customersCaution)},
	}
	for b, group := range found.Bands {
		out.Bands = append(out.Bands, bandToProto(bandColours[b], group, q.Level))
	}
	return out, nil
}

// QueryTurnover tells how staff's leaving goes together with scores.
func (s *retentionServer) QueryTurnover(ctx context.Context, req *segmentationv1.QueryTurnoverRequest) (*segmentationv1.QueryTurnoverResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.question(ctx, org, req.GetQuery())
	if err != nil {
		return nil, err
	}
	turnover, err := s.Store.TurnoverByLocation(ctx, org, q.Periods)
	if err != nil {
		return nil, storeError(err)
	}
	var places []retention.Place
	done, err := s.heavily(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	err = s.Store.ScoresByLocation(ctx, org, q.Periods.ScoreStart, q.Periods.ScoreEnd, func(score store.ScoreOf) error {
		if p, ok := turnover[score.Unit]; ok {
			p.Score = score.Mean
			places = append(places, p)
		}
		return nil
	})
	if err != nil {
		return nil, storeError(err)
	}
	found, err := retention.TellStaff(q, places)
	if err != nil {
		return nil, questionError(err)
	}
	out := &segmentationv1.QueryTurnoverResponse{
		Total: staffToProto(segmentationv1.LightColour_LIGHT_COLOUR_UNSPECIFIED, found.All, q.Level), AmberFrom: q.Cuts.Amber, GreenFrom: q.Cuts.Green,
		RatePerPoint: pointToProto(found.Point, q.Level), Caution: &typev1.LocalizedText{Texts: maps.Clone(staffCaution)},
	}
	for b, group := range found.Bands {
		out.Bands = append(out.Bands, staffToProto(bandColours[b], group, q.Level))
	}
	if c := found.Correlation; c != nil {
		out.Correlation, out.CorrelationPValue, out.CorrelationInterval = &c.Estimate, &c.P, intervalToProto(&c.Interval, q.Level, "FISHER_Z")
	}
	return out, nil
}

// bandColours are the colours of bands.
var bandColours = [...]segmentationv1.LightColour{ //nolint:gochecknoglobals // a table
	retention.Red: segmentationv1.LightColour_LIGHT_COLOUR_RED, retention.Amber: segmentationv1.LightColour_LIGHT_COLOUR_AMBER,
	retention.Green: segmentationv1.LightColour_LIGHT_COLOUR_GREEN,
}

// question reads what is asked; cuts that are not stated are those of the light policy.
func (s *retentionServer) question(ctx context.Context, org string, m *segmentationv1.RetentionQuery) (retention.Question, error) {
	q := retention.Question{
		Periods: retention.Periods{
			ScoreStart: timeFrom(m.GetScorePeriod().GetStartTime()), ScoreEnd: timeFrom(m.GetScorePeriod().GetEndTime()),
			OutcomeStart: timeFrom(m.GetOutcomePeriod().GetStartTime()), OutcomeEnd: timeFrom(m.GetOutcomePeriod().GetEndTime()),
		},
		Cuts: retention.Cuts{Amber: m.GetAmberFrom(), Green: m.GetGreenFrom()}, Level: defaultLevel, Seed: bootstrapSeed,
	}
	if m.Level != nil {
		q.Level = m.GetLevel()
	}
	if m.AmberFrom == nil && m.GreenFrom == nil {
		policies, err := s.Store.LightPolicy(ctx, org)
		if err != nil {
			return q, storeError(err)
		}
		q.Cuts = retention.Cuts{Amber: policies.Stated.Red, Green: policies.Stated.Amber}
	}
	if err := q.Check(); err != nil {
		return q, questionError(err)
	}
	return q, nil
}

// questionError explains why a question cannot be answered.
func questionError(err error) error {
	switch {
	case errors.Is(err, retention.ErrPeriods):
		return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_RETENTION_PERIODS, "query.outcome_period",
			"both periods must be bounded, and outcomes must not begin before the scores end: what happened before a score is not its outcome")
	case errors.Is(err, retention.ErrCuts):
		return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_RETENTION_CUTS, "query.green_from",
			"must be greater than amber_from, which must be greater than 1, and at most 10; state both or none")
	default:
		return err
	}
}

// currency is the one that is asked for, or the only one that there is; empty where there are no purchases.
func (s *Server) currency(ctx context.Context, org, asked string) (string, error) {
	if asked != "" {
		if !money.Known(asked) {
			return "", validation.Malformed("currency", "CURRENCY_UNKNOWN", "must be a code of ISO 4217, such as KGS")
		}
		return asked, nil
	}
	counts, err := s.Store.PurchaseCurrencies(ctx, org)
	if err != nil {
		return "", storeError(err)
	}
	switch len(counts) {
	case 0:
		return "", nil
	case 1:
		return counts[0].Currency, nil
	}
	var found []string
	for _, c := range counts {
		found = append(found, c.Currency)
	}
	slices.Sort(found)
	const most = 10
	return "", refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_CURRENCY_AMBIGUOUS, "there are purchases in several currencies: name one",
		rpcerr.WithField("currency", rpcerr.ReasonOf(segmentationv1.ErrorReason_ERROR_REASON_CURRENCY_AMBIGUOUS), "must name one of several"),
		rpcerr.WithMetadata("currencies", strings.Join(found[:min(len(found), most)], ",")))
}

func bandToProto(colour segmentationv1.LightColour, g retention.Group, level float64) *segmentationv1.RetentionBand {
	return &segmentationv1.RetentionBand{
		Colour: colour, ContactCount: g.Contacts, MeanScore: orMissing(g.MeanScore), Repeat: retentionShareToProto(g.Repeat, level), Active: retentionShareToProto(g.Active, level),
		Churn: retentionShareToProto(g.Churn, level), Value: amountToProto(g.Value, level), LifetimeValue: amountToProto(g.Lifetime, level), ChurnLoss: amountToProto(g.Loss, level),
	}
}

func staffToProto(colour segmentationv1.LightColour, g retention.StaffGroup, level float64) *segmentationv1.TurnoverBand {
	return &segmentationv1.TurnoverBand{
		Colour: colour, LocationCount: g.Locations, MeanScore: orMissing(g.MeanScore), Leavers: g.Leavers, PersonYears: g.PersonYears, Rate: orMissing(g.Rate),
		Interval: intervalToProto(g.Interval, level, "POISSON_EXACT"),
	}
}

func retentionShareToProto(s retention.Share, level float64) *segmentationv1.RetentionShare {
	return &segmentationv1.RetentionShare{
		Count: s.Count, Denominator: s.Of, Estimate: orMissing(s.Estimate()), Interval: intervalToProto(s.Interval, level, "WILSON"),
	}
}

func amountToProto(a retention.Amount, level float64) *segmentationv1.RetentionAmount {
	method := "STUDENT_T"
	if a.Method == retention.Bootstrap {
		method = "BOOTSTRAP_BCA"
	}
	return &segmentationv1.RetentionAmount{ContactCount: a.N, EstimateMinor: orMissing(a.Estimate), Interval: intervalToProto(a.Interval, level, method)}
}

func pointToProto(p *retention.Slope, level float64) *segmentationv1.ScorePoint {
	if p == nil {
		return nil
	}
	return &segmentationv1.ScorePoint{
		N: p.N, Estimate: p.Estimate, StandardError: p.StandardError, Interval: intervalToProto(&p.Interval, level, "STUDENT_T_HC3"), PValue: p.P, RSquared: p.R2,
	}
}

func differenceToProto(d *retention.Difference, level float64) *segmentationv1.RetentionDifference {
	if d == nil {
		return nil
	}
	return &segmentationv1.RetentionDifference{Estimate: d.Estimate, Interval: intervalToProto(&d.Interval, level, "NEWCOMBE"), PValue: d.P}
}

func intervalToProto(i *stat.Interval, level float64, method string) *typev1.ConfidenceInterval {
	if i == nil {
		return nil
	}
	return &typev1.ConfidenceInterval{Lower: i.Low, Upper: i.High, Level: level, Method: method}
}

// orMissing is a number that is missing where it is not one.
func orMissing(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

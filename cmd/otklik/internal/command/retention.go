package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/money"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// NewRetentionCommand returns `otklik retention`.
func NewRetentionCommand(env Env) *cobra.Command {
	var from, to, until, zone, currency, language string
	var cuts []float64
	var staff, student bool
	cmd := &cobra.Command{
		Use:   "retention",
		Short: "Tell what customers did after they gave scores: who bought again, who left, what they spent",
		Long: `Tell what customers did after they gave scores, by band of scores: who bought again, who left, what they spent, and what a point of score goes together with.
Scores are those from --from to --to; outcomes are what happened from --to to --until. With --staff: the turnover of locations' staff instead.`,
		Example: `  otklik retention --from 2026-01 --to 2026-04 --until 2026-10 --currency KGS`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "when the scores begin; needed")
	f.StringVar(&to, "to", "", "when the scores end and the outcomes begin; needed")
	f.StringVar(&until, "until", "", "when the outcomes end; needed")
	f.StringVar(&zone, "time-zone", "", "IANA time zone of the times given (default UTC)")
	f.StringVar(&currency, "currency", "", "the currency of amounts (default: the only one that there is)")
	f.Float64SliceVar(&cuts, "cuts", nil, "scores below the first are red, from the second on green (default: those of the light policy)")
	f.StringVar(&language, "language", "en", "the language of the caution: ru, ky, en")
	f.BoolVar(&staff, "staff", false, "the turnover of staff against the scores of their locations")
	f.BoolVar(&student, "student-t", false, "intervals of amounts by Student's t, not by the bootstrap")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := retentionQuery(from, to, until, zone, cuts)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			if staff {
				got, err := conn.Retention.QueryTurnover(ctx, &segmentationv1.QueryTurnoverRequest{Query: query})
				if err != nil {
					return fmt.Errorf("ask for turnover: %w", err)
				}
				return c.printTurnover(got, language)
			}
			request := &segmentationv1.QueryRetentionRequest{Query: query, Currency: currency}
			if student {
				request.AmountInterval = segmentationv1.QueryRetentionRequest_AMOUNT_INTERVAL_STUDENT_T
			}
			got, err := conn.Retention.QueryRetention(ctx, request)
			if err != nil {
				return fmt.Errorf("ask for retention: %w", err)
			}
			return c.printRetention(got, language)
		})
	})
	return cmd
}

// retentionQuery reads which scores and outcomes are meant.
func retentionQuery(from, to, until, zoneName string, cuts []float64) (*segmentationv1.RetentionQuery, error) {
	if from == "" || to == "" || until == "" {
		return nil, exit.Usagef("--from, --to and --until must be given")
	}
	scores, err := parsePeriod(from, to, zoneName)
	if err != nil {
		return nil, err
	}
	outcomes, err := parsePeriod(to, until, zoneName)
	if err != nil {
		return nil, exit.Usagef("--to must be before --until, and both must be times such as 2026-03-15")
	}
	q := &segmentationv1.RetentionQuery{ScorePeriod: scores, OutcomePeriod: outcomes}
	const two = 2
	switch len(cuts) {
	case 0:
	case two:
		q.AmberFrom, q.GreenFrom = &cuts[0], &cuts[1]
	default:
		return nil, exit.Usagef("--cuts needs two scores, such as 5,8")
	}
	return q, nil
}

func (c *call) printRetention(got *segmentationv1.QueryRetentionResponse, language string) error {
	if c.json {
		return c.printJSON(got)
	}
	amount := func(a *segmentationv1.RetentionAmount) string {
		if a.EstimateMinor == nil || got.GetCurrency() == "" {
			return "-"
		}
		text := money.Format(a.GetEstimateMinor(), got.GetCurrency())
		if i := a.GetInterval(); i != nil {
			text += " [" + money.Format(i.GetLower(), got.GetCurrency()) + ", " + money.Format(i.GetUpper(), got.GetCurrency()) + "]"
		}
		return text
	}
	var rows [][]string
	for _, b := range append(got.GetBands(), got.GetTotal()) {
		rows = append(rows, []string{
			bandWord(b.GetColour()), fmt.Sprint(b.GetContactCount()), optionalNumber(b.MeanScore), retentionShareText(b.GetRepeat()), retentionShareText(b.GetChurn()),
			amount(b.GetValue()), amount(b.GetLifetimeValue()), amount(b.GetChurnLoss()),
		})
	}
	if err := c.table([]string{"BAND", "CONTACTS", "SCORE", "BOUGHT AGAIN", "LEFT", "VALUE", "LIFETIME VALUE", "LOSS"}, rows); err != nil {
		return err
	}
	var b strings.Builder
	for _, p := range []struct {
		what  string
		point *segmentationv1.ScorePoint
	}{{"a point of score goes together with", got.GetValuePerPoint()}, {"the same among contacts who spent as much before:", got.GetValuePerPointAdjusted()}} {
		if p.point == nil {
			continue
		}
		i := p.point.GetInterval()
		fmt.Fprintf(&b, "%s %s %s of value [%s, %s], p %s, n %d\n", p.what, money.Format(p.point.GetEstimate(), got.GetCurrency()), got.GetCurrency(),
			money.Format(i.GetLower(), got.GetCurrency()), money.Format(i.GetUpper(), got.GetCurrency()), formatNumber(p.point.GetPValue(), 4), p.point.GetN())
	}
	if n := got.GetGoneCount(); n > 0 {
		fmt.Fprintf(&b, "%d contacts had left before and are in no band\n", n)
	}
	return c.write(b.String() + caution(got.GetCaution(), language))
}

func (c *call) printTurnover(got *segmentationv1.QueryTurnoverResponse, language string) error {
	if c.json {
		return c.printJSON(got)
	}
	var rows [][]string
	for _, b := range append(got.GetBands(), got.GetTotal()) {
		rate := optionalNumber(b.Rate)
		if i := b.GetInterval(); i != nil {
			rate += fmt.Sprintf(" [%s, %s]", formatNumber(i.GetLower(), 2), formatNumber(i.GetUpper(), 2))
		}
		rows = append(rows, []string{
			bandWord(b.GetColour()), fmt.Sprint(b.GetLocationCount()), optionalNumber(b.MeanScore), fmt.Sprint(b.GetLeavers()), formatNumber(b.GetPersonYears(), 1), rate,
		})
	}
	if err := c.table([]string{"BAND", "LOCATIONS", "SCORE", "LEFT", "YEARS OF WORK", "LEFT A YEAR"}, rows); err != nil {
		return err
	}
	text := ""
	if i := got.GetCorrelationInterval(); got.Correlation != nil {
		text = fmt.Sprintf("correlation of scores and leaving over locations: %s [%s, %s], p %s\n", formatNumber(got.GetCorrelation(), 2), formatNumber(i.GetLower(), 2),
			formatNumber(i.GetUpper(), 2), formatNumber(got.GetCorrelationPValue(), 4))
	}
	return c.write(text + caution(got.GetCaution(), language))
}

// bandWord is what a band is called.
func bandWord(colour segmentationv1.LightColour) string {
	if colour == segmentationv1.LightColour_LIGHT_COLOUR_UNSPECIFIED {
		return "all"
	}
	return enumWord("LIGHT_COLOUR_", colour)
}

// retentionShareText is a share with what it is a share of, and its interval.
func retentionShareText(s *segmentationv1.RetentionShare) string {
	if s.Estimate == nil {
		return "-"
	}
	const percent = 100
	i := s.GetInterval()
	return fmt.Sprintf("%s %% [%s, %s] (%d of %d)", formatNumber(percent*s.GetEstimate(), 1), formatNumber(percent*i.GetLower(), 1), formatNumber(percent*i.GetUpper(), 1),
		s.GetCount(), s.GetDenominator())
}

// caution is what an answer does not say, in a language.
func caution(texts *typev1.LocalizedText, language string) string {
	text := texts.GetTexts()[language]
	if text == "" {
		text = texts.GetTexts()["en"]
	}
	return text + "\n"
}

package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

func newReportJourney(env Env) *cobra.Command {
	chosen := choices{"metric": {prefix: journeyPrefix, enum: reportingv1.JourneyMetric(0).Descriptor()}}
	var from, to, question string
	var stages []string
	return newAnalysis(env, &cobra.Command{
		Use:   "journey --survey SURVEY",
		Short: "Tell how customers fare stage by stage of their journey",
		Long: `Tell the score of each stage of the customer's journey with how it changed, how it compares with the other stages, and how many cases are open and late there. Without
--stage the stages are those into which the directory puts touchpoints; a touchpoint in none is a stage of its own. Only what is lower than the others beyond chance is
called worst.`,
		Example: `  otklik report journey --survey shop --from 2026-03 --to 2026-04
  otklik report journey --survey shop --stage 'buying=web,till' --stage 'delivery=courier@delivered_in_time'`,
	}, func(_ *analysisFlags, flags *pflag.FlagSet) {
		flags.StringArrayVar(&stages, "stage", nil, "a stage, ID=TOUCHPOINT,TOUCHPOINT, with @QUESTION behind for a question of its own; repeat in the order of the journey (default: those of the directory)")
		flags.StringVar(&question, "question", "", "the question of the stages (default: the first that asks for the likelihood to recommend, for satisfaction, or that has a score)")
		chosen["metric"].add(flags, "metric", "what stages are scored by", "by the kind of question")
		flags.StringVar(&from, "baseline-from", "", "begin of the period before (default: as long a time right before --from, where --to is given)")
		flags.StringVar(&to, "baseline-to", "", "end of the period before (default: --from)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryJourneyResponse, error) {
		v, err := chosen.read("metric")
		if err != nil {
			return nil, err
		}
		req := &reportingv1.QueryJourneyRequest{Query: query, Question: question, Metric: reportingv1.JourneyMetric(v[0])}
		if from != "" || to != "" {
			if req.BaselinePeriod, err = a.before(from, to); err != nil {
				return nil, err
			}
		}
		for _, text := range stages {
			stage, err := parseStage(text)
			if err != nil {
				return nil, err
			}
			req.Stages = append(req.Stages, stage)
		}
		return conn.QueryJourney(ctx, req)
	}, (*call).printJourney)
}

const journeyPrefix = "JOURNEY_METRIC_"

// parseStage reads ID=TOUCHPOINT,TOUCHPOINT@QUESTION.
func parseStage(text string) (*reportingv1.JourneyStageDefinition, error) {
	id, rest, ok := strings.Cut(text, "=")
	if !ok || id == "" || rest == "" {
		return nil, exit.Usagef("--stage: %q is not ID=TOUCHPOINT,TOUCHPOINT or ID=TOUCHPOINT@QUESTION", text)
	}
	out := &reportingv1.JourneyStageDefinition{Id: id}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest, out.Question = rest[:at], rest[at+1:]
	}
	if rest != "" {
		out.Touchpoints = strings.Split(rest, ",")
	}
	return out, nil
}

func (c *call) printJourney(got *reportingv1.QueryJourneyResponse) error {
	const percent = 100
	rows := make([][]string, 0, len(got.GetStages()))
	for _, s := range got.GetStages() {
		score, change, against, cases := "-", "-", "-", "-"
		if x := s.GetScore(); x.Estimate != nil {
			score = withInterval(&reportingv1.AnalysisEstimate{Value: x.GetEstimate(), Interval: x.GetInterval()}, 1)
		} else if x.GetAbsenceReason() != "" {
			score = strings.ToLower(x.GetAbsenceReason())
		}
		if x := s.GetChange(); x != nil {
			change = withInterval(&reportingv1.AnalysisEstimate{Value: x.GetDifference(), Interval: x.GetInterval()}, 1) + ", p " + pText(x.AdjustedPValue)
		}
		if x := s.GetContrast(); x != nil {
			against = formatNumber(x.GetDifference(), 1) + ", p " + adjustedP(x.GetPValues())
		}
		if x := s.GetCases(); x != nil {
			cases = fmt.Sprintf("%d open, %d late", x.GetOpen(), x.GetOverdue())
		}
		id := s.GetId()
		if s.GetWorst() {
			id += " (look here first)"
		}
		rows = append(rows, []string{
			id, s.GetQuestion().GetQuestion(), enumWord(journeyPrefix, s.GetMetric()), score, fmt.Sprint(s.GetScore().GetN()), change, against, cases,
			formatNumber(percent*s.GetShare(), 1) + " %",
		})
	}
	if err := c.table([]string{"STAGE", "QUESTION", "METRIC", "SCORE", "N", "CHANGE", "AGAINST OTHERS", "CASES", "OF RESPONSES"}, rows); err != nil {
		return err
	}
	text := fmt.Sprintf("\n%d responses belong to no stage", got.GetUnplacedResponses())
	if got.GetCasesAtLeast() {
		text += "; there are more open cases than were counted"
	}
	if got.GetCasesAbsence() != "" {
		text += "\nno cases: " + got.GetCasesAbsence()
	}
	return c.write(text + basisText(got.GetBasis()))
}

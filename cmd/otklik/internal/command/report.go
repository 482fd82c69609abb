package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// NewReportCommand returns `otklik report`.
func NewReportCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Explain scores: what to fix first, what drives an outcome, and why it moved",
		Long: `Explain scores. Every number comes with its n and its interval, and each answer says what was counted and how. Answers are valid where each customer was asked
only some of the questions (--missing).`,
	}
	cmd.AddCommand(newReportList(env), newReportRender(env), newReportBatch(env), newReportSchedule(env), newReportLinks(env), newReportMatrix(env), newReportDrivers(env), newReportCorrelations(env), newReportFactors(env), newReportBridge(env), newReportStrengths(env), newReportCrosstab(env), newReportJourney(env), newReportExperiment(env), newReportAssign(env), newReportCollectors(env), newReportExport(env), newReportExports(env),
		newReportRevenue(env), newReportQuality(env), newReportStandards(env), newReportSeasonality(env), newReportPolicies(env), newReportReserve(env), newReportStaff(env))
	return cmd
}

// analysisFlags are the flags that analyses have in common. Each command adds those that it takes.
type analysisFlags struct {
	survey, outcome, missing, alpha string
	items                           []string
	which                           sliceFlags
	level                           float64
	draws                           int32
	spearman                        bool
	flags                           *pflag.FlagSet
}

func (a *analysisFlags) add(flags *pflag.FlagSet) {
	a.flags = flags
	flags.StringVar(&a.survey, "survey", "", "the survey (needed)")
	a.which.add(flags, "")
	flags.Float64Var(&a.level, "level", 0, "confidence level of intervals, 0.5 to 0.9999 (default 0.95)")
}

func (a *analysisFlags) addOutcome() {
	a.flags.StringVar(&a.outcome, "outcome", "", "the outcome's question (default: the first that asks for the likelihood to recommend, or for satisfaction)")
}

func (a *analysisFlags) addItems() {
	a.flags.StringSliceVar(&a.items, "items", nil, "the items' questions (default: all scored ones)")
	a.flags.StringVar(&a.missing, "missing", "", "how answers are used where each person answered only some questions: "+names("", missingPrefix, reportingv1.MissingMethod(0).Descriptor())+" (default pairwise)")
}

func (a *analysisFlags) addSpearman() {
	a.flags.BoolVar(&a.spearman, "spearman", false, "compute rank correlations (default: where there are not too many responses; =false leaves them out)")
}

const (
	missingPrefix    = "MISSING_METHOD_"
	importancePrefix = "IMPORTANCE_METHOD_"
)

// query is which responses the flags mean.
func (a *analysisFlags) query() (*reportingv1.AnalysisQuery, error) {
	if a.survey == "" {
		return nil, exit.Usagef("--survey is needed")
	}
	s, err := a.which.slice()
	if err != nil {
		return nil, err
	}
	return &reportingv1.AnalysisQuery{
		Survey: surveyName(a.survey), Filter: s.filter, Period: s.period, Population: s.population, AsOfTime: s.asOf, ConfidenceLevel: a.level,
		Weighting: analysisWeighting(s.weighting),
	}, nil
}

// missingMethod reads --missing.
func (a *analysisFlags) missingMethod() (reportingv1.MissingMethod, error) {
	v, err := value("missing", missingPrefix, a.missing, reportingv1.MissingMethod(0).Descriptor())
	return reportingv1.MissingMethod(v), err
}

// ranks reads --spearman; nil when it is not given.
func (a *analysisFlags) ranks() *bool {
	if !a.flags.Changed("spearman") {
		return nil
	}
	return &a.spearman
}

// newAnalysis makes a command: setUp adds its flags, and ask asks by what they say.
func newAnalysis[M proto.Message](
	env Env, cmd *cobra.Command, setUp func(a *analysisFlags, flags *pflag.FlagSet),
	ask func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (M, error), show func(c *call, got M) error,
) *cobra.Command {
	cmd.Args = exactly()
	c := newCall(env, cmd)
	a := &analysisFlags{}
	a.add(cmd.Flags())
	setUp(a, cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := a.query()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := ask(ctx, conn.Reporting, a, query)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
			case c.json:
				return c.printJSON(got)
			}
			return show(c, got)
		})
	})
	return cmd
}

// choices are the flags of one command that choose a value of an enum.
type choices map[string]*choice

// choice is a flag that chooses a value of an enum.
type choice struct {
	prefix string
	enum   protoreflect.EnumDescriptor
	text   string
}

// add adds the flag.
func (c *choice) add(flags *pflag.FlagSet, name, usage, standard string) {
	flags.StringVar(&c.text, name, "", usage+": "+names("", c.prefix, c.enum)+" (default "+standard+")")
}

// read reads the flags named; the numbers are in their order.
func (c choices) read(flags ...string) ([]protoreflect.EnumNumber, error) {
	out := make([]protoreflect.EnumNumber, len(flags))
	for i, name := range flags {
		v, err := value(name, c[name].prefix, c[name].text, c[name].enum)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func newReportMatrix(env Env) *cobra.Command {
	chosen := choices{
		"importance": {prefix: importancePrefix, enum: reportingv1.ImportanceMethod(0).Descriptor()},
		"cut":        {prefix: "CUT_METHOD_", enum: reportingv1.CutMethod(0).Descriptor()},
	}
	var stated []string
	var importanceCut, scoreCut float64
	return newAnalysis(env, &cobra.Command{
		Use:   "matrix --survey SURVEY",
		Short: "Tell what to fix first: items by how important they are and how they score",
		Long: `Sort items by importance and score: 1 important and low, fix now; 2 unimportant and low, fix after 1; 3 important and high, keep under control; 4 unimportant and high,
over-invested. SURE is how probable the place is, by drawing respondents again; below 0.8 it is called unstable.`,
		Example: `  otklik report matrix --survey sfo-2017 --outcome q7all
  otklik report matrix --survey shop --importance stated --from 2026-03`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		a.addOutcome()
		a.addItems()
		chosen["importance"].add(flags, "importance", "how important an item is", "derived")
		chosen["cut"].add(flags, "cut", "where high begins", "mean")
		flags.StringSliceVar(&stated, "importance-questions", nil, "with --importance stated: the questions for the importance of the items, in their order (default: ITEM_importance)")
		flags.Float64Var(&importanceCut, "importance-cut", 0, "with --cut fixed: importance from here on is high")
		flags.Float64Var(&scoreCut, "score-cut", 0, "with --cut fixed and target: scores from here on are high")
		flags.Int32Var(&a.draws, "draws", 0, "draws of respondents that SURE rests on, up to 2000 (default 1000)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryMatrixResponse, error) {
		v, err := chosen.read("importance", "cut")
		if err != nil {
			return nil, err
		}
		missing, err := a.missingMethod()
		if err != nil {
			return nil, err
		}
		req := &reportingv1.QueryMatrixRequest{
			Query: query, Outcome: a.outcome, Items: a.items, Missing: missing, Importance: reportingv1.ImportanceMethod(v[0]), Cut: reportingv1.CutMethod(v[1]),
			ImportanceQuestions: stated, Draws: a.draws,
		}
		if a.flags.Changed("importance-cut") {
			req.ImportanceCut = &importanceCut
		}
		if a.flags.Changed("score-cut") {
			req.ScoreCut = &scoreCut
		}
		return conn.QueryMatrix(ctx, req)
	}, (*call).printMatrix)
}

func newReportDrivers(env Env) *cobra.Command {
	return newAnalysis(env, &cobra.Command{
		Use:   "drivers --survey SURVEY",
		Short: "Tell how much each item goes together with an outcome",
		Long: `Tell how much each item goes together with an outcome: correlations, a linear regression on all items, Johnson's relative weights and, for up to 15 items, Shapley
values. P-values are corrected for the number of items (Benjamini and Hochberg). None of this proves a cause.`,
		Example: `  otklik report drivers --survey sfo-2017 --outcome q7all --missing em`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		a.addOutcome()
		a.addItems()
		a.addSpearman()
		flags.Int32Var(&a.draws, "draws", 0, "draws of respondents that intervals rest on, up to 2000 (default 200)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryDriversResponse, error) {
		missing, err := a.missingMethod()
		if err != nil {
			return nil, err
		}
		return conn.QueryDrivers(ctx, &reportingv1.QueryDriversRequest{
			Query: query, Outcome: a.outcome, Items: a.items, Missing: missing, Spearman: a.ranks(), Draws: a.draws,
		})
	}, (*call).printDrivers)
}

func newReportCorrelations(env Env) *cobra.Command {
	return newAnalysis(env, &cobra.Command{
		Use:     "correlations --survey SURVEY",
		Short:   "Correlate questions with each other",
		Example: `  otklik report correlations --survey shop --items staff,prices,queues`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		flags.StringVar(&a.outcome, "outcome", "", "a question that stands before the items")
		a.addItems()
		a.addSpearman()
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryCorrelationsResponse, error) {
		missing, err := a.missingMethod()
		if err != nil {
			return nil, err
		}
		items := a.items
		if a.outcome != "" {
			if len(items) == 0 {
				return nil, exit.Usagef("--outcome goes with --items: without, all scored questions are correlated")
			}
			items = append([]string{a.outcome}, items...)
		}
		return conn.QueryCorrelations(ctx, &reportingv1.QueryCorrelationsRequest{Query: query, Items: items, Missing: missing, Spearman: a.ranks()})
	}, (*call).printCorrelations)
}

func newReportFactors(env Env) *cobra.Command {
	chosen := choices{
		"extraction": {prefix: "EXTRACTION_METHOD_", enum: reportingv1.ExtractionMethod(0).Descriptor()},
		"rotation":   {prefix: "ROTATION_METHOD_", enum: reportingv1.RotationMethod(0).Descriptor()},
	}
	var factors int32
	return newAnalysis(env, &cobra.Command{
		Use:     "factors --survey SURVEY",
		Short:   "Find the factors behind items, and tell whether the items belong together",
		Example: `  otklik report factors --survey shop --rotation promax --alpha std`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		a.addItems()
		flags.Int32Var(&factors, "factors", 0, "number of factors, up to 30 (default: as many as the parallel analysis keeps)")
		chosen["extraction"].add(flags, "extraction", "how factors are extracted", "maximum_likelihood")
		chosen["rotation"].add(flags, "rotation", "how they are rotated", "varimax")
		flags.StringVar(&a.alpha, "alpha", "", "Cronbach's alpha: raw (from covariances) or std (from correlations) (default raw)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryFactorsResponse, error) {
		missing, err := a.missingMethod()
		if err != nil {
			return nil, err
		}
		v, err := chosen.read("extraction", "rotation")
		if err != nil {
			return nil, err
		}
		alpha, ok := alphas[a.alpha]
		if !ok {
			return nil, exit.Usagef("--alpha: %q is none of raw, std", a.alpha)
		}
		return conn.QueryFactors(ctx, &reportingv1.QueryFactorsRequest{
			Query: query, Items: a.items, Missing: missing, Factors: factors, Extraction: reportingv1.ExtractionMethod(v[0]), Rotation: reportingv1.RotationMethod(v[1]), Alpha: alpha,
		})
	}, (*call).printFactors)
}

// alphas are the values of --alpha.
var alphas = map[string]reportingv1.AlphaMethod{
	"": reportingv1.AlphaMethod_ALPHA_METHOD_UNSPECIFIED, "raw": reportingv1.AlphaMethod_ALPHA_METHOD_RAW, "std": reportingv1.AlphaMethod_ALPHA_METHOD_STANDARDIZED,
	"standardized": reportingv1.AlphaMethod_ALPHA_METHOD_STANDARDIZED,
}

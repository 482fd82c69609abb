package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// NewDefinitionsCommand returns `otklik definitions`.
func NewDefinitionsCommand(env Env) *cobra.Command {
	return newGroup("definitions", "Look at what metrics mean, and make composites of your own",
		"Look at what metrics mean, and make composites of your own: expressions, indices and models. Each change is a new version; versions never change, and\nold ones can be computed.",
		newDefinitionsList(env), newDefinitionsGet(env), newDefinitionsVersions(env), newDefinitionsCreate(env), newDefinitionsUpdate(env), newDefinitionsRetire(env))
}

// definitionFile is the help of the file of a definition.
const definitionFile = `

FILE is JSON or YAML, - is standard input, with the fields of the API's MetricDefinition: title, description, survey, and one of expression, index, gap, cuts. For example

  title: {en: Loyalty, ru: Лояльность, ky: Берилгендик}
  expression:
    formula: ((nps + 100) / 2 + csat) / 2
    terms:
      - {id: nps, metric: nps}
      - {id: csat, metric: csat, question: overall}`

func newDefinitionsList(env Env) *cobra.Command {
	var retired bool
	cmd := &cobra.Command{Use: "list", Short: "List definitions, the built-in ones first", Args: exactly()}
	c := newCall(env, cmd)
	cmd.Flags().BoolVar(&retired, "retired", false, "list those that were retired too")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &scoringv1.ListMetricDefinitionsRequest{ShowRetired: retired}
		all, err := listAll(ctx, "metric definitions", conn.Definitions.ListMetricDefinitions, request, &request.PageToken,
			(*scoringv1.ListMetricDefinitionsResponse).GetMetricDefinitions)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(&scoringv1.ListMetricDefinitionsResponse{MetricDefinitions: all})
		}
		return c.definitionTable(all...)
	})
	return cmd
}

func (c *call) definitionTable(all ...*scoringv1.MetricDefinition) error {
	var rows [][]string
	for _, d := range all {
		author := d.GetAuthor()
		if d.GetBuiltIn() {
			author = "built in"
		}
		rows = append(rows, []string{
			idOf(d.GetName()), fmt.Sprint(d.GetVersion()), kindOfDefinition(d), enumWord("STATE_", d.GetState()), formatTime(d.GetCreateTime()), orDash(author),
			orDash(titleOf(d.GetTitle())), orDash(strings.Join(d.GetChanged(), ", ")), orDash(d.GetNote()),
		})
	}
	return c.table([]string{"DEFINITION", "VERSION", "KIND", "STATE", "MADE", "BY", "TITLE", "CHANGED", "NOTE"}, rows)
}

// kindOfDefinition says what a definition computes.
func kindOfDefinition(d *scoringv1.MetricDefinition) string {
	switch d.GetMeaning().(type) {
	case *scoringv1.MetricDefinition_Expression:
		return "expression"
	case *scoringv1.MetricDefinition_Index:
		return "index"
	case *scoringv1.MetricDefinition_Gap:
		return "gap"
	case *scoringv1.MetricDefinition_Cuts:
		return "cuts"
	}
	return "metric"
}

func newDefinitionsGet(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "get DEFINITION[@VERSION]",
		Short:   "Show a definition with its variants or its terms",
		Example: `  otklik definitions get loyalty@2`,
		Args:    exactly("DEFINITION"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Definitions.GetMetricDefinition(ctx, &scoringv1.GetMetricDefinitionRequest{Name: named("metricDefinitions", args[0])})
		if err != nil {
			return fmt.Errorf("get the metric definition: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		return c.showDefinition(got.GetMetricDefinition())
	})
	return cmd
}

func (c *call) showDefinition(d *scoringv1.MetricDefinition) error {
	if err := c.definitionTable(d); err != nil {
		return err
	}
	if text := titleOf(d.GetDescription()); text != "" {
		if err := c.write("\n" + printable(text) + "\n"); err != nil {
			return err
		}
	}
	var b strings.Builder
	for _, line := range [][2]string{{"survey", idOf(d.GetSurvey())}, {"states", strings.Join(d.GetRequires(), ", ")}, {"reference", d.GetReference()}} {
		if line[1] != "" {
			fmt.Fprintf(&b, "%-10s %s\n", line[0], printable(line[1]))
		}
	}
	if err := c.write(b.String() + "\n"); err != nil {
		return err
	}
	return c.meaningTable(d)
}

// meaningTable lays out what a definition computes.
func (c *call) meaningTable(d *scoringv1.MetricDefinition) error {
	var rows [][]string
	switch m := d.GetMeaning().(type) {
	case *scoringv1.MetricDefinition_Expression:
		if err := c.write(printable(m.Expression.GetFormula()) + "\n\n"); err != nil {
			return err
		}
		for _, t := range m.Expression.GetTerms() {
			what := idOf(t.GetDefinition())
			if what == "" {
				what = enumWord("METRIC_", t.GetMetric())
				if t.GetVariant() != scoringv1.Variant_VARIANT_UNSPECIFIED {
					what = enumWord("VARIANT_", t.GetVariant())
				}
			}
			on := "its own scale"
			if t.GetNormalized() {
				on = "0 to 100"
			}
			rows = append(rows, []string{t.GetId(), what, orDash(t.GetQuestion()), on})
		}
		return c.table([]string{"TERM", "METRIC", "QUESTION", "ON"}, rows)
	case *scoringv1.MetricDefinition_Index:
		for _, a := range m.Index.GetAttributes() {
			weight := enumWord("IMPORTANCE_", m.Index.GetImportance())
			switch m.Index.GetImportance() {
			case scoringv1.IndexDefinition_IMPORTANCE_FIXED:
				weight = formatNumber(a.GetWeight(), 6)
			case scoringv1.IndexDefinition_IMPORTANCE_STATED:
				weight = a.GetImportanceQuestion()
			case scoringv1.IndexDefinition_IMPORTANCE_DERIVED:
				weight = "for " + m.Index.GetOutcomeQuestion()
			}
			rows = append(rows, []string{a.GetId(), a.GetQuestion(), weight, orDash(titleOf(a.GetTitle()))})
		}
		return c.table([]string{"ATTRIBUTE", "QUESTION", "IMPORTANCE", "TITLE"}, rows)
	case *scoringv1.MetricDefinition_Gap:
		for _, dimension := range m.Gap.GetDimensions() {
			points := orDash(dimension.GetPointsQuestion())
			if dimension.GetPoints() > 0 {
				points = formatNumber(dimension.GetPoints(), 4)
			}
			for _, i := range dimension.GetItems() {
				rows = append(rows, []string{
					dimension.GetId(), points, i.GetId(), i.GetPerceptionQuestion(), orDash(i.GetExpectationQuestion()), orDash(titleOf(i.GetTitle())),
				})
			}
		}
		return c.table([]string{"DIMENSION", "POINTS", "ITEM", "PERCEPTION", "EXPECTATION", "TITLE"}, rows)
	case *scoringv1.MetricDefinition_Cuts:
		for _, cut := range []struct {
			name string
			at   *float64
		}{
			{"satisfied from", m.Cuts.SatisfiedFrom}, {"easy from", m.Cuts.EasyFrom}, {"net easy from", m.Cuts.NetEasyFrom}, {"net difficult to", m.Cuts.NetDifficultTo},
			{"strong above", m.Cuts.StrongAbove}, {"systemic to", m.Cuts.SystemicTo}, {"case level from", m.Cuts.CaseLevelFrom},
		} {
			if cut.at != nil {
				rows = append(rows, []string{enumWord("VARIANT_", m.Cuts.GetVariant()), orDash(m.Cuts.GetScale()), cut.name, formatNumber(*cut.at, 4)})
			}
		}
		return c.table([]string{"VARIANT", "SCALE", "CUT", "AT"}, rows)
	}
	for _, v := range d.GetVariants() {
		methods := make([]string, 0, len(v.GetIntervalMethods()))
		for _, m := range v.GetIntervalMethods() {
			methods = append(methods, enumWord("INTERVAL_METHOD_", m))
		}
		use := ""
		if v.GetIsDefault() {
			use = "default"
		}
		rows = append(rows, []string{enumWord("VARIANT_", v.GetVariant()), use, v.GetFormula(), v.GetUnit(), strings.Join(methods, ", ")})
	}
	return c.table([]string{"VARIANT", "", "FORMULA", "UNIT", "INTERVALS"}, rows)
}

func newDefinitionsVersions(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "versions DEFINITION", Short: "List the versions of a definition, the newest first: who changed what, when and why", Args: exactly("DEFINITION")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		request := &scoringv1.ListMetricDefinitionVersionsRequest{Name: named("metricDefinitions", args[0]), PageSize: 1000}
		all, err := listAll(ctx, "versions", conn.Definitions.ListMetricDefinitionVersions, request, &request.PageToken,
			(*scoringv1.ListMetricDefinitionVersionsResponse).GetMetricDefinitions)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(&scoringv1.ListMetricDefinitionVersionsResponse{MetricDefinitions: all})
		}
		return c.definitionTable(all...)
	})
	return cmd
}

func newDefinitionsCreate(env Env) *cobra.Command {
	var note string
	var dry bool
	cmd := &cobra.Command{
		Use:     "create DEFINITION FILE",
		Short:   "Make a definition from a file",
		Long:    "Make a definition from a file." + definitionFile,
		Example: `  otklik definitions create loyalty loyalty.yaml --note 'as agreed in March'`,
		Args:    exactly("DEFINITION", "FILE"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&note, "note", "", "why it is made")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only check it")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		d := &scoringv1.MetricDefinition{}
		if err := c.readMessage(args[1], d); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Definitions.CreateMetricDefinition(ctx, &scoringv1.CreateMetricDefinitionRequest{
				MetricDefinitionId: strings.TrimPrefix(args[0], "metricDefinitions/"), MetricDefinition: d, Note: note, ValidateOnly: dry,
			})
			if err != nil {
				return fmt.Errorf("create the metric definition: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.showDefinition(got.GetMetricDefinition())
		})
	})
	return cmd
}

func newDefinitionsUpdate(env Env) *cobra.Command {
	var note, etag string
	var fields []string
	var dry bool
	cmd := &cobra.Command{
		Use:   "update DEFINITION FILE",
		Short: "Make a new version of a definition from a file",
		Long: "Make a new version of a definition from a file. What the file leaves out stays as it is. Versions before stay as they are: a query names one as DEFINITION@VERSION." +
			definitionFile,
		Args: exactly("DEFINITION", "FILE"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&note, "note", "", "why it is changed")
	cmd.Flags().StringVar(&etag, "etag", "", "the etag that the definition must still have")
	cmd.Flags().StringSliceVar(&fields, "field", nil, "change only these: title, description, survey, expression, index, gap, cuts (default: all that the file sets)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only check it")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		d := &scoringv1.MetricDefinition{}
		if err := c.readMessage(args[1], d); err != nil {
			return err
		}
		d.Name = named("metricDefinitions", args[0])
		if etag != "" {
			d.Etag = etag
		}
		request := &scoringv1.UpdateMetricDefinitionRequest{MetricDefinition: d, Note: note, ValidateOnly: dry}
		if len(fields) > 0 {
			request.UpdateMask = &fieldmaskpb.FieldMask{Paths: fields}
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Definitions.UpdateMetricDefinition(ctx, request)
			if err != nil {
				return fmt.Errorf("change the metric definition: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.showDefinition(got.GetMetricDefinition())
		})
	})
	return cmd
}

func newDefinitionsRetire(env Env) *cobra.Command {
	var note, etag string
	cmd := &cobra.Command{
		Use:   "retire DEFINITION",
		Short: "Take a definition out of use; it stays computable",
		Args:  exactly("DEFINITION"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&note, "note", "", "why it is retired")
	cmd.Flags().StringVar(&etag, "etag", "", "the etag that the definition must still have")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if strings.Contains(args[0], "@") {
			return exit.Usagef("a definition is retired as a whole: leave out the version")
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Definitions.RetireMetricDefinition(ctx, &scoringv1.RetireMetricDefinitionRequest{Name: named("metricDefinitions", args[0]), Etag: etag, Note: note})
			if err != nil {
				return fmt.Errorf("retire the metric definition: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.definitionTable(got.GetMetricDefinition())
		})
	})
	return cmd
}

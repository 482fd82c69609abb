package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// NewKpiCommand returns `otklik kpi`.
func NewKpiCommand(env Env) *cobra.Command {
	return newGroup("kpi", "Look at how key figures of employees are weighed, and weigh them anew",
		"Look at how key figures of employees are weighed, and weigh them anew. Versions never change, and each can be computed: otklik report staff --kpi NAME@VERSION.",
		newKpiList(env), newKpiShow(env), newKpiCreate(env), newKpiVersion(env))
}

// kpiFile is the help of the file of a definition.
const kpiFile = `

FILE is JSON or YAML, - is standard input, with the fields of the API's KpiDefinition. For example

  displayName: Sellers
  note: agreed on in March
  components:
    - {id: likes, source: like_share, weight: 2, low: 0.5, high: 1}
    - {id: nps, source: nps, survey: surveys/shop, weight: 1, low: 0, high: 60}`

func newKpiList(env Env) *cobra.Command {
	var versions string
	cmd := &cobra.Command{
		Use: "list", Short: "List definitions, or the versions of one", Args: exactly(),
		Example: "  otklik kpi list\n  otklik kpi list --versions sellers --json",
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&versions, "versions", "", "list the versions of this definition, the newest first")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		if versions != "" {
			request := &reportingv1.ListKpiDefinitionVersionsRequest{Name: under("kpiDefinitions/", versions)}
			all, err := listAll(ctx, "versions", conn.Kpis.ListKpiDefinitionVersions, request, &request.PageToken, (*reportingv1.ListKpiDefinitionVersionsResponse).GetKpiDefinitions)
			if err != nil {
				return err
			}
			return c.told("", &reportingv1.ListKpiDefinitionVersionsResponse{KpiDefinitions: all}, nil, func() error { return c.kpiTable(all...) })
		}
		request := &reportingv1.ListKpiDefinitionsRequest{}
		all, err := listAll(ctx, "definitions", conn.Kpis.ListKpiDefinitions, request, &request.PageToken, (*reportingv1.ListKpiDefinitionsResponse).GetKpiDefinitions)
		if err != nil {
			return err
		}
		return c.told("", &reportingv1.ListKpiDefinitionsResponse{KpiDefinitions: all}, nil, func() error { return c.kpiTable(all...) })
	})
	return cmd
}

func (c *call) kpiTable(all ...*reportingv1.KpiDefinition) error {
	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{
			idOf(d.GetName()), fmt.Sprint(d.GetVersion()), orDash(d.GetDisplayName()), fmt.Sprint(len(d.GetComponents())), orDash(d.GetAuthor()), formatTime(d.GetCreateTime()),
			orDash(d.GetNote()),
		})
	}
	if len(rows) == 0 {
		return c.write("no definitions: otklik kpi create\n")
	}
	return c.table([]string{"DEFINITION", "VERSION", "NAME", "COMPONENTS", "BY", "MADE", "NOTE"}, rows)
}

func newKpiShow(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show DEFINITION[@VERSION]", Short: "Show a definition with its components", Args: exactly("DEFINITION"), Example: "  otklik kpi show sellers@1",
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Kpis.GetKpiDefinition(ctx, &reportingv1.GetKpiDefinitionRequest{Name: under("kpiDefinitions/", args[0])})
		return c.told("get the definition", got, err, func() error { return c.showKpi(got.GetKpiDefinition()) })
	})
	return cmd
}

// showKpi prints a definition and its components.
func (c *call) showKpi(d *reportingv1.KpiDefinition) error {
	if err := c.kpiTable(d); err != nil {
		return err
	}
	var rows [][]string
	for _, x := range d.GetComponents() {
		rows = append(rows, []string{
			x.GetId(), enumWord("KPI_SOURCE_", x.GetSource()), formatNumber(x.GetWeight(), 3), formatNumber(x.GetLow(), 3), formatNumber(x.GetHigh(), 3), orDash(idOf(x.GetSurvey())),
			orDash(x.GetQuestion()),
		})
	}
	if err := c.write("\n"); err != nil {
		return err
	}
	return c.table([]string{"COMPONENT", "SOURCE", "WEIGHT", "COUNTS 0", "COUNTS 1", "SURVEY", "QUESTION"}, rows)
}

func newKpiCreate(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create DEFINITION FILE", Short: "Make a definition", Args: exactly("DEFINITION", "FILE"),
		Long: "Make a definition. The same identifier with the same content changes nothing." + kpiFile, Example: "  otklik kpi create sellers sellers.yaml",
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		d := &reportingv1.KpiDefinition{}
		if err := c.readMessage(args[1], d); err != nil {
			return err
		}
		got, err := conn.Kpis.CreateKpiDefinition(ctx, &reportingv1.CreateKpiDefinitionRequest{KpiDefinitionId: idOf(args[0]), KpiDefinition: d})
		return c.told("make the definition", got, err, func() error { return c.showKpi(got.GetKpiDefinition()) })
	})
	return cmd
}

func newKpiVersion(env Env) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "version DEFINITION FILE", Short: "Make the next version of a definition", Args: exactly("DEFINITION", "FILE"),
		Long:    "Make the next version of a definition, as a whole: what FILE leaves out is not in it. What says the same as the newest makes no version." + kpiFile,
		Example: `  otklik kpi version sellers sellers.yaml --note "likes count more from April on"`,
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&note, "note", "", "why the version is made (default: that of FILE)")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		d := &reportingv1.KpiDefinition{}
		if err := c.readMessage(args[1], d); err != nil {
			return err
		}
		if note != "" {
			d.Note = note
		}
		if d.GetNote() == "" {
			return exit.Usagef("say why the version is made: --note, or note in FILE")
		}
		got, err := conn.Kpis.CreateKpiDefinitionVersion(ctx, &reportingv1.CreateKpiDefinitionVersionRequest{Name: under("kpiDefinitions/", args[0]), KpiDefinition: d})
		return c.told("make the version", got, err, func() error { return c.showKpi(got.GetKpiDefinition()) })
	})
	return cmd
}

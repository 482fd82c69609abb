package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// benchmarkPrefix begins the values of metrics of benchmarks.
const benchmarkPrefix = "BENCHMARK_METRIC_"

// NewBenchmarksCommand returns `otklik benchmarks`.
func NewBenchmarksCommand(env Env) *cobra.Command {
	return newGroup("benchmarks", "Keep numbers of others, and compare own scores with them",
		"Keep numbers of competitors, of an industry, or of own units as others measured them, and compare own scores with them.",
		newBenchmarksImport(env), newBenchmarksList(env), newBenchmarksDelete(env), newBenchmarksCompare(env))
}

func newBenchmarksImport(env Env) *cobra.Command {
	table := &reportingv1.BenchmarkTable{}
	var dry bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Import a table, CSV or XLSX", Args: exactly("FILE"),
		Long: `Import a table with a value in each row: series, subject (who was measured), metric (nps, csat, ces, mean), start_date, end_date (the first day after; or last_date),
value, source (who published it), and, if known, n, standard_error; of means scale_min and scale_max. Rows that are not sound are refused alone.`,
		Example: `  otklik benchmarks import panel.csv --dry-run
  otklik benchmarks import panel.xlsx --map "Сеть=subject" --json`,
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.BoolVar(&dry, "dry-run", false, "check all rows, tell what would become of them, and change nothing")
	addTableFlags(f, &table.Mapping, &table.IgnoreUnknownColumns, &table.Delimiter, &table.Encoding)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		table.Format = tableFormat(args[0])
		file, err := os.Open(args[0])
		if err != nil {
			return exit.Usagef("open the table: %v", err)
		}
		defer func() { _ = file.Close() }()
		data, err := io.ReadAll(io.LimitReader(file, smallTable+1))
		switch {
		case err != nil:
			return exit.Usagef("read the table: %v", err)
		case len(data) == 0:
			return exit.Usagef("the table is empty")
		case len(data) > smallTable:
			return exit.Usagef("the table is larger than %d MiB: divide it", smallTable>>20) //nolint:mnd // MiB
		}
		got, err := conn.Benchmarks.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Table: table, Data: data, DryRun: dry})
		if err != nil {
			return fmt.Errorf("import the table: %w", err)
		}
		return c.operationsImported(got.GetImport(), false)
	})
	return cmd
}

// addTableFlags adds the flags of how a table is read.
func addTableFlags(f *pflag.FlagSet, mapping *map[string]string, ignore *bool, delimiter, encoding *string) {
	f.StringToStringVar(mapping, "map", nil, "which column holds which field: COLUMN=FIELD, more than once; columns are fields of their own names")
	f.BoolVar(ignore, "ignore-unknown-columns", false, "leave out columns that are no fields; otherwise a table that has one is refused")
	f.StringVar(delimiter, "delimiter", "", "what separates the cells of CSV (default: found by the header)")
	f.StringVar(encoding, "encoding", "", "the encoding of CSV (default: utf-8)")
}

// tableFormat is the form of a file by its name.
func tableFormat(path string) reportingv1.OperationTable_Format {
	if strings.HasSuffix(strings.ToLower(path), ".xlsx") {
		return reportingv1.OperationTable_FORMAT_XLSX
	}
	return reportingv1.OperationTable_FORMAT_UNSPECIFIED
}

func newBenchmarksList(env Env) *cobra.Command {
	request := &reportingv1.ListBenchmarksRequest{}
	var metric string
	var most int
	cmd := &cobra.Command{Use: "list", Short: "List values", Args: exactly(), Example: "  otklik benchmarks list --metric nps --subject Globus"}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&request.Series, "series", "", "only of this series")
	f.StringVar(&request.Subject, "subject", "", "only of this subject")
	f.StringVar(&metric, "metric", "", "only of this metric: nps, csat, ces, mean")
	f.IntVar(&most, "limit", 100, "at most this many") //nolint:mnd // a screen or two
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		of, err := value("metric", benchmarkPrefix, metric, reportingv1.BenchmarkMetric(0).Descriptor())
		if err != nil {
			return err
		}
		if most < 1 {
			return exit.Usagef("--limit must be positive")
		}
		request.Metric, request.PageSize = reportingv1.BenchmarkMetric(of), pageFor(most)
		list, err := listUpTo(ctx, "benchmarks", conn.Benchmarks.ListBenchmarks, request, &request.PageToken, (*reportingv1.ListBenchmarksResponse).GetBenchmarks, most)
		switch {
		case err != nil:
			return err
		case c.json:
			return c.printJSON(&reportingv1.ListBenchmarksResponse{Benchmarks: list})
		case len(list) == 0:
			return c.write("no benchmarks\n")
		}
		var rows [][]string
		for _, v := range list {
			n := "-"
			if v.N != nil {
				n = fmt.Sprint(v.GetN())
			}
			rows = append(rows, []string{
				v.GetId(), orDash(v.GetSeries()), orDash(v.GetSubject()), enumWord(benchmarkPrefix, v.GetMetric()), v.GetStartDate(), v.GetEndDate(), formatNumber(v.GetValue(), 2), n,
				number(v.StandardError, 2), orDash(v.GetSource()),
			})
		}
		return c.table([]string{"ID", "SERIES", "SUBJECT", "METRIC", "FROM", "TO", "VALUE", "N", "STANDARD ERROR", "SOURCE"}, rows)
	})
	return cmd
}

func newBenchmarksDelete(env Env) *cobra.Command {
	request := &reportingv1.DeleteBenchmarksRequest{}
	cmd := &cobra.Command{
		Use: "delete", Short: "Remove values, by identifier, series or subject", Args: exactly(), Example: `  otklik benchmarks delete --series "Grocers of Bishkek"`,
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringSliceVar(&request.Ids, "id", nil, "only of these identifiers")
	f.StringVar(&request.Series, "series", "", "only of this series")
	f.StringVar(&request.Subject, "subject", "", "only of this subject")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Benchmarks.DeleteBenchmarks(ctx, request)
		return c.told("remove benchmarks", got, err, func() error { return c.write(fmt.Sprintf("%d benchmarks removed\n", got.GetDeletedCount())) })
	})
	return cmd
}

func newBenchmarksCompare(env Env) *cobra.Command {
	request := &reportingv1.QueryBenchmarkRequest{}
	var metric string
	cmd := &cobra.Command{
		Use: "compare --survey SURVEY --metric METRIC", Short: "Compare own scores with benchmarks, and own units with all others", Args: exactly(),
		Long: `Compare each benchmark with the own score of the same days. A difference is tested where it is known how precise the benchmark is: by its standard error, or of NPS and
CSAT by its n; otherwise it is told as untested.`,
		Example: `  otklik benchmarks compare --survey shop --metric nps --from 2026 --to 2027
  otklik benchmarks compare --survey shop --metric csat --unit locations/osh-1 --unit regions/south --json`,
	}
	c := newCall(env, cmd)
	a := &analysisFlags{}
	f := cmd.Flags()
	a.add(f)
	f.StringVar(&metric, "metric", "", "nps, csat, ces or mean (needed)")
	f.StringVar(&request.Question, "question", "", "the question of the own score (default: the first that supports the metric)")
	f.StringSliceVar(&request.Series, "series", nil, "only these series")
	f.StringSliceVar(&request.Subjects, "subject", nil, "only these subjects")
	f.StringSliceVar(&request.Units, "unit", nil, "own units to compare with all others, locations/ID or regions/ID")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		of, err := value("metric", benchmarkPrefix, metric, reportingv1.BenchmarkMetric(0).Descriptor())
		if err != nil {
			return err
		}
		if of == 0 {
			return exit.Usagef("--metric is needed")
		}
		request.Metric = reportingv1.BenchmarkMetric(of)
		if request.Query, err = a.query(); err != nil {
			return err
		}
		got, err := conn.Benchmarks.QueryBenchmark(ctx, request)
		return c.told("compare", got, err, func() error { return c.printBenchmarks(got) })
	})
	return cmd
}

func (c *call) printBenchmarks(got *reportingv1.QueryBenchmarkResponse) error {
	own := func(s *reportingv1.BenchmarkScore) (string, string) {
		if s == nil {
			return "-", "-"
		}
		return withInterval(s.GetScore(), 2), fmt.Sprint(s.GetN())
	}
	untested := func(t *reportingv1.AnalysisTest, reason string) string {
		if reason != "" {
			return strings.ToLower(reason)
		}
		return adjustedP(t)
	}
	score, n := own(got.GetOwn())
	rows := [][]string{{"own, the whole period", "-", "-", score, n, "-", "-"}}
	for _, x := range got.GetComparisons() {
		score, n := own(x.GetOwn())
		b := x.GetBenchmark()
		rows = append(rows, []string{
			printable(b.GetSubject() + ", " + b.GetSeries()), b.GetStartDate() + " – " + b.GetEndDate(), formatNumber(b.GetValue(), 2), score, n, withInterval(x.GetDifference(), 2),
			untested(x.GetTest(), x.GetUntestedReason()),
		})
	}
	for _, u := range got.GetUnits() {
		score, n := own(u.GetScore())
		others, _ := own(u.GetOthers())
		rows = append(rows, []string{printable(u.GetUnit()) + " against others", "-", others, score, n, withInterval(u.GetDifference(), 2), untested(u.GetTest(), u.GetUntestedReason())})
	}
	if err := c.table([]string{"WHO", "DAYS", "BENCHMARK", "OWN", "N", "DIFFERENCE", "ADJUSTED P"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\n%s of %s", enumWord(benchmarkPrefix, got.GetMetric()), orDash(got.GetQuestion())) + basisText(got.GetBasis()))
}

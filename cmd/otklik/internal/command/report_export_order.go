package command

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// orderFlags are the flags by which an export is asked for.
type orderFlags struct {
	kind, survey, id, format, from, to, zone, filter string
	// output is the file that the export is written to; its end tells the format.
	output               string
	columns              []string
	mark                 bool
	records              string
	metrics, variants    []string
	question, definition string
	by                   []string
	grain                string
	weighted             bool
}

// add adds the flags to those of a command.
func (o *orderFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.kind, "kind", "", "responses, comments, scores, contacts, cases, operations or refusals (default: responses)")
	f.StringVar(&o.survey, "survey", "", "the survey (needed for responses, scores and refusals)")
	f.StringVar(&o.id, "id", "", "identifier of the export (default: the server makes one)")
	f.StringVar(&o.format, "format", "", "csv, xlsx or jsonl (default: by the end of FILE, otherwise csv)")
	f.StringVar(&o.from, "from", "", "begin of the period, for example 2026-03-01 (default: open)")
	f.StringVar(&o.to, "to", "", "end of the period, which does not belong to it (default: open)")
	f.StringVar(&o.zone, "time-zone", "", "time zone of --from and --to, and of the steps of scores (default: UTC)")
	f.StringVar(&o.filter, "filter", "", `which rows, for example 'location = "osh" AND channel = app'`)
	f.StringSliceVar(&o.columns, "columns", nil, "the columns, in their order (default: all that you may see)")
	f.BoolVar(&o.mark, "bom", false, "CSV: begin with the byte order mark by which Excel knows UTF-8")
	f.StringVar(&o.records, "records", "", "operations: of what kind, for example visitors, sales, receipts or mystery-visits")
	f.StringSliceVar(&o.metrics, "metric", nil, "scores: the metrics, for example nps (default: all that the questions support)")
	f.StringSliceVar(&o.variants, "variant", nil, "scores: the variants, for example nps_contacted")
	f.StringVar(&o.question, "question", "", "scores: the question, or all")
	f.StringVar(&o.definition, "definition", "", "scores: a definition in place of metrics")
	f.StringSliceVar(&o.by, "by", nil, "scores: up to three keys to group by")
	f.StringVar(&o.grain, "grain", "", "scores: hour, day, week, month, quarter or year")
	f.BoolVar(&o.weighted, "weighted", false, "scores: count responses by the weights that they state")
}

// order is what is asked for. Errors are of wrong usage.
func (o *orderFlags) order() (*reportingv1.CreateExportRequest, error) {
	kind, err := value("kind", "KIND_", o.kind, reportingv1.Export_Kind(0).Descriptor())
	if err != nil {
		return nil, err
	}
	form, err := exportFormat(o.format, o.output)
	if err != nil {
		return nil, err
	}
	records, err := value("records", "OPERATION_KIND_", o.records, reportingv1.OperationKind(0).Descriptor())
	if err != nil {
		return nil, err
	}
	period, err := parsePeriod(o.from, o.to, o.zone)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.Export{
		Kind: reportingv1.Export_Kind(kind), Period: period, Format: form, Columns: o.columns, ByteOrderMark: o.mark, Filter: o.filter,
		OperationKind: reportingv1.OperationKind(records),
	}
	if o.survey != "" {
		out.Survey = surveyName(o.survey)
	}
	switch out.GetKind() {
	case reportingv1.Export_KIND_UNSPECIFIED, reportingv1.Export_KIND_RESPONSES, reportingv1.Export_KIND_REFUSALS:
		if o.survey == "" {
			return nil, exit.Usagef("--survey is needed")
		}
	case reportingv1.Export_KIND_SCORES:
		if o.survey == "" {
			return nil, exit.Usagef("--survey is needed")
		}
		if out.Scores, err = o.scores(); err != nil {
			return nil, err
		}
	}
	return &reportingv1.CreateExportRequest{ExportId: o.id, Export: out}, nil
}

// scores are the scores that are asked for.
func (o *orderFlags) scores() (*reportingv1.ExportScores, error) {
	grain, err := value("grain", "TIME_GRAIN_", o.grain, typev1.TimeGrain(0).Descriptor())
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ExportScores{GroupBy: o.by, Question: o.question, Grain: typev1.TimeGrain(grain), TimeZone: o.zone, Weighted: o.weighted}
	if o.question == "all" {
		out.Question = "*"
	}
	if o.definition != "" {
		out.Definition = named("metricDefinitions", o.definition)
	}
	for _, m := range o.metrics {
		out.Metrics = append(out.Metrics, shouted(m))
	}
	for _, v := range o.variants {
		out.Variants = append(out.Variants, shouted(v))
	}
	return out, nil
}

// shouted is a name as the API has it.
func shouted(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// word is the word of a value of an enum, such as last-month; empty for the value that is not stated.
func word(e protoreflect.Enum, prefix string) string {
	if e.Number() == 0 {
		return ""
	}
	name := string(e.Descriptor().Values().ByNumber(e.Number()).Name())
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", "-")
}

// valueOf is the value of an enum that a word stands for; 0 when there is none.
func valueOf(e protoreflect.EnumDescriptor, prefix, word string) protoreflect.EnumNumber {
	v := e.Values().ByName(protoreflect.Name(prefix + strings.ReplaceAll(strings.ToUpper(word), "-", "_")))
	if word == "" || v == nil {
		return 0
	}
	return v.Number()
}

// The prefixes of enums.
const (
	kindPrefix       = "REPORT_KIND_"
	rulePrefix       = "REPORT_PERIOD_RULE_"
	comparisonPrefix = "REPORT_COMPARISON_"
	cadencePrefix    = "REPORT_CADENCE_"
	typePrefix       = "TYPE_"
	formatPrefix     = "REPORT_FORMAT_"
)

// etagOf changes with every version.
func etagOf(d report.Definition) string { return strconv.Itoa(d.Version) }

func kindToProto(k report.Kind) reportingv1.ReportKind {
	return reportingv1.ReportKind(valueOf(reportingv1.ReportKind(0).Descriptor(), kindPrefix, string(k)))
}

func ruleToProto(r report.Rule) reportingv1.ReportPeriodRule {
	return reportingv1.ReportPeriodRule(valueOf(reportingv1.ReportPeriodRule(0).Descriptor(), rulePrefix, string(r)))
}

func cadenceToProto(c report.Cadence) reportingv1.ReportCadence {
	return reportingv1.ReportCadence(valueOf(reportingv1.ReportCadence(0).Descriptor(), cadencePrefix, string(c)))
}

func typeToProto(t report.SectionType) reportingv1.ReportSection_Type {
	return reportingv1.ReportSection_Type(valueOf(reportingv1.ReportSection_Type(0).Descriptor(), typePrefix, string(t)))
}

// reportToProto converts a definition; versioned tells that its name says the version.
func reportToProto(d report.Definition, versioned bool) *reportingv1.Report {
	out := &reportingv1.Report{
		Name: reportPrefix + d.ID, DisplayName: d.DisplayName, Kind: kindToProto(d.Kind), Survey: d.Survey, Filter: d.Filter, LanguageCode: d.Language, TimeZone: d.Zone,
		PeriodRule: ruleToProto(d.Period), Comparison: reportingv1.ReportComparison(valueOf(reportingv1.ReportComparison(0).Descriptor(), comparisonPrefix, string(d.Comparison))),
		Cadence: cadenceToProto(d.Cadence), Version: int32(d.Version), BuiltIn: d.BuiltIn(), Author: d.Author,
	}
	if versioned {
		out.Name += "@" + strconv.Itoa(d.Version)
	}
	if !d.BuiltIn() {
		out.VersionTime, out.Etag = timestamppb.New(d.Time), etagOf(d)
	}
	for _, s := range d.Sections {
		out.Sections = append(out.Sections, &reportingv1.ReportSection{Type: typeToProto(s.Type), By: s.By, Outcome: s.Outcome, Items: s.Items, Rows: int32(s.Rows), KpiDefinition: s.Kpi, Measure: measureOf(s)})
	}
	return out
}

// contentFromProto converts what a definition says, and fills in what it leaves to its kind. field is that of the report.
func contentFromProto(in *reportingv1.Report, field string) (report.Content, error) {
	c := report.Content{
		DisplayName: in.GetDisplayName(), Kind: report.Kind(word(in.GetKind(), kindPrefix)), Survey: in.GetSurvey(), Filter: in.GetFilter(), Language: in.GetLanguageCode(),
		Zone: in.GetTimeZone(), Period: report.Rule(word(in.GetPeriodRule(), rulePrefix)), Comparison: report.Comparison(word(in.GetComparison(), comparisonPrefix)),
		Cadence: report.Cadence(word(in.GetCadence(), cadencePrefix)),
	}
	if c.Kind == "" {
		const what = "must say what the report is for; list the kinds of reports"
		return c, rpcerr.New(codes.InvalidArgument, validation.Reason, field+".kind: "+what, rpcerr.WithField(field+".kind", "REQUIRED", what))
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		return c, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_PERIOD_INVALID, field+".time_zone", fmt.Sprintf("there is no time zone %q; name one such as Asia/Bishkek", c.Zone))
	}
	for _, s := range in.GetSections() {
		c.Sections = append(c.Sections, report.Section{
			Type: report.SectionType(word(s.GetType(), typePrefix)), By: s.GetBy(), Outcome: s.GetOutcome(), Items: slices.Clone(s.GetItems()), Rows: int(s.GetRows()),
			Kpi: s.GetKpiDefinition(), Measure: report.Measure(word(s.GetMeasure(), measurePrefix)),
		})
	}
	c.Complete()
	return c, nil
}

// profileToProto converts what belongs to a kind.
func profileToProto(p report.Profile) *reportingv1.ReportProfile {
	out := &reportingv1.ReportProfile{
		Kind: kindToProto(p.Kind), Report: reportPrefix + string(p.Kind), Titles: make(map[string]string), PeriodRule: ruleToProto(p.Period), Cadence: cadenceToProto(p.Cadence),
		SubjectCollection: p.Subject,
	}
	for _, language := range []string{"ru", "ky", "en"} {
		out.Titles[language] = phrase.For(language).Text(titleOf(p.Kind))
	}
	for _, s := range p.Sections {
		out.Sections = append(out.Sections, typeToProto(s.Type))
	}
	return out
}

// Package formats converts the forms of reports between the API and the reports themselves.
package formats

import (
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// prefix begins the names of forms in the API.
const prefix = "REPORT_FORMAT_"

// FromProto are forms that the API names.
func FromProto(in ...reportingv1.ReportFormat) []report.Format {
	out := make([]report.Format, len(in))
	for i, f := range in {
		out[i] = report.Format(strings.ToLower(strings.TrimPrefix(f.String(), prefix)))
	}
	return out
}

// ToProto are forms as the API names them.
func ToProto(in []report.Format) []reportingv1.ReportFormat {
	out := make([]reportingv1.ReportFormat, len(in))
	for i, f := range in {
		out[i] = reportingv1.ReportFormat(reportingv1.ReportFormat_value[prefix+strings.ToUpper(string(f))])
	}
	return out
}

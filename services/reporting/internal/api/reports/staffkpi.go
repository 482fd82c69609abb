package reports

import (
	"context"
	"strconv"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Kpis are the key figures of employees.
type Kpis interface {
	ListKpiDefinitions(context.Context, *reportingv1.ListKpiDefinitionsRequest) (*reportingv1.ListKpiDefinitionsResponse, error)
	QueryStaffKpi(context.Context, *reportingv1.QueryStaffKpiRequest) (*reportingv1.QueryStaffKpiResponse, error)
}

// kpiSources are the names of what components are measured by, with the form of their values.
var kpiSources = map[reportingv1.KpiSource]struct {
	name   phrase.Key
	unit   document.Unit
	digits int
	factor float64
}{
	reportingv1.KpiSource_KPI_SOURCE_MEAN_SCORE:             {phrase.SourceMean, document.Plain, 2, 1},
	reportingv1.KpiSource_KPI_SOURCE_NPS:                    {phrase.SourceNPS, document.Points, 1, 1},
	reportingv1.KpiSource_KPI_SOURCE_CSAT:                   {phrase.SourceCSAT, document.Percent, 1, 1},
	reportingv1.KpiSource_KPI_SOURCE_LIKE_SHARE:             {phrase.SourceLikes, document.Percent, 1, hundred},
	reportingv1.KpiSource_KPI_SOURCE_STANDARDS_COMPLIANCE:   {phrase.SourceStandards, document.Percent, 1, hundred},
	reportingv1.KpiSource_KPI_SOURCE_CONSULTATIONS_PER_HOUR: {phrase.SourceConsultations, document.Plain, 2, 1},
	reportingv1.KpiSource_KPI_SOURCE_UNITS_PER_RECEIPT:      {phrase.SourceUnits, document.Plain, 2, 1},
	reportingv1.KpiSource_KPI_SOURCE_AVERAGE_CHECK:          {phrase.SourceCheck, document.Money, 0, 1},
}

// kpiAbsences say why a component has no value.
var kpiAbsences = map[string]phrase.Key{"NO_DATA": phrase.NoData, "SUPPRESSED": phrase.Withheld, "NO_SHIFTS": phrase.AbsentShifts}

// staffKpi shows the key figures of employees, in the order of identifiers, and what they consist of.
func (r *run) staffKpi(ctx context.Context, s report.Section) (part, error) {
	q, err := r.stores(ctx, "reporting.staff.query", r.period, "employee")
	if err != nil {
		return part{}, err
	}
	if err := r.seesPersons(ctx); err != nil {
		return part{}, err
	}
	req := &reportingv1.QueryStaffKpiRequest{Query: q, KpiDefinition: s.Kpi}
	if req.GetKpiDefinition() == "" {
		// Two tell that there is not just one.
		list, err := r.kpis.ListKpiDefinitions(ctx, &reportingv1.ListKpiDefinitionsRequest{PageSize: 2})
		if err != nil {
			return part{}, err
		}
		if len(list.GetKpiDefinitions()) != 1 {
			return part{}, absent(phrase.AbsentKpi)
		}
		req.KpiDefinition = list.GetKpiDefinitions()[0].GetName()
	}
	if only := r.circumstances["employee"]; only != "" {
		req.Employees = []string{"employees/" + only}
	}
	resp, err := r.kpis.QueryStaffKpi(ctx, req)
	if err != nil {
		return part{}, ofStores(err)
	}
	if len(resp.GetStaff()) == 0 {
		return part{}, absent(phrase.AbsentOperations)
	}
	names, err := r.names(ctx, "employee")
	if err != nil {
		return part{}, err
	}
	definition := definitionOfStores(resp.GetBasis())
	var rows, parts [][]document.Cell
	for _, e := range resp.GetStaff() {
		id := e.GetEmployee()[len("employees/"):]
		share, n := hundred*e.GetMeasuredWeight(), int64(0)
		for _, c := range e.GetComponents() {
			n += int64(c.GetN())
		}
		score := r.scaled(e.GetScore(), hundred, &n, document.Plain, 0, definition)
		rows = append(rows, []document.Cell{
			textCell(id), textCell(r.valueName(id, names)), numberCell(score), numberCell(document.Number{Value: &share, Unit: document.Percent, N: &n, Definition: definition}),
		})
		for i, c := range e.GetComponents() {
			parts = append(parts, r.kpiRow(id, names, resp.GetKpiDefinition().GetComponents()[i], c, resp.GetBasis()))
		}
	}
	columns := []document.Column{
		r.textColumn("employee", phrase.ColumnEmployee), r.textColumn("name", phrase.ColumnName), r.numberColumn("kpi", phrase.ColumnKpi), r.numberColumn("measured_weight", phrase.ColumnMeasured),
	}
	partColumns := []document.Column{
		r.textColumn("employee", phrase.ColumnEmployee), r.textColumn("component", phrase.ColumnComponent), r.numberColumn("value", phrase.ColumnMeasuredValue),
		r.numberColumn("weight", phrase.ColumnEffectiveWeight), r.numberColumn("contribution", phrase.ColumnContribution),
	}
	d := resp.GetKpiDefinition()
	return part{
		blocks: []document.Block{
			r.table("staff_kpi", phrase.TableStaffKpi, columns, rows, s.Rows, unitsPage), r.table("staff_kpi_components", phrase.TableKpiParts, partColumns, parts, s.Rows, unitsPage),
		},
		notes: []string{r.words.Text(phrase.NoteNoRanking), r.words.Text(phrase.NoteKpi, d.GetDisplayName(), strconv.Itoa(int(d.GetVersion())))},
	}, nil
}

// kpiRow is a component of an employee's key figure.
func (r *run) kpiRow(
	employee string, names map[string]string, of *reportingv1.KpiComponent, c *reportingv1.StaffKpiComponent, basis *reportingv1.PerformanceBasis,
) []document.Cell {
	source, definition, n := kpiSources[of.GetSource()], definitionOfStores(basis), int64(c.GetN())
	value := r.scaled(c.GetValue(), source.factor, &n, source.unit, source.digits, definition)
	if source.unit == document.Money {
		form := formOf(reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_AVERAGE_CHECK, basis.GetCurrency())
		value = form.change(r, c.GetValue(), n, definition)
	}
	if c.GetValue() == nil {
		value.Absent, value.N = r.words.Text(phrase.NoData), nil
		if key, ok := kpiAbsences[c.GetAbsentReason()]; ok {
			value.Absent = r.words.Text(key)
		}
	}
	percent := func(v float64, digits int) document.Cell {
		v *= hundred
		return numberCell(document.Number{Value: &v, Unit: document.Percent, Digits: digits, N: &n, Definition: definition})
	}
	contribution := hundred * c.GetContribution()
	return []document.Cell{
		textCell(r.valueName(employee, names)), textCell(r.words.Text(source.name)), numberCell(value), percent(c.GetEffectiveWeight(), 0),
		numberCell(document.Number{Value: &contribution, Unit: document.Plain, Digits: 1, N: &n, Definition: definition}),
	}
}

package reports

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// level is that of all intervals of reports.
const level = 0.95

// sectionsAtOnce is how many sections of a report are computed at the same time.
const sectionsAtOnce = 4

// run is a report that is being made.
type run struct {
	*Server
	definition report.Definition
	profile    report.Profile
	words      phrase.Book
	notation   notation.Notation
	survey     string
	asked      []peers.Question
	// surveyTitle is what colleagues call the survey.
	surveyTitle string
	period      document.Period
	// baseline is the period compared with; nil for none.
	baseline *document.Period
	// subject is what the report is about, `locations/osh`; empty for the whole organisation.
	subject string
	// filter is which responses are counted, all together; circumstances says the same as values of keys, and plain whether it can be said so.
	filter        string
	circumstances map[string]string
	plain         bool
	// mark is up to when responses are counted, the same for all sections.
	mark *timestamppb.Timestamp
	// protected tells that the responses come from employees or rate one: they are released in blocks, and cannot be asked for as of a moment.
	protected bool
}

// builder makes a section.
type builder struct {
	title phrase.Key
	build func(r *run, ctx context.Context, s report.Section) (part, error)
	// present tells that the section says how things are when the report is made, and not up to the watermark.
	present bool
}

// part is what a section consists of.
type part struct {
	blocks []document.Block
	notes  []string
}

// builders are those of all types of sections.
func builders() map[report.SectionType]builder {
	return map[report.SectionType]builder{
		report.Scores:    {title: phrase.SectionScores, build: (*run).scores},
		report.Trend:     {title: phrase.SectionTrend, build: (*run).trend},
		report.Response:  {title: phrase.SectionResponse, build: (*run).response},
		report.Questions: {title: phrase.SectionQuestions, build: (*run).questions},
		report.Units:     {title: phrase.SectionUnits, build: (*run).units},
		report.Heat:      {title: phrase.SectionHeat, build: (*run).heat},
		report.Map:       {title: phrase.SectionMap, build: (*run).places},
		report.Matrix:    {title: phrase.SectionMatrix, build: (*run).matrix},
		report.Drivers:   {title: phrase.SectionDrivers, build: (*run).drivers},
		report.Bridge:    {title: phrase.SectionBridge, build: (*run).bridge},
		report.Strengths: {title: phrase.SectionStrengths, build: (*run).strengths},
		report.Themes:    {title: phrase.SectionThemes, build: (*run).themes, present: true},
		report.Lights:    {title: phrase.SectionLights, build: (*run).lights, present: true},
		report.WorkOrder: {title: phrase.SectionWorkOrder, build: (*run).workOrder, present: true},
		report.Cases:     {title: phrase.SectionCases, build: (*run).cases, present: true},
		report.Recovery:  {title: phrase.SectionRecovery, build: (*run).recovery, present: true},
		report.Alerts:    {title: phrase.SectionAlerts, build: (*run).alerts, present: true},
		report.Retention: {title: phrase.SectionRetention, build: (*run).retention, present: true},
		// What was recorded of stores may be corrected any time.
		report.Revenue:     {title: phrase.SectionRevenue, build: (*run).revenue, present: true},
		report.Quality:     {title: phrase.SectionQuality, build: (*run).quality, present: true},
		report.Standards:   {title: phrase.SectionStandards, build: (*run).standards, present: true},
		report.Seasonality: {title: phrase.SectionSeasonality, build: (*run).seasonality, present: true},
		report.Reserve:     {title: phrase.SectionReserve, build: (*run).reserve, present: true},
		report.StaffKpi:    {title: phrase.SectionStaffKpi, build: (*run).staffKpi, present: true},
		report.Policies:    {title: phrase.SectionPolicies, build: (*run).policies, present: true},
		// Cases of stages, and what was recorded of others, are those of now.
		report.Journey:    {title: phrase.SectionJourney, build: (*run).journey, present: true},
		report.Benchmarks: {title: phrase.SectionBenchmarks, build: (*run).benchmarks, present: true},
	}
}

// document makes the whole.
func (r *run) document(ctx context.Context) (document.Document, error) {
	d := document.Document{
		Title: r.title(), Subtitle: r.subtitle(ctx), Language: r.words.Language(), Period: r.period, Watermark: r.mark.AsTime(), Filter: r.filter,
		Scope:    r.scope(ctx),
		Sections: make([]document.Section, len(r.definition.Sections)),
	}
	all := builders()
	ids := sectionIDs(r.definition.Sections)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(sectionsAtOnce)
	for i, s := range r.definition.Sections {
		work.Go(func() error {
			b := all[s.Type]
			p, err := b.build(r, ctx, s)
			why, told := r.absence(err)
			switch {
			case told:
				p = part{blocks: []document.Block{{Absent: why}}}
			case err != nil:
				return err
			case len(p.blocks) == 0:
				p.blocks = []document.Block{{Absent: r.words.Text(phrase.NoData)}}
			}
			name(p.blocks, strings.TrimPrefix(ids[i], string(s.Type)))
			if hasTests(p.blocks) {
				p.notes = append(p.notes, r.words.Text(phrase.NoteCorrected))
			}
			if r.present(s) {
				p.notes = append(p.notes, r.words.Text(phrase.NotePresent))
			}
			d.Sections[i] = document.Section{ID: ids[i], Title: r.words.Text(b.title), Blocks: p.blocks, Notes: p.notes}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return document.Document{}, err
	}
	d.Notes = append(d.Notes, r.words.Text(phrase.NoteInterval))
	return d, nil
}

// hasTests tells that a section shows a p-value: all that sections show are corrected, and the intervals beside them are not.
func hasTests(blocks []document.Block) bool {
	for _, b := range blocks {
		if slices.ContainsFunc(b.Figures, func(f document.Figure) bool { return f.Number.P != nil || f.Change != nil && f.Change.P != nil }) {
			return true
		}
		if b.Table != nil && slices.ContainsFunc(b.Table.Rows, func(row []document.Cell) bool {
			return slices.ContainsFunc(row, func(c document.Cell) bool { return c.Number != nil && c.Number.P != nil })
		}) {
			return true
		}
	}
	return false
}

// name makes the identifiers of tables and charts of a section unique where there are several of its type.
func name(blocks []document.Block, suffix string) {
	for _, b := range blocks {
		if b.Table != nil {
			b.Table.ID += suffix
		}
		if b.Chart != nil {
			b.Chart.ID += suffix
		}
	}
}

// present tells that a section says how things are when the report is made, and not up to the watermark.
func (r *run) present(s report.Section) bool {
	return r.protected || s.By == "employee" || builders()[s.Type].present
}

// sectionIDs names the sections: by their types, and from the second of a type on with a number.
func sectionIDs(sections []report.Section) []string {
	out, seen := make([]string, len(sections)), make(map[report.SectionType]int)
	for i, s := range sections {
		seen[s.Type]++
		out[i] = string(s.Type)
		if n := seen[s.Type]; n > 1 {
			out[i] += "-" + strconv.Itoa(n)
		}
	}
	return out
}

// title is what the report is called.
func (r *run) title() string {
	if r.definition.DisplayName != "" {
		return r.definition.DisplayName
	}
	return r.words.Text(titleOf(r.definition.Kind))
}

// absence says in the language of the report why there is no section: other services refuse what nobody could tell, or what this caller may not know. It is
// false for errors that mean that the report cannot be made now.
func (r *run) absence(err error) (string, bool) {
	var none absent
	if errors.As(err, &none) {
		return r.words.Text(phrase.Key(none)), true
	}
	var said *peers.Refusal
	if errors.As(err, &said) {
		err = said.Cause
	}
	e, ok := rpcerr.FromError(err)
	if err == nil || !ok {
		return "", false
	}
	switch e.Code {
	case codes.PermissionDenied:
		return r.words.Text(phrase.AbsentPermission), true
	case codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound:
		if key, ok := reasons[e.Reason]; ok {
			return r.about(r.words.Text(key), e.Metadata["items"]), true
		}
		return r.words.Text(phrase.AbsentOther, e.Reason), true
	}
	return "", false
}

// reasons say in words why something cannot be told.
var reasons = map[string]phrase.Key{
	"TOO_FEW_ANSWERS": phrase.AbsentFewAnswers, "NO_DATA": phrase.NoData, "ITEM_CONSTANT": phrase.AbsentConstant, "ITEMS_NEVER_TOGETHER": phrase.AbsentNeverTogether,
	"ITEMS_SINGULAR": phrase.AbsentSingular, "TOO_FEW_ITEMS": phrase.AbsentFewItems, "OUTCOME_REQUIRED": phrase.AbsentOutcome, "KEY_UNKNOWN": phrase.AbsentKey,
	"NOT_CONVERGED": phrase.AbsentSingular, "TOO_MANY": phrase.AbsentTooMany, "QUESTION_NOT_FOUND": phrase.AbsentQuestion,
	"QUESTION_NOT_SCORED": phrase.AbsentQuestion, "METRIC_NOT_SUPPORTED": phrase.AbsentQuestion, "NOT_PROTECTABLE": phrase.AbsentProtected, "MONTHS_NOT_WHOLE": phrase.AbsentMonths, "GROUPING_NOT_DECLARED": phrase.AbsentGrouping,
	"TOUCHPOINTS_MISSING": phrase.AbsentTouchpoints,
}

// absent is why there is no section, as what reports say.
type absent phrase.Key

// Error says it to programmers; readers are told in their language.
func (a absent) Error() string { return phrase.For("en").Text(phrase.Key(a)) }

// Why a section is left out that nothing was asked for.
const (
	errBaseline   = absent(phrase.AbsentBaseline)
	errFilter     = absent(phrase.AbsentFilter)
	errPermission = absent(phrase.AbsentPermission)
	errDays       = absent(phrase.AbsentDays)
)

// failed explains an error of another service that stops the report.
func failed(err error) error {
	if errors.Is(err, peers.ErrUnavailable) {
		return fault.Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_SCORING_UNAVAILABLE,
			"a service that the report asks did not answer: try again", rpcerr.WithCause(err))
	}
	return fault.Scoring(err, func(theirs string) string { return "query." + strings.TrimPrefix(theirs, "query.") })
}

// query is what scores are asked by, within a period.
func (r *run) query(p document.Period) *scoringv1.ScoreQuery {
	q := &scoringv1.ScoreQuery{Survey: r.survey, Filter: r.filter, Period: periodToProto(p), ConfidenceLevel: level}
	if !r.protected {
		q.AsOfTime = r.mark
	}
	return q
}

// analysis is what analyses are asked by.
func (r *run) analysis() *reportingv1.AnalysisQuery {
	return &reportingv1.AnalysisQuery{Survey: r.survey, Filter: r.filter, Period: periodToProto(r.period), AsOfTime: r.mark, ConfidenceLevel: level}
}

// asks tells whether the survey asks questions of a kind.
func (r *run) asks(kind peers.Kind) bool {
	return slices.ContainsFunc(r.asked, func(q peers.Question) bool { return q.Kind == kind })
}

// question is the text of a question in the language of the report, or its identifier.
func (r *run) question(id string) string {
	if i := slices.IndexFunc(r.asked, func(q peers.Question) bool { return q.ID == id }); i >= 0 {
		return r.words.Pick(r.asked[i].Text.GetTexts(), id)
	}
	return id
}

// periodToProto converts a period.
func periodToProto(p document.Period) *typev1.Period {
	out := &typev1.Period{}
	if !p.Start.IsZero() {
		out.StartTime = timestamppb.New(p.Start)
	}
	if !p.End.IsZero() {
		out.EndTime = timestamppb.New(p.End)
	}
	return out
}

// within tells whether a time lies in a period.
func within(p document.Period, t time.Time) bool {
	return !t.IsZero() && !t.Before(p.Start) && (p.End.IsZero() || t.Before(p.End))
}

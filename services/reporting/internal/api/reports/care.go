package reports

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Definitions of what the segmentation service tells.
const (
	definitionLight    = "light@1"
	definitionCases    = "cases@2"
	definitionRecovery = "recovery@1"
)

// mostCases is how many pages of cases are read: beyond, a report says that it counts the first ones only.
const mostCases = 20

// colours are those of lights.
var colours = map[segmentationv1.LightColour]document.Mark{
	segmentationv1.LightColour_LIGHT_COLOUR_RED: document.Red, segmentationv1.LightColour_LIGHT_COLOUR_AMBER: document.Amber,
	segmentationv1.LightColour_LIGHT_COLOUR_GREEN: document.Green,
}

// lights shows how many lights show each colour.
func (r *run) lights(ctx context.Context, _ report.Section) (part, error) {
	if r.filter != "" {
		return part{}, errFilter
	}
	kinds := []struct {
		kind segmentationv1.LightKind
		name phrase.Key
	}{
		{segmentationv1.LightKind_LIGHT_KIND_LOCATION, phrase.Locations}, {segmentationv1.LightKind_LIGHT_KIND_COMPANY, phrase.Companies},
		{segmentationv1.LightKind_LIGHT_KIND_CONTACT, phrase.Contacts},
	}
	columns := []document.Column{
		r.textColumn("kind", phrase.ColumnUnit), r.numberColumn("red", phrase.ColumnRed), r.numberColumn("amber", phrase.ColumnAmber), r.numberColumn("green", phrase.ColumnGreen),
	}
	var rows [][]document.Cell
	for _, k := range kinds {
		resp, err := r.sources.Lights.ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: k.kind, PageSize: 1})
		if err != nil {
			return part{}, err
		}
		of := make(map[document.Mark]int64)
		for _, c := range resp.GetCounts() {
			of[colours[c.GetColour()]] += c.GetCount()
		}
		if of[document.Red]+of[document.Amber]+of[document.Green] > 0 {
			rows = append(rows, []document.Cell{textCell(r.words.Text(k.name)), numberCell(count(of[document.Red])), numberCell(count(of[document.Amber])), numberCell(count(of[document.Green]))})
		}
	}
	if len(rows) == 0 {
		return part{}, nil
	}
	return part{blocks: []document.Block{r.table("lights", phrase.TableLights, columns, rows, 0, len(rows))}, notes: []string{r.words.Text(phrase.NoteAllLights)}}, nil
}

// workOrder shows whom to speak to first: red companies or, where there are none, red locations.
func (r *run) workOrder(ctx context.Context, s report.Section) (part, error) {
	if r.filter != "" {
		return part{}, errFilter
	}
	resp, err := r.sources.Lights.ListWorkOrder(ctx, &segmentationv1.ListWorkOrderRequest{ContactLimit: 1, PageSize: 50})
	if err != nil {
		return part{}, err
	}
	var rows [][]document.Cell
	line := func(l *segmentationv1.Light, contacts document.Cell, names map[string]string) {
		id := l.GetName()[strings.IndexByte(l.GetName(), '/')+1:]
		id = strings.TrimSuffix(id, "/light")
		mean, n := l.GetMean(), l.GetAnswerCount()
		number := bounded(document.Number{Value: &mean, Unit: document.Plain, Digits: 2, N: &n, Definition: definitionLight}, l.GetInterval())
		rows = append(rows, []document.Cell{{Mark: colours[l.GetColour()], Uncertain: l.GetUncertain()}, textCell(r.valueName(id, names)), numberCell(number), contacts})
	}
	key := "company"
	names, err := r.names(ctx, key)
	if err != nil {
		return part{}, err
	}
	for _, e := range resp.GetEntries() {
		line(e.GetCompany(), numberCell(count(e.GetRedContactCount())), names)
	}
	if len(rows) == 0 {
		if names, err = r.names(ctx, "location"); err != nil {
			return part{}, err
		}
		lights, err := r.sources.Lights.ListLights(ctx, &segmentationv1.ListLightsRequest{
			Kind: segmentationv1.LightKind_LIGHT_KIND_LOCATION, Colour: segmentationv1.LightColour_LIGHT_COLOUR_RED, PageSize: 50,
		})
		if err != nil {
			return part{}, err
		}
		for _, l := range lights.GetLights() {
			line(l, document.Cell{}, names)
		}
	}
	if len(rows) == 0 {
		return part{blocks: []document.Block{{Text: r.words.Text(phrase.NobodyRed)}}}, nil
	}
	columns := []document.Column{
		{ID: "light", Title: r.words.Text(phrase.ColumnLight), Kind: document.MarkColumn}, r.textColumn("unit", phrase.ColumnUnit), r.numberColumn("mean", phrase.ColumnMean),
		r.numberColumn("red_contacts", phrase.ColumnRedContacts),
	}
	return part{blocks: []document.Block{r.table("work_order", phrase.TableWorkOrder, columns, rows, s.Rows, mostRows)}}, nil
}

// causes are the root causes, in the order in which they are shown.
var causes = []struct {
	cause segmentationv1.Case_RootCause
	name  phrase.Key
}{
	{segmentationv1.Case_ROOT_CAUSE_TEAM, phrase.CauseTeam}, {segmentationv1.Case_ROOT_CAUSE_PROCESS, phrase.CauseProcess},
	{segmentationv1.Case_ROOT_CAUSE_TECHNOLOGY, phrase.CauseTechnology}, {segmentationv1.Case_ROOT_CAUSE_PRODUCT, phrase.CauseProduct},
	{segmentationv1.Case_ROOT_CAUSE_UNSPECIFIED, phrase.CauseUnknown},
}

// caseCounts is what became of cases by now.
type caseCounts struct {
	now                                time.Time
	opened, resolved, open, overdue    int64
	promisedFirst, keptFirst           int64
	promisedResolution, keptResolution int64
	durations                          []float64
	causes                             map[segmentationv1.Case_RootCause]int64
}

// add counts a case.
func (c *caseCounts) add(p document.Period, x *segmentationv1.Case) {
	if x.GetMergedInto() != "" {
		return
	}
	if within(p, moment(x.GetCreateTime())) {
		c.opened++
	}
	if x.GetResolveTime() == nil && x.GetState() != segmentationv1.Case_STATE_CLOSED {
		c.open++
		if x.GetResolutionBreached() || x.GetFirstResponseBreached() && x.GetFirstResponseTime() == nil {
			c.overdue++
		}
	}
	c.addPromises(p, x)
	if !within(p, moment(x.GetResolveTime())) {
		return
	}
	c.resolved++
	c.causes[x.GetRootCause()]++
	if x.GetResolveDuration() != nil {
		c.durations = append(c.durations, x.GetResolveDuration().AsDuration().Seconds())
	}
}

// addPromises counts what was promised, whether or not anybody ever answered: otherwise those who leave customers without an answer would keep every promise.
func (c *caseCounts) addPromises(p document.Period, x *segmentationv1.Case) {
	fell := func(due time.Time) bool { return within(p, due) && !due.After(c.now) }
	if due := moment(x.GetFirstResponseDueTime()); fell(due) {
		c.promisedFirst++
		if t := moment(x.GetFirstResponseTime()); !t.IsZero() && !t.After(due) && !x.GetFirstResponseBreached() {
			c.keptFirst++
		}
	}
	if x.GetSla().GetResolution() == nil {
		return
	}
	// The deadline of what was resolved is not told any more: its promise ended when it was.
	resolved := within(p, moment(x.GetResolveTime()))
	if resolved || x.GetResolveTime() == nil && fell(moment(x.GetDueTime())) {
		c.promisedResolution++
	}
	if resolved && !x.GetResolutionBreached() {
		c.keptResolution++
	}
}

// moment is a time; zero when it is missing.
func moment(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// cases shows how many cases were opened and resolved, how promises were kept, and of what kind causes are.
func (r *run) cases(ctx context.Context, _ report.Section) (part, error) {
	for key := range r.circumstances {
		if !r.plain || key != "location" && key != "company" {
			return part{}, errFilter
		}
	}
	if !r.plain {
		return part{}, errFilter
	}
	req := &segmentationv1.ListCasesRequest{PageSize: unitsPage, States: []segmentationv1.Case_State{
		segmentationv1.Case_STATE_NEW, segmentationv1.Case_STATE_ASSIGNED, segmentationv1.Case_STATE_IN_PROGRESS, segmentationv1.Case_STATE_WAITING_CUSTOMER,
		segmentationv1.Case_STATE_RESOLVED, segmentationv1.Case_STATE_CLOSED,
	}}
	if v := r.circumstances["location"]; v != "" {
		req.Location = "locations/" + v
	}
	if v := r.circumstances["company"]; v != "" {
		req.Company = "companies/" + v
	}
	c := caseCounts{now: r.now(), causes: make(map[segmentationv1.Case_RootCause]int64)}
	var notes []string
	for page := 0; ; page++ {
		resp, err := r.sources.Cases.ListCases(ctx, req)
		if err != nil {
			return part{}, err
		}
		for _, x := range resp.GetCases() {
			c.add(r.period, x)
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
		if page+1 == mostCases {
			notes = append(notes, r.words.Plural(phrase.NoteFirstCases, mostCases*unitsPage))
			break
		}
	}
	figures := []document.Figure{
		{Label: r.words.Text(phrase.CasesOpened), Number: count(c.opened)}, {Label: r.words.Text(phrase.CasesResolved), Number: count(c.resolved)},
		{Label: r.words.Text(phrase.CasesOpen), Number: count(c.open)}, {Label: r.words.Text(phrase.CasesOverdue), Number: count(c.overdue)},
	}
	for _, promise := range []struct {
		name     phrase.Key
		kept, of int64
	}{{phrase.FirstResponseKept, c.keptFirst, c.promisedFirst}, {phrase.ResolutionKept, c.keptResolution, c.promisedResolution}} {
		n, err := r.proportion(promise.kept, promise.of, definitionCases)
		if err != nil {
			return part{}, err
		}
		figures = append(figures, document.Figure{Label: r.words.Text(promise.name), Number: n})
	}
	figures = append(figures, document.Figure{Label: r.words.Text(phrase.ResolutionTime), Number: r.median(c.durations)})
	out := part{blocks: []document.Block{{Figures: figures}}, notes: append(notes, r.words.Text(phrase.NotePromises), r.words.Text(phrase.NoteCauses))}
	var rows [][]document.Cell
	for _, x := range causes {
		if n := c.causes[x.cause]; n > 0 {
			rows = append(rows, []document.Cell{textCell(r.words.Text(x.name)), numberCell(count(n))})
		}
	}
	if len(rows) > 0 {
		columns := []document.Column{r.textColumn("cause", phrase.ColumnCause), r.numberColumn("cases", phrase.ColumnCount)}
		out.blocks = append(out.blocks, r.table("causes", phrase.TableCauses, columns, rows, 0, len(rows)))
	}
	return out, nil
}

// proportion is a share of a whole with its interval by Wilson.
func (r *run) proportion(part, of int64, definition string) (document.Number, error) {
	out := document.Number{Unit: document.Percent, Digits: 1, N: &of, Definition: definition}
	if of == 0 {
		out.Absent = r.words.Text(phrase.NoData)
		return out, nil
	}
	value := 100 * float64(part) / float64(of)
	interval, err := stat.Proportion{Hits: float64(part), N: float64(of)}.Wilson(level)
	if err != nil {
		return out, err
	}
	low, high := 100*interval.Low, 100*interval.High
	out.Value, out.Low, out.High, out.Level = &value, &low, &high, level
	return out, nil
}

// median is the middle of lengths of time.
func (r *run) median(seconds []float64) document.Number {
	n := int64(len(seconds))
	out := document.Number{Unit: document.Seconds, N: &n, Definition: definitionCases}
	if n == 0 {
		out.Absent = r.words.Text(phrase.NoData)
		return out
	}
	slices.SortFunc(seconds, cmp.Compare[float64])
	value := (seconds[(n-1)/2] + seconds[n/2]) / 2
	out.Value = &value
	return out
}

// recovery shows how many of those whose cases were closed are recovered.
func (r *run) recovery(ctx context.Context, _ report.Section) (part, error) {
	if r.filter != "" {
		return part{}, errFilter
	}
	resp, err := r.sources.Recoveries.QueryRecoveryRate(ctx, &segmentationv1.QueryRecoveryRateRequest{Period: periodToProto(r.period)})
	if err != nil || resp.GetCases() == 0 {
		return part{}, err
	}
	rate := r.share(resp.Rate, resp.GetInterval(), resp.GetAnswered(), definitionRecovery)
	steps := []struct {
		name  phrase.Key
		count int64
	}{{phrase.StepClosed, resp.GetCases()}, {phrase.StepInvited, resp.GetInvited()}, {phrase.StepAnswered, resp.GetAnswered()}, {phrase.StepRecovered, resp.GetRecovered()}}
	funnel := &document.FunnelChart{}
	var before int64
	for i, s := range steps {
		step := document.FunnelStep{Label: r.words.Text(s.name), Count: s.count}
		if i > 0 {
			if step.Share, err = r.proportion(s.count, before, definitionRecovery); err != nil {
				return part{}, err
			}
		}
		before = s.count
		funnel.Steps = append(funnel.Steps, step)
	}
	return part{
		blocks: []document.Block{
			{Figures: []document.Figure{{Label: r.words.Text(phrase.FigureRecovered), Number: rate}}},
			{Chart: &document.Chart{ID: "recovery", Title: r.words.Text(phrase.ChartRecovery), Funnel: funnel}},
		},
		notes: []string{r.words.Text(phrase.NoteRecovery)},
	}, nil
}

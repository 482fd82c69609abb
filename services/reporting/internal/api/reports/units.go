package reports

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// mostUnits is how many units a heat map shows: more cannot be read.
	mostUnits = 40
	// mostNames is how many pages of units are read to know what people call them.
	mostNames = 10
	// unitsPage is how many units a page has.
	unitsPage = 1000
)

// unitKinds are the units that the directory knows, by the key of scores.
var unitKinds = map[string]segmentationv1.Unit_Kind{
	"location": segmentationv1.Unit_KIND_LOCATION, "company": segmentationv1.Unit_KIND_COMPANY, "employee": segmentationv1.Unit_KIND_EMPLOYEE,
	"region": segmentationv1.Unit_KIND_REGION, "touchpoint": segmentationv1.Unit_KIND_TOUCHPOINT,
}

// keys are those of scores, by the collection of the directory.
var keys = map[string]string{"locations": "location", "companies": "company", "employees": "employee"}

// byOr is the key by which a section tells units apart.
func byOr(s report.Section, standard string) string { return cmp.Or(s.By, standard) }

// directory returns the units of a kind that the caller sees. Who may not see the directory sees none of it.
func (r *run) directory(ctx context.Context, kind segmentationv1.Unit_Kind) ([]*segmentationv1.Unit, error) {
	var out []*segmentationv1.Unit
	req := &segmentationv1.ListUnitsRequest{Kind: kind, PageSize: unitsPage}
	for range mostNames {
		resp, err := r.sources.Directory.ListUnits(ctx, req)
		if _, told := r.absence(err); told {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, resp.GetUnits()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	return out, nil
}

// names says what people call the units of a key, by their identifiers.
func (r *run) names(ctx context.Context, key string) (map[string]string, error) {
	kind, ok := unitKinds[key]
	if !ok {
		return nil, nil
	}
	return once(ctx, "names of "+key, func(ctx context.Context) (map[string]string, error) {
		out := make(map[string]string)
		units, err := r.directory(ctx, kind)
		for _, u := range units {
			if u.GetDisplayName() != "" {
				out[u.GetName()[strings.IndexByte(u.GetName(), '/')+1:]] = u.GetDisplayName()
			}
		}
		return out, err
	})
}

// unitName is what people call a unit, or its identifier.
func (r *run) unitName(ctx context.Context, name string) string {
	collection, id, _ := strings.Cut(name, "/")
	if sharing(ctx) {
		// One list has the names of all that the other reports are about.
		if names, err := r.names(ctx, keys[collection]); err == nil && names[id] != "" {
			return names[id]
		}
	}
	resp, err := r.sources.Directory.GetUnit(ctx, &segmentationv1.GetUnitRequest{Name: name})
	if err != nil || resp.GetUnit().GetDisplayName() == "" {
		return id
	}
	return resp.GetUnit().GetDisplayName()
}

// seesPersons refuses callers who may not see persons, as the service does that knows them.
func (r *run) seesPersons(ctx context.Context) error {
	_, err := r.sources.Lights.ListLights(ctx, &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_STAFF, PageSize: 1})
	return err
}

// keyValue is the value of a key that a score is of.
func keyValue(s *scoringv1.Score) string {
	if k := s.GetSlice().GetKeys(); len(k) > 0 {
		return k[0].GetValue()
	}
	return ""
}

// valueName is what a value of a key is called.
func (r *run) valueName(value string, names map[string]string) string {
	if value == "" {
		return r.words.Text(phrase.NotStated)
	}
	return cmp.Or(names[value], value)
}

// byUnit returns the main score of each unit, in the order of identifiers.
func (r *run) byUnit(ctx context.Context, p document.Period, m metric, key string) ([]*scoringv1.Score, error) {
	q := r.mainQuery(p, m)
	q.GroupBy = []string{key}
	if key == "employee" {
		q.AsOfTime = nil
	}
	var out []*scoringv1.Score
	_, err := r.measures.Each(ctx, q, func(s *scoringv1.Score) error {
		out = append(out, s)
		return nil
	})
	slices.SortStableFunc(out, func(a, b *scoringv1.Score) int { return cmp.Compare(keyValue(a), keyValue(b)) })
	return out, err
}

// units shows the main score of each unit, in the order of identifiers: a table that sorts units by score would be read as a ranking.
func (r *run) units(ctx context.Context, s report.Section) (part, error) {
	m, ok := r.mainMetric()
	if !ok {
		return part{}, nil
	}
	key := byOr(s, "location")
	if key == "employee" {
		if err := r.seesPersons(ctx); err != nil {
			return part{}, err
		}
	}
	names, err := r.names(ctx, key)
	if err != nil {
		return part{}, err
	}
	now, err := r.byUnit(ctx, r.period, m, key)
	if err != nil {
		return part{}, err
	}
	columns := []document.Column{r.textColumn("unit", phrase.ColumnUnit), r.textColumn("name", phrase.ColumnName), {ID: "score", Title: r.words.Text(m.name), Kind: document.NumberColumn}}
	before := make(map[string]*scoringv1.Score)
	if r.baseline != nil {
		columns = append(columns, r.numberColumn("before", phrase.ColumnBefore))
		was, err := r.byUnit(ctx, *r.baseline, m, key)
		if err != nil {
			return part{}, err
		}
		for _, score := range was {
			before[keyValue(score)] = score
		}
	}
	var rows [][]document.Cell
	for _, score := range now {
		value := keyValue(score)
		row := []document.Cell{textCell(value), textCell(r.valueName(value, names)), numberCell(r.number(score, m))}
		if r.baseline != nil {
			cell := document.Cell{}
			if was := before[value]; was != nil {
				cell = numberCell(r.number(was, m))
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return part{}, nil
	}
	return part{blocks: []document.Block{r.table("units", phrase.TableUnits, columns, rows, s.Rows, unitsPage)}, notes: []string{r.words.Text(phrase.NoteNoRanking)}}, nil
}

// heat shows the means of questions by units, on 0 to 100 so that questions of different scales can stand side by side.
func (r *run) heat(ctx context.Context, s report.Section) (part, error) {
	m, _ := metricOf(scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION)
	key := byOr(s, "location")
	if key == "employee" {
		if err := r.seesPersons(ctx); err != nil {
			return part{}, err
		}
	}
	q := r.mainQuery(r.period, m)
	q.Question, q.GroupBy = "*", []string{key}
	if key == "employee" {
		q.AsOfTime = nil
	}
	cells := make(map[string]map[string]document.Number)
	var questions, units []string
	_, err := r.measures.Each(ctx, q, func(score *scoringv1.Score) error {
		question, unit := score.GetSlice().GetQuestion(), keyValue(score)
		if cells[question] == nil {
			cells[question] = make(map[string]document.Number)
			questions = append(questions, question)
		}
		if !slices.Contains(units, unit) && len(units) <= mostUnits {
			units = append(units, unit)
		}
		cells[question][unit] = r.normalized(score, m)
		return nil
	})
	if err != nil || len(questions) == 0 || len(units) == 0 {
		return part{}, err
	}
	names, err := r.names(ctx, key)
	if err != nil {
		return part{}, err
	}
	slices.Sort(units)
	h := &document.HeatChart{}
	var notes []string
	if len(units) > mostUnits {
		units = units[:mostUnits]
		notes = append(notes, r.words.Text(phrase.NoteMoreUnits))
	}
	for _, u := range units {
		h.Columns = append(h.Columns, r.valueName(u, names))
	}
	for _, question := range questions {
		h.Rows = append(h.Rows, r.question(question))
		row := make([]document.Number, len(units))
		for i, u := range units {
			n, ok := cells[question][u]
			if !ok {
				n = document.Number{Unit: document.Plain, Absent: r.words.Text(phrase.NoData)}
			}
			row[i] = n
		}
		h.Cells = append(h.Cells, row)
	}
	h.Low, h.High = extents(h.Cells)
	return part{blocks: []document.Block{{Chart: &document.Chart{ID: "heat", Title: r.words.Text(phrase.ChartHeat), Heat: h, Note: r.words.Text(phrase.NoteNormalized) + " " + r.words.Text(phrase.NoteIntervalsElsewhere)}}}, notes: notes}, nil
}

// extents are the ends of the scale of shades, on 0 to 100: steps of ten around what there is, as means lie close together and would be of one shade on the whole scale.
func extents(cells [][]document.Number) (low, high float64) {
	const step = 10.0
	low, high = hundred, 0
	for _, row := range cells {
		for _, n := range row {
			if n.Value != nil {
				low, high = min(low, *n.Value), max(high, *n.Value)
			}
		}
	}
	if low > high {
		return 0, hundred
	}
	low, high = step*math.Floor(low/step), step*math.Ceil(high/step)
	if low == high {
		high += step
	}
	return low, high
}

// normalized is a mean on 0 to 100, with its interval.
func (r *run) normalized(s *scoringv1.Score, m metric) document.Number {
	n := r.number(s, m)
	n.Digits = 0
	if n.Value == nil || s.NormalizedEstimate == nil {
		return n
	}
	n.Value = s.NormalizedEstimate
	if scale := s.GetScale(); n.Low != nil && n.High != nil {
		low, high := 100*(*n.Low-scale.GetMin())/(scale.GetMax()-scale.GetMin()), 100*(*n.High-scale.GetMin())/(scale.GetMax()-scale.GetMin())
		n.Low, n.High = &low, &high
	}
	return n
}

// places shows the main score of each location where it lies.
func (r *run) places(ctx context.Context, _ report.Section) (part, error) {
	m, ok := r.mainMetric()
	if !ok {
		return part{}, nil
	}
	units, err := r.directory(ctx, segmentationv1.Unit_KIND_LOCATION)
	if err != nil {
		return part{}, err
	}
	scores, err := r.byUnit(ctx, r.period, m, "location")
	if err != nil {
		return part{}, err
	}
	if len(scores) == 0 {
		return part{}, nil
	}
	of := make(map[string]*scoringv1.Score, len(scores))
	for _, s := range scores {
		of[keyValue(s)] = s
	}
	lights, err := r.locationLights(ctx)
	if err != nil {
		return part{}, err
	}
	chart := &document.MapChart{}
	for _, u := range units {
		at, score := u.GetLocation().GetCoordinates(), of[strings.TrimPrefix(u.GetName(), "locations/")]
		if at == nil || score == nil {
			continue
		}
		chart.Places = append(chart.Places, document.MapPlace{
			Label: cmp.Or(u.GetDisplayName(), keyValue(score)), Latitude: at.GetLatitude(), Longitude: at.GetLongitude(), Number: r.number(score, m), Places: 1,
			Mark: colours[lights[u.GetName()].GetColour()], Uncertain: lights[u.GetName()].GetUncertain(),
		})
	}
	if len(chart.Places) == 0 {
		return part{blocks: []document.Block{{Absent: r.words.Text(phrase.AbsentPlaces)}}}, nil
	}
	out := part{blocks: []document.Block{{Chart: &document.Chart{ID: "map", Title: r.words.Text(m.name), Map: chart, Note: r.words.Text(phrase.NoteIntervalsElsewhere)}}}}
	if len(lights) > 0 {
		out.notes = append(out.notes, r.words.Text(phrase.NoteLights))
	}
	if missing := len(scores) - len(chart.Places); missing > 0 {
		out.notes = append(out.notes, r.words.Plural(phrase.NoteWithoutPlace, int64(missing)))
	}
	return out, nil
}

// locationLights are the lights of locations by name, as they are now; none for callers who may not see them, and under filters, which lights do not know.
func (r *run) locationLights(ctx context.Context) (map[string]*segmentationv1.Light, error) {
	if r.filter != "" || r.protected {
		return nil, nil
	}
	out := make(map[string]*segmentationv1.Light)
	req := &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind_LIGHT_KIND_LOCATION, PageSize: unitsPage}
	for range mostNames {
		resp, err := r.sources.Lights.ListLights(ctx, req)
		if _, told := r.absence(err); told {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, l := range resp.GetLights() {
			out[strings.TrimSuffix(l.GetName(), "/light")] = l
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	return out, nil
}

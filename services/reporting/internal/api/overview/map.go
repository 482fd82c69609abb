package overview

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/place"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	definitionMap = "map"
	// locations are the collection of places in the directory, and the key of those that answers name.
	locations, locationKey = "locations/", "location"
	// shownNames is how many names are given of what a map does not show.
	shownNames = 100
)

// QueryMap returns locations with their scores and lights.
func (s *Server) QueryMap(ctx context.Context, req *reportingv1.QueryMapRequest) (*reportingv1.QueryMapResponse, error) {
	if req.GetQuery().GetWeighting() != nil {
		return nil, fault.Unweighted("maps")
	}
	m, err := s.measureOf(ctx, req)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QueryMapResponse{Type: "FeatureCollection", Variant: variantName(m.variant), Question: m.question.ID, Remainder: &reportingv1.MapRemainder{}}
	var sites []*segmentationv1.Unit
	var scored *scores
	lights := make(map[string]*segmentationv1.Light)
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if sites, err = s.Segmentation.Locations(within); err != nil {
			return fault.Segmentation(err)
		}
		return nil
	})
	group.Go(func() error {
		var err error
		scored, err = s.locationScores(within, req.GetQuery(), m)
		return fault.Scoring(err, field)
	})
	group.Go(func() error {
		page, err := s.Segmentation.LocationLights(within)
		if err != nil {
			if within.Err() != nil {
				return within.Err()
			}
			out.Remainder.LightsMissing = failed(reportingv1.OverviewPart_OVERVIEW_PART_LIGHTS, "", err).GetDescription()
		}
		for _, l := range page.GetLights() {
			lights[strings.TrimSuffix(l.GetName(), "/light")] = l
		}
		out.LightWatermark = page.GetWatermark()
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out.Basis, out.Remainder.OtherScaleN = basis.Of(req.GetQuery(), definitionMap, scored.counted), scored.otherScale
	bounds := boundsOf(req.GetBounds())
	shown := m.sort(out.GetRemainder(), sites, scored.of, lights)
	if req.Zoom != nil {
		out.Features = m.clusters(shown, int(req.GetZoom()))
	} else {
		for _, l := range shown {
			out.Features = append(out.Features, m.feature(l))
		}
	}
	m.show(out, bounds)
	return out, nil
}

// located is a location with what is known of it.
type located struct {
	unit  *segmentationv1.Unit
	point place.Point
	light *segmentationv1.Light
	// tally are its answers, absent why there are none: they are withheld, or on another scale.
	tally  place.Tally
	absent string
}

// boundsOf are the bounds asked for; all of the Earth where none are.
func boundsOf(b *reportingv1.MapBounds) place.Bounds {
	if b == nil {
		return place.World()
	}
	return place.Bounds{West: b.GetWest(), South: b.GetSouth(), East: b.GetEast(), North: b.GetNorth()}
}

// sort finds the locations that have a place on the map, by their names, and puts down the others.
func (m *measure) sort(
	rest *reportingv1.MapRemainder, sites []*segmentationv1.Unit, scored map[string]*located, lights map[string]*segmentationv1.Light,
) (shown []*located) {
	for _, unit := range sites {
		id := strings.TrimPrefix(unit.GetName(), locations)
		l := scored[id]
		if l == nil {
			l = &located{}
		}
		delete(scored, id)
		at := unit.GetLocation().GetCoordinates()
		if at == nil {
			rest.UnlocatedCount++
			rest.UnlocatedN += int64(l.tally.N)
			if len(rest.GetUnlocated()) < shownNames {
				rest.Unlocated = append(rest.Unlocated, unit.GetName())
			}
			continue
		}
		l.unit, l.light, l.point = unit, lights[unit.GetName()], place.Point{Longitude: at.GetLongitude(), Latitude: at.GetLatitude()}
		shown = append(shown, l)
	}
	slices.SortFunc(shown, func(a, b *located) int { return cmp.Compare(a.unit.GetName(), b.unit.GetName()) })
	for id, l := range scored {
		if id == "" {
			rest.UnstatedN += int64(l.tally.N)
			continue
		}
		rest.UnknownCount++
		rest.UnknownN += int64(l.tally.N)
		rest.Unknown = append(rest.Unknown, id)
	}
	slices.Sort(rest.GetUnknown())
	rest.Unknown = rest.GetUnknown()[:min(shownNames, len(rest.GetUnknown()))]
	return shown
}

// show keeps the features within the bounds, and says how far they reach.
func (m *measure) show(out *reportingv1.QueryMapResponse, bounds place.Bounds) {
	var points []place.Point
	kept := out.GetFeatures()[:0]
	for _, f := range out.GetFeatures() {
		p := place.Point{Longitude: f.GetGeometry().GetCoordinates()[0], Latitude: f.GetGeometry().GetCoordinates()[1]}
		if !bounds.Contains(p) {
			out.Remainder.OutsideCount += f.GetProperties().GetLocations()
			continue
		}
		kept, points = append(kept, f), append(points, p)
		out.Remainder.UnansweredCount += f.GetProperties().GetLocations() - f.GetProperties().GetAnsweredLocations()
	}
	out.Features = kept
	around, ok := place.Around(points)
	if !ok {
		around = bounds
	}
	out.Bbox = edges(around)
}

// edges are bounds as GeoJSON writes them.
func edges(b place.Bounds) []float64 { return []float64{b.West, b.South, b.East, b.North} }

// pointToProto converts a point: longitude first.
func pointToProto(p place.Point) *reportingv1.MapPoint {
	return &reportingv1.MapPoint{Type: "Point", Coordinates: []float64{p.Longitude, p.Latitude}}
}

// feature is a location on the map.
func (m *measure) feature(l *located) *reportingv1.MapFeature {
	p := &reportingv1.MapProperties{
		DisplayName: l.unit.GetDisplayName(), Region: l.unit.GetParent(), Format: l.unit.GetLocation().GetFormat(), Light: colourToProto(l.light.GetColour()), Uncertain: l.light.GetUncertain(),
	}
	m.count(p, l)
	m.rate(p, l.tally, l.absent)
	return &reportingv1.MapFeature{Type: "Feature", Id: l.unit.GetName(), Geometry: pointToProto(l.point), Properties: p}
}

// count counts a location in.
func (m *measure) count(p *reportingv1.MapProperties, l *located) {
	p.Locations++
	if l.tally.N > 0 {
		p.AnsweredLocations++
	}
	switch l.light.GetColour() {
	case segmentationv1.LightColour_LIGHT_COLOUR_RED:
		p.Red++
	case segmentationv1.LightColour_LIGHT_COLOUR_AMBER:
		p.Amber++
	case segmentationv1.LightColour_LIGHT_COLOUR_GREEN:
		p.Green++
	}
	if l.light.GetUncertain() {
		p.UncertainLocations++
	}
}

// rate tells the score of answers.
func (m *measure) rate(p *reportingv1.MapProperties, t place.Tally, absent string) {
	p.N = int32(t.N)
	e, ok := t.Score(m.metric, m.level, m.question.Scale.GetMin(), m.question.Scale.GetMax())
	if !ok {
		p.AbsenceReason = cmp.Or(absent, noAnswers)
		return
	}
	p.Estimate = proto.Float64(e.Value)
	if e.Interval != nil {
		p.Interval = &typev1.ConfidenceInterval{Lower: e.Interval.Low, Upper: e.Interval.High, Level: m.level, Method: e.Method}
	}
}

// clusters are locations put together; one that is alone in its cell is itself.
func (m *measure) clusters(shown []*located, zoom int) (out []*reportingv1.MapFeature) {
	points := make([]place.Point, len(shown))
	for i, l := range shown {
		points[i] = l.point
	}
	for _, c := range place.Clusters(points, zoom) {
		if len(c.Members) == 1 {
			out = append(out, m.feature(shown[c.Members[0]]))
			continue
		}
		p := &reportingv1.MapProperties{Cluster: true}
		var all place.Tally
		var absent string
		members := make([]place.Point, len(c.Members))
		for i, at := range c.Members {
			l := shown[at]
			members[i], absent = l.point, cmp.Or(absent, l.absent)
			all.Add(l.tally)
			m.count(p, l)
		}
		m.rate(p, all, absent)
		around, _ := place.Around(members)
		p.Extent = edges(around)
		out = append(out, &reportingv1.MapFeature{
			Type: "Feature", Id: "clusters/" + strconv.Itoa(zoom) + "/" + strconv.Itoa(c.Column) + "/" + strconv.Itoa(c.Row), Geometry: pointToProto(c.Middle), Properties: p,
		})
	}
	return out
}

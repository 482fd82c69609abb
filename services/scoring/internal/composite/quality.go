package composite

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/gap"
)

// figures computes the model. Items that nobody answered are left out of their dimension, dimensions without items out of the whole, as their parts
// show.
func (g *Gap) figures(s view) (figures, error) {
	pairs := g.pairs()
	var scale sharedScale
	var items []float64
	var itemParts []partFigures
	dimensions := make([]gap.Dimension, len(g.Dimensions))
	for i, d := range g.Dimensions {
		dimensions[i].ID = d.ID
		for _, item := range d.Items {
			p, err := item.figures(s, &scale)
			if err != nil {
				return figures{}, err
			}
			dimensions[i].Items = append(dimensions[i].Items, len(items))
			items, itemParts = append(items, p.estimate), append(itemParts, p)
		}
	}
	if err := g.points(s, dimensions); err != nil {
		return figures{}, err
	}
	quality, err := gap.Levels(items, dimensions)
	if err != nil {
		return figures{}, fmt.Errorf("compute model: %w", err)
	}
	f := blank(scale.bounds(pairs))
	f.change, f.scale, f.estimate = byMeans, scale.scale, quality.Overall
	if g.pointed() {
		f.estimate = quality.Weighted
	}
	if !pairs {
		f.normalized = scale.onHundred(f.estimate)
	}
	f.parts = g.parts(quality, dimensions, itemParts)
	for i := range f.parts {
		f.parts[i].low, f.parts[i].high = f.low, f.high
	}
	return f, nil
}

// figures are the number of one item.
func (item Item) figures(s view, scale *sharedScale) (partFigures, error) {
	p := partFigures{
		id: item.ID, kind: ItemPart, title: item.Title, questions: []string{item.Perception}, weight: absent(), contribution: absent(),
	}
	var err error
	if p.estimate, p.n, err = s.level(item.Perception, scale); err != nil || item.Expectation == "" {
		return p, err
	}
	p.questions = append(p.questions, item.Expectation)
	expected, n, err := s.level(item.Expectation, scale)
	p.estimate -= expected
	p.n = min(p.n, n)
	return p, err
}

// pointed tells whether dimensions weigh by points.
func (g *Gap) pointed() bool {
	for _, d := range g.Dimensions {
		if d.Points > 0 || d.PointsQuestion != "" {
			return true
		}
	}
	return false
}

// points fills in the points of the dimensions: fixed, or the mean answers to the questions that ask for them. A dimension for which nobody gave
// points weighs nothing.
func (g *Gap) points(s view, dimensions []gap.Dimension) error {
	var scale sharedScale
	for i, d := range g.Dimensions {
		dimensions[i].Points = d.Points
		if d.PointsQuestion == "" {
			continue
		}
		mean, n, err := s.level(d.PointsQuestion, &scale)
		if err != nil {
			return err
		}
		if n > 0 {
			dimensions[i].Points = mean
		}
	}
	return nil
}

// parts are the dimensions, each followed by its subdimensions and items. Their weights are those in the whole, so that those of dimensions sum to 1
// and those of items too.
func (g *Gap) parts(quality gap.Quality, dimensions []gap.Dimension, items []partFigures) []partFigures {
	shares := g.shares(quality, dimensions)
	var parts []partFigures
	for i, d := range g.Dimensions {
		own := make(map[string]*partFigures, len(d.Items))
		var answered float64
		whole := partFigures{
			id: d.ID, kind: DimensionPart, title: d.Title, estimate: quality.Dimensions[i], weight: shares[i], contribution: shares[i] * quality.Dimensions[i],
		}
		if d.PointsQuestion != "" {
			whole.questions = append(whole.questions, d.PointsQuestion)
		}
		for j, item := range d.Items {
			p := &items[dimensions[i].Items[j]]
			own[item.ID] = p
			whole.n += p.n
			whole.questions = append(whole.questions, p.questions...)
			if !math.IsNaN(p.estimate) {
				answered++
			}
		}
		parts = append(parts, whole)
		for _, sub := range d.Subdimensions {
			parts = append(parts, sub.figures(own))
		}
		for _, item := range d.Items {
			p := *own[item.ID]
			if !math.IsNaN(p.estimate) {
				p.weight = shares[i] / answered
				p.contribution = p.weight * p.estimate
			}
			parts = append(parts, p)
		}
	}
	return parts
}

// shares are the weights of the dimensions that have a number, scaled to sum 1; NaN for others.
func (g *Gap) shares(quality gap.Quality, dimensions []gap.Dimension) []float64 {
	pointed := g.pointed()
	shares := make([]float64, len(dimensions))
	var total float64
	for i, d := range dimensions {
		shares[i] = 1
		if pointed {
			shares[i] = d.Points
		}
		if math.IsNaN(quality.Dimensions[i]) || g.Dimensions[i].PointsQuestion != "" && d.Points == 0 {
			shares[i] = absent()
			continue
		}
		total += shares[i]
	}
	for i := range shares {
		if shares[i] /= total; math.IsInf(shares[i], 0) {
			shares[i] = absent()
		}
	}
	return shares
}

// figures are the mean of the items of a subdimension that have a number.
func (sub Subdimension) figures(items map[string]*partFigures) partFigures {
	p := partFigures{id: sub.ID, kind: SubdimensionPart, title: sub.Title, weight: absent(), contribution: absent()}
	var sum, n float64
	for _, id := range sub.Items {
		item := items[id]
		p.n += item.n
		p.questions = append(p.questions, item.questions...)
		if !math.IsNaN(item.estimate) {
			sum += item.estimate
			n++
		}
	}
	// 0/0 is NaN, as it should be.
	p.estimate = sum / n
	return p
}

package composite

import (
	"fmt"
	"math"
	"slices"
)

func (x *Index) check() *FieldError {
	if x.Form != "" && x.Form != Mean && x.Form != Rosenberg {
		return wrong("index.form", "%q is neither %s nor %s", x.Form, Mean, Rosenberg)
	}
	switch x.Importance {
	case Stated, Fixed:
		if x.Outcome != "" {
			return wrong("index.outcome_question", "an outcome belongs to %s importance: leave it out", Derived)
		}
	case Derived:
		if x.Form == Rosenberg {
			return wrong("index.importance", "Rosenberg's model weighs by the importance that people state: use %s or %s", Stated, Fixed)
		}
		if err := checkQuestion("index.outcome_question", x.Outcome); err != nil {
			return err
		}
	default:
		return wrong("index.importance", "%q is none of %s, %s and %s", x.Importance, Stated, Fixed, Derived)
	}
	if err := checkCount("index.attributes", len(x.Attributes), maxAttributes); err != nil {
		return err
	}
	ids, questions := make(map[string]bool), map[string]bool{x.Outcome: x.Outcome != ""}
	var total float64
	for i, a := range x.Attributes {
		field := fmt.Sprintf("index.attributes[%d]", i)
		if err := checkID(field+".id", a.ID, ids); err != nil {
			return err
		}
		if err := checkID(field+".question", a.Question, questions); err != nil {
			return err
		}
		if err := a.checkWeight(field, x.Importance); err != nil {
			return err
		}
		total += a.Weight
	}
	if x.Importance == Fixed && total == 0 {
		return wrong("index.attributes", "no attribute has a weight")
	}
	return nil
}

func (a Attribute) checkWeight(field string, importance Importance) *FieldError {
	switch {
	case importance == Stated:
		if err := checkQuestion(field+".importance_question", a.ImportanceQuestion); err != nil {
			return err
		}
	case a.ImportanceQuestion != "":
		return wrong(field+".importance_question", "a question of importance belongs to %s importance: leave it out", Stated)
	}
	switch {
	case importance != Fixed && a.Weight != 0:
		return wrong(field+".weight", "a weight belongs to %s importance: leave it out", Fixed)
	case !(a.Weight == 0 || a.Weight >= 1/maxWeight && a.Weight <= maxWeight):
		return wrong(field+".weight", "%v is no weight: it must be 0, or from 0.000001 to 1000000", a.Weight)
	}
	return nil
}

func (g *Gap) check() *FieldError {
	if err := checkCount("gap.dimensions", len(g.Dimensions), maxDimensions); err != nil {
		return err
	}
	ids := make(map[string]bool)
	for i, d := range g.Dimensions {
		if err := d.check(fmt.Sprintf("gap.dimensions[%d]", i), g.pairs(), ids); err != nil {
			return err
		}
	}
	return g.checkPoints()
}

// pairs tells whether the items are pairs of expectation and perception.
func (g *Gap) pairs() bool {
	return slices.ContainsFunc(g.Dimensions, func(d Dimension) bool {
		return slices.ContainsFunc(d.Items, func(i Item) bool { return i.Expectation != "" })
	})
}

func (g *Gap) checkPoints() *FieldError {
	var total float64
	asked := 0
	for i, d := range g.Dimensions {
		field := fmt.Sprintf("gap.dimensions[%d]", i)
		if !(d.Points >= 0) || d.Points > hundred {
			return wrong(field+".points", "%v is not from 0 to %d", d.Points, hundred)
		}
		if d.PointsQuestion != "" {
			if err := checkQuestion(field+".points_question", d.PointsQuestion); err != nil {
				return err
			}
			asked++
		}
		total += d.Points
	}
	switch {
	case asked > 0 && total > 0:
		return wrong("gap.dimensions", "points are fixed or asked for, not both")
	case asked > 0 && asked < len(g.Dimensions):
		return wrong("gap.dimensions", "points are asked for of %d of %d dimensions: ask for all or none", asked, len(g.Dimensions))
	case total > 0 && math.Abs(total-hundred) > 1e-9:
		return wrong("gap.dimensions", "the points sum to %v, not to %d", total, hundred)
	}
	return nil
}

func (d Dimension) check(field string, pairs bool, ids map[string]bool) *FieldError {
	if err := checkID(field+".id", d.ID, ids); err != nil {
		return err
	}
	if err := checkCount(field+".items", len(d.Items), maxItems); err != nil {
		return err
	}
	own := make(map[string]bool, len(d.Items))
	for i, item := range d.Items {
		at := fmt.Sprintf("%s.items[%d]", field, i)
		if err := checkID(at+".id", item.ID, ids); err != nil {
			return err
		}
		own[item.ID] = true
		if err := checkQuestion(at+".perception_question", item.Perception); err != nil {
			return err
		}
		if !pairs {
			continue
		}
		if item.Expectation == "" {
			return wrong(at+".expectation_question", "other items ask for an expectation: ask for it throughout or nowhere")
		}
		if err := checkQuestion(at+".expectation_question", item.Expectation); err != nil {
			return err
		}
		if item.Expectation == item.Perception {
			return wrong(at+".expectation_question", "%q is the perception as well", item.Expectation)
		}
	}
	for i, s := range d.Subdimensions {
		at := fmt.Sprintf("%s.subdimensions[%d]", field, i)
		if err := checkID(at+".id", s.ID, ids); err != nil {
			return err
		}
		if err := checkCount(at+".items", len(s.Items), len(d.Items)); err != nil {
			return err
		}
		for j, id := range s.Items {
			if !own[id] {
				return wrong(fmt.Sprintf("%s.items[%d]", at, j), "%q is no further item of the dimension %q: each belongs to one subdimension at most", id, d.ID)
			}
			own[id] = false
		}
	}
	return nil
}

package evaluation

import (
	"cmp"
	"slices"
)

// Report is how well a model does. Measures that have no value are nil.
type Report struct {
	Task Task
	// N is how many texts there were.
	N int64
	// Accuracy is the share of texts that were labelled the same; nil for aspects and personal data.
	Accuracy *float64
	// MacroF1 is the mean of the F1 of the classes that people used.
	MacroF1 *float64
	// MicroF1 is the F1 of all decisions pooled.
	MicroF1 *float64
	// MicroF1WithSentiment is that of aspects where what is expressed must be right too.
	MicroF1WithSentiment *float64
	// Classes are what people or the model used, in the order of their names.
	Classes []Class
	// Confusion counts pairs of labels, in their order; empty for aspects and personal data.
	Confusion []Cell
}

// Cell is how often a label was taken for another, or for itself.
type Cell struct {
	Label, Predicted string
	Count            int64
}

// Class is how well a class was found.
type Class struct {
	Label string
	// Support is how many of it people found, Predicted how many the model found, Correct how many both found.
	Support, Predicted, Correct int64
}

// Precision is Correct of Predicted; nil when nothing was predicted.
func (c Class) Precision() *float64 { return ratio(c.Correct, c.Predicted) }

// Recall is Correct of Support; nil when there is none of the class.
func (c Class) Recall() *float64 { return ratio(c.Correct, c.Support) }

// F1 is the harmonic mean of both, 0 when nothing is correct; nil when there is none of the class.
func (c Class) F1() *float64 {
	if c.Support == 0 {
		return nil
	}
	return c.pooled()
}

// pooled is the F1 of decisions of several classes; nil when there are none.
func (c Class) pooled() *float64 { return ratio(2*c.Correct, c.Support+c.Predicted) }

func ratio(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}

// Report works out the measures. Languages that the model tells more finely than people did are mapped to what people said:
//   - `kk`, `oth_cyr` and `oth_lat` are right where people said `other`, and count as `other` where the file has that and not the finer label;
//   - `ky_lat` counts as `ky`, and `ru_lat` as `ru`, where nobody used the finer label in the whole file.
func (t *Tally) Report() Report {
	r := Report{Task: t.task, N: t.n}
	if t.task.single() {
		r.Confusion, r.Classes = t.confusion()
	} else {
		for _, c := range t.classes {
			r.Classes = append(r.Classes, *c)
		}
	}
	slices.SortFunc(r.Classes, func(a, b Class) int { return cmp.Compare(a.Label, b.Label) })
	var all Class
	var sum float64
	var used int64
	for _, c := range r.Classes {
		all.Support, all.Predicted, all.Correct = all.Support+c.Support, all.Predicted+c.Predicted, all.Correct+c.Correct
		if f := c.F1(); f != nil {
			sum += *f
			used++
		}
	}
	if used > 0 {
		mean := sum / float64(used)
		r.MacroF1 = &mean
	}
	r.MicroF1 = all.pooled()
	switch {
	case t.task.single():
		r.Accuracy = ratio(all.Correct, t.n)
	case t.task == Aspects:
		r.MicroF1WithSentiment = t.strict.pooled()
	}
	return r
}

// confusion counts pairs and classes, languages mapped.
func (t *Tally) confusion() ([]Cell, []Class) {
	used := map[string]bool{}
	for pair := range t.cells {
		used[pair[0]] = true
	}
	cells := map[[2]string]int64{}
	for pair, n := range t.cells {
		if t.task == Language {
			pair[1] = mapped(pair[0], pair[1], used)
		}
		cells[pair] += n
	}
	classes := map[string]*Class{}
	class := func(label string) *Class {
		if classes[label] == nil {
			classes[label] = &Class{Label: label}
		}
		return classes[label]
	}
	var confusion []Cell
	for pair, n := range cells {
		confusion = append(confusion, Cell{Label: pair[0], Predicted: pair[1], Count: n})
		class(pair[0]).Support += n
		class(pair[1]).Predicted += n
		if pair[0] == pair[1] {
			class(pair[0]).Correct += n
		}
	}
	slices.SortFunc(confusion, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Predicted, b.Predicted))
	})
	list := make([]Class, 0, len(classes))
	for _, c := range classes {
		list = append(list, *c)
	}
	return confusion, list
}

// coarser are the labels that finer ones are part of.
var coarser = map[string]string{"kk": other, "oth_cyr": other, "oth_lat": other, "ky_lat": "ky", "ru_lat": "ru"}

// other is the language of texts in any language but Kyrgyz, Russian and English.
const other = "other"

// mapped is what the model said in the words of people who use these labels.
func mapped(people, model string, used map[string]bool) string {
	coarse := coarser[model]
	switch {
	case coarse == "":
		return model
	case coarse == other && people == other:
		return other
	case used[coarse] && !used[model]:
		return coarse
	default:
		return model
	}
}

package evaluation

import (
	"cmp"
	"slices"
)

// Tally counts what people and a model say of the same texts. The zero value counts nothing; make it with NewTally. Not safe for concurrent use.
type Tally struct {
	task Task
	n    int64
	// cells count pairs of what people and what the model said, of tasks with one label for each text.
	cells map[[2]string]int64
	// classes count places of the other tasks.
	classes map[string]*Class
	// strict counts aspects together with what is expressed.
	strict Class
}

// NewTally makes a tally.
func NewTally(t Task) *Tally {
	return &Tally{task: t, cells: map[[2]string]int64{}, classes: map[string]*Class{}}
}

// N is how many texts were counted.
func (t *Tally) N() int64 { return t.n }

// Add counts a text. Of tasks with one label for each text the first counts; a model that says nothing of it says "und".
func (t *Tally) Add(people, model []Label) {
	t.n++
	if t.task.single() {
		t.cells[[2]string{first(people), first(model)}]++
		return
	}
	t.add(places(people), places(model), func(l Label) *Class { return t.class(l.Class) })
	if t.task == Aspects {
		t.add(opinions(people), opinions(model), func(Label) *Class { return &t.strict })
	}
}

func first(labels []Label) string {
	if len(labels) == 0 {
		return undetermined
	}
	return labels[0].Class
}

// add counts sorted sets.
func (t *Tally) add(people, model []Label, class func(Label) *Class) {
	for _, l := range people {
		class(l).Support++
	}
	for _, l := range model {
		c := class(l)
		c.Predicted++
		if _, both := slices.BinarySearchFunc(people, l, compare); both {
			c.Correct++
		}
	}
}

func (t *Tally) class(label string) *Class {
	c := t.classes[label]
	if c == nil {
		c = &Class{Label: label}
		t.classes[label] = c
	}
	return c
}

// places are the labels as a set: aspects without what is expressed, personal data by kind and place.
func places(labels []Label) []Label {
	set := make([]Label, 0, len(labels))
	for _, l := range labels {
		set = append(set, Label{Class: l.Class, Start: l.Start, End: l.End})
	}
	return sorted(set)
}

// opinions are aspects with what is expressed as a set. Mixed means both positive and negative.
func opinions(labels []Label) []Label {
	set := make([]Label, 0, len(labels)+1)
	for _, l := range labels {
		if l.Sentiment == "mixed" {
			set = append(set, Label{Class: l.Class, Sentiment: "positive"}, Label{Class: l.Class, Sentiment: "negative"})
			continue
		}
		set = append(set, Label{Class: l.Class, Sentiment: l.Sentiment})
	}
	return sorted(set)
}

func sorted(set []Label) []Label {
	slices.SortFunc(set, compare)
	return slices.Compact(set)
}

func compare(a, b Label) int {
	return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Sentiment, b.Sentiment), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// Package agreement measures how often people and models say the same of comments.
package agreement

import (
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// level is the confidence level of the share on which both agree.
const level = 0.95

// sentiments are the names of the sentiments, in the order of their numbers.
var sentiments = [...]string{"", "negative", "neutral", "positive", "mixed"}

// Sums add up corrections. The zero value is ready.
type Sums struct {
	models map[string]*sums
}

type sums struct {
	// confusion counts by what people said and what the model said.
	confusion [len(sentiments)][len(sentiments)]int64
	comments  int64
	// correct, people and model count aspects with what is expressed about them: of both, of people, of the model.
	correct, people, model int64
}

// Model is how often people agree with a model. Missing measures have no value for the data.
type Model struct {
	ID                      string
	Sentiments              int64
	Agreement, Lower, Upper *float64
	// Kappa is Cohen's: (observed - expected agreement) / (1 - expected).
	Kappa          *float64
	Confusion      []Cell
	AspectComments int64
	AspectsF1      *float64
}

// Cell is how often what people said was taken for something.
type Cell struct {
	Label, Predicted string
	Count            int64
}

// Add adds a correction: the last of its comment under its model.
func (s *Sums) Add(c store.Correction) {
	if s.models == nil {
		s.models = make(map[string]*sums)
	}
	m := s.models[c.Analysis.Model]
	if m == nil {
		m = &sums{}
		s.models[c.Analysis.Model] = m
	}
	if c.Sentiment != 0 {
		m.confusion[c.Sentiment][c.Analysis.Sentiment]++
	}
	if c.AspectsCorrected {
		m.comments++
		m.addAspects(c)
	}
}

type pair struct {
	aspect    string
	sentiment store.Sentiment
}

func pairs(list []store.AspectMention) map[pair]bool {
	out := make(map[pair]bool, len(list))
	for _, a := range list {
		out[pair{a.Aspect, a.Sentiment}] = true
	}
	return out
}

func (m *sums) addAspects(c store.Correction) {
	people, model := pairs(c.Aspects), pairs(c.Analysis.Aspects)
	m.people += int64(len(people))
	m.model += int64(len(model))
	for p := range people {
		if model[p] {
			m.correct++
		}
	}
}

// Models are what was added up, by model, the last name first.
func (s *Sums) Models() []Model {
	var out []Model
	for id, m := range s.models {
		out = append(out, m.of(id))
	}
	slices.SortFunc(out, func(a, b Model) int { return strings.Compare(b.ID, a.ID) })
	return out
}

func (m *sums) of(id string) Model {
	out := Model{ID: id, AspectComments: m.comments}
	var agreed int64
	var said, guessed [len(sentiments)]int64
	for i, row := range m.confusion {
		for j, n := range row {
			if n == 0 {
				continue
			}
			out.Sentiments += n
			said[i] += n
			guessed[j] += n
			if i == j {
				agreed += n
			}
			out.Confusion = append(out.Confusion, Cell{sentiments[i], sentiments[j], n})
		}
	}
	if total := float64(out.Sentiments); total > 0 {
		observed, expected := float64(agreed)/total, 0.0
		for i := range said {
			expected += float64(said[i]) / total * float64(guessed[i]) / total
		}
		out.Agreement = &observed
		if interval, err := (stat.Proportion{Hits: float64(agreed), N: total}).Wilson(level); err == nil {
			out.Lower, out.Upper = &interval.Low, &interval.High
		}
		if expected < 1 {
			kappa := (observed - expected) / (1 - expected)
			out.Kappa = &kappa
		}
	}
	if both := m.people + m.model; both > 0 {
		f1 := 2 * float64(m.correct) / float64(both)
		out.AspectsF1 = &f1
	}
	return out
}

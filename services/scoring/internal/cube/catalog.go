package cube

import (
	"cmp"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Surveys lists the surveys of which something is counted, in order.
func (c *Cube) Surveys() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ids := make([]string, 0, len(c.surveys))
	for id := range c.surveys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// SeriesInfo names one question on one scale that was answered by one population.
type SeriesInfo struct {
	Question, Scale string
	Population      fact.Population
}

// Questions lists the questions of a survey that were answered, with scales and populations, in this order.
func (c *Cube) Questions(surveyID string) []SeriesInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var infos []SeriesInfo
	if sv := c.surveys[surveyID]; sv != nil {
		for k := range sv.families {
			if k.kind == Answers {
				infos = append(infos, SeriesInfo{Question: k.question, Scale: k.scale, Population: k.population})
			}
		}
	}
	slices.SortFunc(infos, func(a, b SeriesInfo) int {
		return cmp.Or(cmp.Compare(a.Question, b.Question), cmp.Compare(a.Scale, b.Scale), cmp.Compare(a.Population, b.Population))
	})
	return infos
}

// Values lists the values of a context key under which a survey was answered or refused, in order.
func (c *Cube) Values(surveyID string, key fact.ContextKey) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	sv := c.surveys[surveyID]
	if sv == nil || !key.Valid() {
		return nil
	}
	var values []string
	for k, f := range sv.families {
		if k.kind == Outcomes {
			values = append(values, f.contextValues(key)...)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

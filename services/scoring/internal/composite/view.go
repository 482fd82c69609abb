package composite

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// tallied is a sample with what is looked up in it often.
type tallied struct {
	*Sample
	// byID are the indices of the questions that were answered, levels their sums.
	byID   map[string][]int
	levels []metric.Level
}

func tally(s *Sample) tallied {
	t := tallied{Sample: s, byID: make(map[string][]int, len(s.Questions)), levels: make([]metric.Level, len(s.Questions))}
	for i := range s.Questions {
		c := &s.Questions[i]
		if c.answers() > 0 {
			t.byID[c.Question.ID] = append(t.byID[c.Question.ID], i)
			t.levels[i] = metric.LevelOf(&c.Data)
		}
	}
	return t
}

// view is what was counted of all respondents, without those of one random group unless gone is nil. What is left is worked out when it is asked for.
type view struct{ all, gone *tallied }

// find is what was counted of a question by all, and by those who are gone; -1 where there are no answers. ScalesError when it was answered on several
// scales.
func (v view) find(id string) (all, gone int, err error) {
	found := v.all.byID[id]
	switch len(found) {
	case 0:
		return -1, -1, nil
	case 1:
	default:
		a, b := v.all.Questions[found[0]].Question, v.all.Questions[found[1]].Question
		return -1, -1, &ScalesError{Question: id, Scales: [2]string{a.Scale.ID(), b.Scale.ID()}}
	}
	if v.gone != nil {
		if less := v.gone.byID[id]; len(less) > 0 {
			return found[0], less[0], nil
		}
	}
	return found[0], -1, nil
}

// question is the question as those who are left were asked it, with its data and the outcomes of the slice; nil when nobody answered.
func (v view) question(id string) (*Counted, error) {
	all, gone, err := v.find(id)
	if err != nil || all < 0 {
		return nil, err
	}
	c := v.all.Questions[all]
	if gone >= 0 {
		if c.Data, err = c.Data.Less(v.gone.Questions[gone].Data); err != nil {
			return nil, fmt.Errorf("leave out a group: %w", err)
		}
		if c.answers() == 0 {
			return nil, nil
		}
	}
	// Those who refused may be in groups in which nobody answered the question.
	whole, err := v.whole()
	if err != nil {
		return nil, err
	}
	c.Data.Outcomes = whole.Outcomes
	if c.Data.Weighted != nil && whole.Weighted != nil {
		w := *c.Data.Weighted
		w.Responses, w.Refused, w.Dismissed, w.TimedOut = whole.Weighted.Responses, whole.Weighted.Refused, whole.Weighted.Dismissed, whole.Weighted.TimedOut
		c.Data.Weighted = &w
	}
	return &c, nil
}

// whole is what was counted of the survey as a whole.
func (v view) whole() (metric.Data, error) {
	if v.gone == nil {
		return v.all.Whole, nil
	}
	data, err := v.all.Whole.Less(v.gone.Whole)
	if err != nil {
		return metric.Data{}, fmt.Errorf("leave out a group: %w", err)
	}
	return data, nil
}

// moments are those of the answers of who is left; nil when there are none.
func (v view) moments() *Moments {
	if v.gone == nil || v.all.Moments == nil || v.gone.Moments == nil {
		return v.all.Moments
	}
	return v.all.Moments.less(v.gone.Moments)
}

// level is the mean answer to a question on its native scale, EFFORT flipped; NaN without answers. It puts the scale that the answers share into
// scale, and refuses a question on another one.
func (v view) level(id string, scale *sharedScale) (float64, int64, error) {
	all, gone, err := v.find(id)
	if err != nil || all < 0 {
		return absent(), 0, err
	}
	c := &v.all.Questions[all]
	if err := scale.join(c); err != nil {
		return absent(), 0, err
	}
	l := v.all.levels[all]
	if gone >= 0 {
		l = l.Less(v.gone.levels[gone])
	}
	mean, ok := l.Mean(&c.Question)
	if !ok {
		return absent(), 0, nil
	}
	return mean, l.N, nil
}

package questionnaire

import "fmt"

// thresholds checks the cuts of CSAT and CES: those that a scale of unusual length must state, and those that make no sense on it.
func (c *checker) thresholds(path string, q *Question, scale Scale) {
	defaults, usual := defaultCuts(scale)
	switch q.Kind {
	case CSAT:
		c.threshold(path+".satisfied_at_or_above", q.SatisfiedAtOrAbove, defaults.satisfied, usual, scale, above)
	case CES:
		c.threshold(path+".easy_at_or_above", q.EasyAtOrAbove, defaults.easy, usual, scale, above)
		easy, ok1 := c.threshold(path+".net_easy_at_or_above", q.NetEasyAtOrAbove, defaults.netEasy, usual, scale, above)
		difficult, ok2 := c.threshold(path+".net_difficult_at_or_below", q.NetDifficultAtOrBelow, defaults.netDifficult, usual, scale, below)
		if ok1 && ok2 && difficult >= easy {
			c.v.Add(path+".net_difficult_at_or_below", ReasonThresholdsOverlap,
				fmt.Sprintf("%s is not less than net_easy_at_or_above %s: a value would be easy and difficult", formatValue(difficult), formatValue(easy)))
		}
	}
}

type side int

const (
	above side = iota
	below
)

// threshold returns the cut in force; false when there is none or it is refused. A cut must split the scale: one that all values or none
// would pass measures nothing.
func (c *checker) threshold(field string, stated *float64, fallback float64, usual bool, scale Scale, s side) (float64, bool) {
	if stated == nil {
		if !usual {
			c.v.Add(field, ReasonThresholdMissing,
				fmt.Sprintf("a scale of %s has no usual threshold (1-5, 1-7 and 1-10 have); state it", scale.ID()))
		}
		return fallback, usual
	}
	v := *stated
	inside := v > scale.Min && v <= scale.Max
	if s == below {
		inside = v >= scale.Min && v < scale.Max
	}
	if !inside {
		c.v.Add(field, ReasonThresholdOutOfScale,
			fmt.Sprintf("%s does not split the scale %s; choose a value within it that some answers reach and some do not", formatValue(v), scale.ID()))
		return 0, false
	}
	if _, ok := toCenti(v); !ok {
		c.v.Add(field, ReasonThresholdPrecision, fmt.Sprintf("%s is no multiple of 0.01", formatValue(v)))
		return 0, false
	}
	return v, true
}

// comment checks a comment policy against the question that it belongs to.
func (c *checker) comment(path string, q *Question, scale Scale, scored bool) {
	c.maxLength(path+".max_length", q.Comment.MaxLength)
	field := path + ".required_at_or_below"
	threshold := q.Comment.RequiredAtOrBelow
	if q.Comment.Mode != CommentRequiredBelow {
		if threshold != nil {
			c.v.Add(field, ReasonCommentThreshold, "a threshold is allowed only with MODE_REQUIRED_BELOW; set the mode or remove it")
		}
		return
	}
	switch {
	case !scored:
		c.v.Add(path+".mode", ReasonCommentUnscored, "a question without a scale has no score to compare; use MODE_OPTIONAL or MODE_OFF")
	case threshold == nil:
		c.v.Add(field, ReasonThresholdMissing, "MODE_REQUIRED_BELOW needs a threshold; state it")
	case !(*threshold >= scale.Min && *threshold <= scale.Max):
		c.v.Add(field, ReasonThresholdOutOfScale,
			fmt.Sprintf("%s is outside of the scale %s; choose a value within it", formatValue(*threshold), scale.ID()))
	default:
		if _, ok := toCenti(*threshold); !ok {
			c.v.Add(field, ReasonThresholdPrecision, fmt.Sprintf("%s is no multiple of 0.01", formatValue(*threshold)))
		}
	}
}

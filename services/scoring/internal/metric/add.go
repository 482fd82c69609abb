package metric

import "slices"

// Add is what was counted in two slices that have no observation in common. Respondents in both count twice. Stated counts add up where both state
// them.
func (d Data) Add(other Data) Data {
	sum := Data{Answers: d.Answers.Clone(), Outcomes: d.Outcomes.Add(other.Outcomes), Pooled: d.Pooled.Clone()}
	sum.Answers.Merge(other.Answers)
	sum.Pooled.Merge(other.Pooled)
	sum.Choice = d.Choice.add(other.Choice)
	sum.Weighted = d.Weighted.add(other.Weighted)
	sum.Stated = Stated{
		Invitations:   addStated(d.Stated.Invitations, other.Stated.Invitations),
		Consultations: addStated(d.Stated.Consultations, other.Stated.Consultations),
		Visitors:      addStated(d.Stated.Visitors, other.Stated.Visitors),
	}
	return sum
}

func addStated(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	return ptr(*a + *b)
}

func (c *Choice) add(other *Choice) *Choice {
	if c == nil || other == nil {
		if c == nil {
			c = other
		}
		return c
	}
	sum := &Choice{Answered: c.Answered + other.Answered, Options: make(map[string]int64, len(c.Options))}
	for _, options := range []map[string]int64{c.Options, other.Options} {
		for id, n := range options {
			sum.Options[id] += n
		}
	}
	return sum
}

func (w *Weighted) add(other *Weighted) *Weighted {
	if w == nil || other == nil {
		if w == nil {
			w = other
		}
		return w
	}
	sum := &Weighted{
		Answers:   addBins(w.Answers, other.Answers),
		Responses: w.Responses.Add(other.Responses), Refused: w.Refused.Add(other.Refused),
		Dismissed: w.Dismissed.Add(other.Dismissed), TimedOut: w.TimedOut.Add(other.TimedOut),
		Pooled: w.Pooled.Add(other.Pooled), Choice: w.Choice.Add(other.Choice),
	}
	if len(w.Options)+len(other.Options) > 0 {
		sum.Options = make(map[string]Weight, len(w.Options))
		for _, options := range []map[string]Weight{w.Options, other.Options} {
			for id, weight := range options {
				sum.Options[id] = sum.Options[id].Add(weight)
			}
		}
	}
	return sum
}

// addBins joins the weights of each value.
func addBins(a, b []WeightedBin) []WeightedBin {
	sum := slices.Clone(a)
	for _, bin := range b {
		if i := slices.IndexFunc(sum, func(x WeightedBin) bool { return x.Value == bin.Value }); i >= 0 {
			sum[i].Weight = sum[i].Add(bin.Weight)
			continue
		}
		sum = append(sum, bin)
	}
	return sum
}

// Add sums two.
func (p PooledMoments) Add(other PooledMoments) PooledMoments {
	return PooledMoments{
		Respondents: p.Respondents + other.Respondents, Answers: p.Answers + other.Answers,
		A: p.A + other.A, B: p.B + other.B, AA: p.AA + other.AA, AB: p.AB + other.AB, BB: p.BB + other.BB,
		W: p.W + other.W, WW: p.WW + other.WW,
	}
}

// NativeMean is the mean of the answers to a question on its native scale, EFFORT flipped, with weights where there are any; false when there are
// no answers.
func NativeMean(q Question, d Data) (float64, bool) {
	e := evaluation{variant: VariantDefinition{Variant: CESMean}, question: q}
	if d.Answers.IsEmpty() {
		return 0, false
	}
	if d.Weighted == nil {
		return e.moments(d.Answers).Mean, true
	}
	total := d.Weighted.answers(func(int64) bool { return true })
	if !(total.Sum > 0) {
		return 0, false
	}
	m, _ := e.weightedMean(d)
	return m.Estimate, true
}

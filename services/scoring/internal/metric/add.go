package metric

// Add is what was counted in two slices that have no observation in common. Respondents in both count twice. Stated counts add up where both state
// them.
func (d Data) Add(other Data) Data { return Total(d, other) }

// Total is what was counted in several slices; see Add.
func Total(slices ...Data) Data {
	if len(slices) == 0 {
		return Data{}
	}
	first := slices[0]
	sum := Data{
		Answers: first.Answers.Clone(), Pooled: first.Pooled.Clone(), Outcomes: first.Outcomes, Stated: first.Stated,
		Choice: first.Choice.clone(), Weighted: first.Weighted.clone(),
	}
	for i := range slices[1:] {
		d := &slices[1+i]
		sum.Answers.Merge(d.Answers)
		sum.Pooled.Merge(d.Pooled)
		sum.Outcomes = sum.Outcomes.Add(d.Outcomes)
		sum.Choice = sum.Choice.add(d.Choice)
		sum.Weighted = sum.Weighted.add(d.Weighted)
		sum.Stated = Stated{
			Invitations:   addStated(sum.Stated.Invitations, d.Stated.Invitations),
			Consultations: addStated(sum.Stated.Consultations, d.Stated.Consultations),
			Visitors:      addStated(sum.Stated.Visitors, d.Stated.Visitors),
		}
	}
	return sum
}

func addStated(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	return ptr(*a + *b)
}

func (c *Choice) clone() *Choice {
	if c == nil {
		return nil
	}
	return (&Choice{}).add(c)
}

// add adds to c, which nobody else holds.
func (c *Choice) add(other *Choice) *Choice {
	if other == nil {
		return c
	}
	if c == nil {
		c = &Choice{}
	}
	if c.Options == nil {
		c.Options = make(map[string]int64, len(other.Options))
	}
	c.Answered += other.Answered
	for id, n := range other.Options {
		c.Options[id] += n
	}
	return c
}

func (w *Weighted) clone() *Weighted {
	if w == nil {
		return nil
	}
	return (&Weighted{}).add(w)
}

// add adds to w, which nobody else holds.
func (w *Weighted) add(other *Weighted) *Weighted {
	if other == nil {
		return w
	}
	if w == nil {
		w = &Weighted{}
	}
	for _, bin := range other.Answers {
		w.addBin(bin)
	}
	w.Responses, w.Refused = w.Responses.Add(other.Responses), w.Refused.Add(other.Refused)
	w.Dismissed, w.TimedOut = w.Dismissed.Add(other.Dismissed), w.TimedOut.Add(other.TimedOut)
	w.Pooled, w.Choice = w.Pooled.Add(other.Pooled), w.Choice.Add(other.Choice)
	if w.Options == nil && other.Options != nil {
		w.Options = make(map[string]Weight, len(other.Options))
	}
	for id, weight := range other.Options {
		w.Options[id] = w.Options[id].Add(weight)
	}
	return w
}

func (w *Weighted) addBin(bin WeightedBin) {
	for i := range w.Answers {
		if w.Answers[i].Value == bin.Value {
			w.Answers[i].Weight = w.Answers[i].Add(bin.Weight)
			return
		}
	}
	w.Answers = append(w.Answers, bin)
}

// Add sums two.
func (p PooledMoments) Add(other PooledMoments) PooledMoments {
	return PooledMoments{
		Respondents: p.Respondents + other.Respondents, Answers: p.Answers + other.Answers,
		A: p.A + other.A, B: p.B + other.B, AA: p.AA + other.AA, AB: p.AB + other.AB, BB: p.BB + other.BB,
		W: p.W + other.W, WW: p.WW + other.WW,
	}
}

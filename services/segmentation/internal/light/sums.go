package light

// Answers are those of one response, or of one contact: how many, and the sum of their values.
type Answers struct{ Count, Sum int64 }

// Score is their mean on 1..10; there is one unless there are no answers.
func (a Answers) Score() float64 { return onTen(float64(a.Sum) / Resolution / float64(a.Count)) }

func (a Answers) plus(b Answers) Answers { return Answers{a.Count + b.Count, a.Sum + b.Sum} }

func (a Answers) minus(b Answers) Answers { return Answers{a.Count - b.Count, a.Sum - b.Sum} }

// meanUnit divides the unit of values for the means of contacts, which are rounded to it: 4e-10 of the scale.
const meanUnit = 1000

// mean is the mean of answers in units of values divided by meanUnit, rounded to the nearest.
func (a Answers) mean() int64 { return (a.Sum*meanUnit*2 + a.Count) / (2 * a.Count) }

// Clusters are sums over groups of answers that are not independent of each other: how many groups there are, and of their sums and sizes what the standard
// error of the mean of all answers needs.
type Clusters struct {
	N                           int64
	SumSquares, SumSizes, Sizes Wide
}

// add adds a group, unless it is empty.
func (c *Clusters) add(a Answers) {
	if a.Count == 0 {
		return
	}
	c.N++
	c.SumSquares = c.SumSquares.plus(product(a.Sum, a.Sum))
	c.SumSizes = c.SumSizes.plus(product(a.Sum, a.Count))
	c.Sizes = c.Sizes.plus(product(a.Count, a.Count))
}

// remove takes back what add did.
func (c *Clusters) remove(a Answers) {
	if a.Count == 0 {
		return
	}
	c.N--
	c.SumSquares = c.SumSquares.minus(product(a.Sum, a.Sum))
	c.SumSizes = c.SumSizes.minus(product(a.Sum, a.Count))
	c.Sizes = c.Sizes.minus(product(a.Count, a.Count))
}

func (c Clusters) plus(o Clusters) Clusters {
	return Clusters{c.N + o.N, c.SumSquares.plus(o.SumSquares), c.SumSizes.plus(o.SumSizes), c.Sizes.plus(o.Sizes)}
}

func (c Clusters) minus(o Clusters) Clusters {
	return Clusters{c.N - o.N, c.SumSquares.minus(o.SumSquares), c.SumSizes.minus(o.SumSizes), c.Sizes.minus(o.Sizes)}
}

// Part is what one contact contributes to a unit in a period of time: its answers, and the sums over its responses.
type Part struct {
	Answers   Answers
	Responses Clusters
}

// add adds a response.
func (p *Part) add(a Answers) {
	p.Answers = p.Answers.plus(a)
	p.Responses.add(a)
}

// remove takes back what add did.
func (p *Part) remove(a Answers) {
	p.Answers = p.Answers.minus(a)
	p.Responses.remove(a)
}

// Sums are what the light of a unit rests on, in a period of time.
type Sums struct {
	// Part is that of all contacts together.
	Part
	// Contacts are the sums over contacts; a response of nobody known is one of a contact of its own.
	Contacts Clusters
	// Means and MeanSquares are the sum of the means of contacts, in units of values divided by 1000, and that of their squares.
	Means       int64
	MeanSquares Wide
}

// AddContact adds what a contact contributes.
func (s *Sums) AddContact(p Part) {
	s.Part = Part{s.Answers.plus(p.Answers), s.Responses.plus(p.Responses)}
	if p.Answers.Count == 0 {
		return
	}
	s.Contacts.add(p.Answers)
	m := p.Answers.mean()
	s.Means += m
	s.MeanSquares = s.MeanSquares.plus(product(m, m))
}

// RemoveContact takes back what AddContact did.
func (s *Sums) RemoveContact(p Part) {
	s.Part = Part{s.Answers.minus(p.Answers), s.Responses.minus(p.Responses)}
	if p.Answers.Count == 0 {
		return
	}
	s.Contacts.remove(p.Answers)
	m := p.Answers.mean()
	s.Means -= m
	s.MeanSquares = s.MeanSquares.minus(product(m, m))
}

// Merge adds the sums over other contacts of the same unit.
func (s Sums) Merge(o Sums) Sums {
	return Sums{
		Part:     Part{s.Answers.plus(o.Answers), s.Responses.plus(o.Responses)},
		Contacts: s.Contacts.plus(o.Contacts), Means: s.Means + o.Means, MeanSquares: s.MeanSquares.plus(o.MeanSquares),
	}
}

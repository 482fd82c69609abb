package fact

// Outcome is what became of one invitation. It is the join of the events known of it: the order in which they arrive, and
// whether one arrives twice, makes no difference. The zero value is an invitation of which nothing is known.
//
// A refusal without an invitation is the outcome of an invitation of its own.
type Outcome struct {
	// Answered tells whether there is a response. It outweighs every refusal, an earlier or a later one.
	Answered bool
	// Refusal is the last refusal by CountTime, of equal ones that with the greatest ID; nil when there is none. It is kept
	// beside a response, so that outcomes can be joined in any order.
	Refusal *Refusal
	// Records is the number of responses and refusals that the outcome was made of; 0 when that is not known. Join leaves it out.
	Records int
}

// OutcomeOf joins what is known of an invitation.
func OutcomeOf(answered bool, refusals ...*Refusal) Outcome {
	o := Outcome{Answered: answered}
	for _, r := range refusals {
		o = o.Join(Outcome{Refusal: r})
	}
	return o
}

// Join is the outcome by all that either side knows. It is commutative, associative and idempotent.
func (o Outcome) Join(other Outcome) Outcome {
	joined := Outcome{Answered: o.Answered || other.Answered, Refusal: o.Refusal}
	if supersedes(other.Refusal, o.Refusal) {
		joined.Refusal = other.Refusal
	}
	return joined
}

// Counted is the refusal that counts: the last one, unless the invitation was answered; nil when none does.
func (o Outcome) Counted() *Refusal {
	if o.Answered {
		return nil
	}
	return o.Refusal
}

// supersedes tells whether refusal a is the later one.
func supersedes(a, b *Refusal) bool {
	switch {
	case a == nil:
		return false
	case b == nil:
		return true
	case !a.CountTime.Equal(b.CountTime):
		return a.CountTime.After(b.CountTime)
	}
	return a.ID > b.ID
}

// With is the outcome together with a record that is new.
func (o Outcome) With(news Outcome) Outcome {
	joined := o.Join(news)
	if o == (Outcome{}) || o.Records > 0 {
		joined.Records = o.Records + 1
	}
	return joined
}

// WithoutResponse is the outcome without one of its responses; false when that cannot be known from the outcome alone.
func (o Outcome) WithoutResponse() (Outcome, bool) {
	switch {
	case o.Records == 1:
		return Outcome{}, true
	case o.Records > 1 && o.Refusal == nil:
		return Outcome{Answered: true, Records: o.Records - 1}, true
	case o.Records == 2:
		return Outcome{Refusal: o.Refusal, Records: 1}, true
	}
	return o, false
}

// WithoutRefusal is the outcome without one of its refusals; false when that cannot be known from the outcome alone.
func (o Outcome) WithoutRefusal(id string) (Outcome, bool) {
	switch {
	case o.Records == 1:
		return Outcome{}, true
	case o.Refusal != nil && o.Refusal.ID != id:
		// A later one stays the last.
		o.Records = max(0, o.Records-1)
		return o, true
	case o.Records == 2 && o.Answered:
		return Outcome{Answered: true, Records: 1}, true
	}
	return o, false
}

package fact

// Outcomes counts what became of those who were asked, each invitation by its last outcome.
type Outcomes struct {
	// Responses counts responses; the others, refusals by kind.
	Responses, Refused, Dismissed, TimedOut int64
}

// Refusals is the number of outcomes that are no response.
func (o Outcomes) Refusals() int64 { return o.Refused + o.Dismissed + o.TimedOut }

// IsZero tells whether nobody was asked.
func (o Outcomes) IsZero() bool { return o == Outcomes{} }

// Add sums two counts.
func (o Outcomes) Add(other Outcomes) Outcomes {
	return Outcomes{
		Responses: o.Responses + other.Responses, Refused: o.Refused + other.Refused,
		Dismissed: o.Dismissed + other.Dismissed, TimedOut: o.TimedOut + other.TimedOut,
	}
}

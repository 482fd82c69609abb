package segment

// Explanation says why somebody is in a segment or is not.
type Explanation struct {
	// Outcome is what the rule comes to. Who is in it is a member; Unknown is not.
	Outcome Outcome
	// Reasons are the leaves of the rule, in the order in which they are written.
	Reasons []Reason
}

// Reason is a condition of which the rule is made, and what it comes to.
type Reason struct {
	// Text is the condition as it is written.
	Text    string
	Outcome Outcome
	// Values are those of the attributes that it uses.
	Values []Value
	// Decides tells that the rule would come to something else, if this condition alone were otherwise.
	Decides bool
}

// Value is what is known of an attribute.
type Value struct {
	Attribute Attribute
	// Value is of the Go type of the attribute's type; nil when it is not known.
	Value any
}

// Explain evaluates every leaf of a rule for a row, also those that the outcome does not need.
func (e *Evaluator) Explain(r *Rule, row Row) Explanation {
	leaves := r.root.Leaves()
	outcomes := make(map[*Node]Outcome, len(leaves))
	for _, n := range leaves {
		outcomes[n] = e.Outcome(n.Program, row)
	}
	known := func(n *Node) Outcome { return outcomes[n] }
	out := Explanation{Outcome: r.root.evaluate(known)}
	for _, n := range leaves {
		reason := Reason{Text: n.Text, Outcome: outcomes[n]}
		for _, at := range r.AttributesOf(n.Expr) {
			v, _ := row.Value(at)
			reason.Values = append(reason.Values, Value{Attribute: r.schema.attributes[at], Value: v})
		}
		for _, other := range []Outcome{True, False} {
			outcomes[n] = other
			if (r.root.evaluate(known) == True) != (out.Outcome == True) {
				reason.Decides = true
			}
		}
		outcomes[n] = reason.Outcome
		out.Reasons = append(out.Reasons, reason)
	}
	return out
}

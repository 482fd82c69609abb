package cube

import "github.com/otklik/otklik/services/scoring/internal/fact"

// RemoveFact takes back what AddFact counted for an equal fact: tests count down with it.
func (d *Delta) RemoveFact(f *fact.Fact) { d.fact(f, -1) }

// Package rfm places customers by when they bought last, how often, and for how much: in fifths of all customers, from 1 (the longest ago, the rarest, the
// least) to 5.
package rfm

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// fifths is how many groups there are.
const fifths = 5

// Customer is what is known of the purchases of a customer.
type Customer struct {
	// Last is when they bought last.
	Last time.Time
	// Frequency is how often they bought.
	Frequency int64
	// Monetary is what they paid in all.
	Monetary float64
}

// Place is in which fifth a customer is, from 1 to 5.
type Place struct{ Recency, Frequency, Monetary int }

// Cuts are the least values of fifths 2 to 5; where a fifth is empty, its cut is that of the next one, and +Inf where nobody is as high.
type Cuts [fifths - 1]float64

// Table places customers.
type Table struct{ Recency, Frequency, Monetary Cuts }

// Of makes a table of customers.
func Of(customers []Customer) Table {
	column := func(of func(Customer) float64) Cuts {
		values := make([]float64, len(customers))
		for i, c := range customers {
			values[i] = of(c)
		}
		return CutsOf(values)
	}
	return Table{
		Recency:   column(func(c Customer) float64 { return recency(c.Last) }),
		Frequency: column(func(c Customer) float64 { return float64(c.Frequency) }),
		Monetary:  column(func(c Customer) float64 { return c.Monetary }),
	}
}

// recency grows with the day: days are what recency is told in, and so the order of customers is the same every day.
func recency(last time.Time) float64 { return float64(Day(last)) }

// Day is the number of the day (UTC) of a time.
func Day(t time.Time) int64 { return int64(math.Floor(float64(t.Unix()) / (24 * 60 * 60))) }

// Place is the place of a customer. One who is not among those of whom the table was made is placed as an equal one would be.
func (t Table) Place(c Customer) Place {
	return Place{
		Recency: t.Recency.Place(recency(c.Last)), Frequency: t.Frequency.Place(float64(c.Frequency)), Monetary: t.Monetary.Place(c.Monetary),
	}
}

// Place is the fifth in which a value lies.
func (c Cuts) Place(v float64) int {
	place := 1
	for _, cut := range c {
		if v >= cut {
			place++
		}
	}
	return place
}

// CutsOf are the cuts of values, which are put in order. Equal values share the middle of their ranks and are in one fifth: that in which the middle lies,
// where rank r of n covers the part from (r-1)/n to r/n. Where many are equal, fifths are not equally great, and may be empty.
func CutsOf(values []float64) Cuts {
	cuts := Cuts{}
	for i := range cuts {
		cuts[i] = math.Inf(1)
	}
	slices.Sort(values)
	n := len(values)
	for from := 0; from < n; {
		to := from + 1
		for to < n && values[to] == values[from] {
			to++
		}
		// The ranks are from+1 to to; the middle of what they cover is (from+to)/2n.
		place := min(fifths*(from+to)/(2*n)+1, fifths)
		for i := range cuts {
			if place >= i+2 {
				cuts[i] = min(cuts[i], values[from])
			}
		}
		from = to
	}
	return cuts
}

// MarshalJSON writes cuts that nobody is as high as as null: JSON has no infinity.
func (c Cuts) MarshalJSON() ([]byte, error) {
	var out [fifths - 1]*float64
	for i := range c {
		if !math.IsInf(c[i], 1) {
			out[i] = &c[i]
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Cuts) UnmarshalJSON(raw []byte) error {
	var in [fifths - 1]*float64
	if err := json.Unmarshal(raw, &in); err != nil {
		return fmt.Errorf("read cuts: %w", err)
	}
	for i, v := range in {
		if c[i] = math.Inf(1); v != nil {
			c[i] = *v
		}
	}
	return nil
}

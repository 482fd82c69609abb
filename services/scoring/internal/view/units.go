// Package view says what those may see who may not see everything: what belongs to their units, and answers that are released in blocks.
package view

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Units are what a caller is restricted to: something belongs to them when its context has one of the values of one of the keys. Nil is
// no restriction; empty units hold nothing.
type Units map[fact.ContextKey][]string

// UnitsOf converts the units of a principal, by dimension. A dimension that is unknown holds nothing.
func UnitsOf(dimensions map[string][]string) Units {
	if len(dimensions) == 0 {
		return nil
	}
	units := make(Units, len(dimensions))
	for _, k := range []fact.ContextKey{fact.Region, fact.Location, fact.Company, fact.EmployeeKey} {
		for _, v := range dimensions[strings.ToLower(k.String())] {
			// What does not state where it belongs belongs to nobody.
			if v != "" {
				units[k] = append(units[k], v)
			}
		}
		if len(units[k]) > 0 {
			slices.Sort(units[k])
			units[k] = slices.Compact(units[k])
		}
	}
	return units
}

// Restricted tells whether there is anything that the units do not hold.
func (u Units) Restricted() bool { return u != nil }

// Hold tells whether something belongs to the units.
func (u Units) Hold(c fact.Context) bool {
	if u == nil {
		return true
	}
	for k, values := range u {
		if _, found := slices.BinarySearch(values, c.Value(k)); found {
			return true
		}
	}
	return false
}

// String is the same for equal units, and short: a region of a chain has thousands of locations.
func (u Units) String() string {
	sum := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(u)) {
		fmt.Fprintf(sum, "%d%q", k, u[k])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Records reads what an organisation's live ledger holds.
type Records interface {
	// Facts and Refusals call fn with each response or refusal of a survey, in the order of positions.
	Facts(ctx context.Context, survey string, fn func(position int64, f *fact.Fact) error) error
	Refusals(ctx context.Context, survey string, fn func(position int64, r *fact.Refusal) error) error
}

// refused is a refusal with its position.
type refused struct {
	position int64
	refusal  *fact.Refusal
}

// counted calls onFact with each response, and then onRefusal with each refusal that counts: the last one of its invitation, if that was not
// answered.
func counted(
	ctx context.Context, records Records, survey string, onFact func(int64, *fact.Fact) error, onRefusal func(int64, *fact.Refusal) error,
) error {
	last := make(map[string]refused)
	var alone []refused
	err := records.Refusals(ctx, survey, func(position int64, r *fact.Refusal) error {
		x := refused{position, r}
		if r.Invitation == "" {
			alone = append(alone, x)
			return nil
		}
		if before, ok := last[r.Invitation]; ok {
			if o := fact.OutcomeOf(false, before.refusal, r); o.Refusal == before.refusal {
				return nil
			}
		}
		last[r.Invitation] = x
		return nil
	})
	if err != nil {
		return err
	}
	err = records.Facts(ctx, survey, func(position int64, f *fact.Fact) error {
		if f.Invitation != "" {
			delete(last, f.Invitation)
		}
		return onFact(position, f)
	})
	if err != nil {
		return err
	}
	alone = slices.AppendSeq(alone, maps.Values(last))
	slices.SortFunc(alone, func(a, b refused) int { return int(a.position - b.position) })
	for _, x := range alone {
		if err := onRefusal(x.position, x.refusal); err != nil {
			return err
		}
	}
	return nil
}

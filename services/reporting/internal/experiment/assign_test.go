package experiment_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/experiment"
)

// TestAssignIsWhatDocsSay keeps the vectors of docs/api.md, by which others check that they compute the same.
func TestAssignIsWhatDocsSay(t *testing.T) {
	arms := []experiment.Arm{{Name: "a", Share: 1}, {Name: "b", Share: 1}, {Name: "c", Share: 2}}
	want := map[string]string{"customer-17": "b", "customer-18": "a", "customer-19": "c", "customer-20": "a", "Айгүл": "a", "": "b"}
	for subject, variant := range want {
		if got := experiment.Assign("checkout-button", subject, arms); got != variant {
			t.Errorf("%s gets %s, want %s", subject, got, variant)
		}
	}
}

// TestShares: over many subjects variants have their shares, whatever their order; 99.99 % of such samples lie within 3.9 standard errors.
func TestShares(t *testing.T) {
	arms := []experiment.Arm{{Name: "a", Share: 50}, {Name: "b", Share: 30}, {Name: "c", Share: 20}}
	turned := []experiment.Arm{arms[2], arms[0], arms[1]}
	const n = 40_000
	counts := map[string]float64{}
	var both float64
	for i := range n {
		subject := fmt.Sprint("customer-", i)
		got := experiment.Assign("one", subject, arms)
		counts[got]++
		if other := experiment.Assign("one", subject, turned); other != got {
			t.Fatalf("%s gets %s, and in another order %s", subject, got, other)
		}
		if got == "a" && experiment.Assign("two", subject, arms) == "a" {
			both++
		}
	}
	for _, a := range arms {
		p := a.Share / 100
		if off := math.Abs(counts[a.Name]-n*p) / math.Sqrt(n*p*(1-p)); off > 3.9 {
			t.Errorf("%s has %v of %d", a.Name, counts[a.Name], n)
		}
	}
	// Experiments of other seeds have nothing to do with each other.
	if off := math.Abs(both-n*0.25) / math.Sqrt(n*0.25*0.75); off > 3.9 {
		t.Errorf("%v of %d get a in both", both, n)
	}
}

// TestWhoMoves: a variant that is added takes only what becomes its own; one that gets a greater share loses nobody.
func TestWhoMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0.01, 100)
		arms := []experiment.Arm{{Name: "a", Share: share.Draw(t, "a")}, {Name: "b", Share: share.Draw(t, "b")}}
		subject, seed := rapid.String().Draw(t, "subject"), rapid.String().Draw(t, "seed")
		before := experiment.Assign(seed, subject, arms)
		if before != experiment.Assign(seed, subject, arms) {
			t.Fatal("it is another one when asked again")
		}
		added := experiment.Assign(seed, subject, append(arms, experiment.Arm{Name: "c", Share: share.Draw(t, "c")}))
		if added != "c" && added != before {
			t.Fatalf("moved from %s to %s when c was added", before, added)
		}
		arms[0].Share *= 1 + rapid.Float64Range(0, 5).Draw(t, "more")
		if after := experiment.Assign(seed, subject, arms); after != before && after != "a" {
			t.Fatalf("moved from %s to %s when a got more", before, after)
		}
	})
	if got := experiment.Assign("s", "x", nil); got != "" {
		t.Errorf("without variants: %q", got)
	}
}

package alert_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/alert"
)

// longest is how many periods are waited for a change to be found.
const longest = 40

// found counts the periods from a change until it is found; longest when it is not by then. Of a family, a unit that alone has changed is found when its p-value
// is at most q over the number of units, at the latest.
func (p population) found(t *testing.T, params alert.Params, sigmas float64, n, units int, rng *rand.Rand) int {
	t.Helper()
	const before = alert.DefaultFirst + 4
	s := alert.Series{Periods: append(p.periods(0, before, n, rng), p.shifted(sigmas).periods(before, before+longest, n, rng)...)}
	panel := alert.NewPanel(params, p.scale, []alert.Series{s})
	for d := 1; d <= longest; d++ {
		vs, err := panel.Judge(day(before + d))
		if err != nil {
			t.Fatal(err)
		}
		if v := vs[0]; v.Change < 0 && (units == 1 && v.Outside || units > 1 && v.P <= params.Q/float64(units)) {
			return d
		}
	}
	return longest
}

// TestChangesAreFoundSoon records how many periods pass until changes are found: the table of the documentation is what this test logs.
func TestChangesAreFoundSoon(t *testing.T) {
	t.Parallel()
	const runs = 40
	pop := nps(0.5, 0.3, 0.2)
	var table strings.Builder
	fmt.Fprintf(&table, "mean periods until a fall of the NPS (50/30/20) is found, one period is the least; over %d runs\n", runs)
	fmt.Fprintf(&table, "%-6s %-6s %6s %10s %10s %10s\n", "chart", "units", "n", "0.25 sigma", "0.5 sigma", "1 sigma")
	for _, c := range []struct {
		name   string
		method alert.Method
		units  int
	}{{"EWMA", alert.EWMA, 1}, {"EWMA", alert.EWMA, 20}, {"EWMA", alert.EWMA, 500}, {"CUSUM", alert.CUSUM, 1}} {
		for _, n := range []int{5, 20, 100, 500} {
			fmt.Fprintf(&table, "%-6s %-6d %6d", c.name, c.units, n)
			before := float64(longest) + 1
			for _, sigmas := range []float64{0.25, 0.5, 1} {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(c.units)))
				sum := 0
				for range runs {
					sum += pop.found(t, alert.Params{Method: c.method, Least: 1}.WithDefaults(), sigmas, n, c.units, rng)
				}
				delay := float64(sum) / runs
				fmt.Fprintf(&table, " %10.1f", delay)
				if delay > before {
					t.Errorf("%s of %d units, n %d: a change of %v sigma is found after %v periods, later than a smaller one", c.name, c.units, n, sigmas, delay)
				}
				before = delay
				// What is far beyond a period's standard error is found in the next few periods.
				if z := sigmas * sqrt(n); z >= 5 && delay > 2.5 {
					t.Errorf("%s of %d units, n %d: a change of %v sigma is found after %v periods only", c.name, c.units, n, sigmas, delay)
				}
			}
			table.WriteByte('\n')
		}
	}
	t.Log(table.String())
}

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestOverviewPage reads at a glance how a shop does: its score with interval and n, cases, and where the days before are missing, that too.
func TestOverviewPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for i := range 20 {
			s.answer(t, fmt.Sprintf("p-%d", i), float64(10-i%4*3))
		}
		testkit.Eventually(t, patience, s.counted(t, 20))
		b := openBrowser(t)
		b.open(t, s.HTTP()+"/?page=overview#key="+harness.KeyFor(harness.Organization, harness.Admin))
		// Of four answers 10, 7, 4 and 1 one is a promoter and two are detractors.
		b.await(t, "Recommendation (NPS)", "−25.0", "n = 20", "nps @ 1", "nothing before to compare with", "Counted up to", "Late", "Alerts")
		b.savePicture(t, "otklik-nps-trend.png")
		b.click(t, ".metric h2 a")
		b.await(t, "Would you recommend us?", "Only answers of", "n = 20")
		if text := b.text(t); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") {
			t.Errorf("the page shows:\n%s", text)
		}
		b.wantClean(t, s.HTTP())
	})
}

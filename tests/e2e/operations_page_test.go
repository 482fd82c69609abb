package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestOperationsPage reads as a manager of stores does what was recorded of them and where nothing was, why revenue changed, what a change of prices did and how
// employees do, and brings a table that has a mistake.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{})
	fillTrade(t, suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	askREST(t, suite, "POST", "/v1/kpiDefinitions", `{"kpiDefinitionId": "sellers", "kpiDefinition": {"displayName": "Sellers", "components": [
		{"id": "pace", "source": "KPI_SOURCE_CONSULTATIONS_PER_HOUR", "weight": 1, "low": 2, "high": 20}]}}`, nil)
	b := openBrowser(t)
	page := func(days, rest string) string { return suite.HTTP() + "/?page=operations" + days + rest }
	all := "&from=" + tradingFirst.Format(time.DateOnly) + "&to=" + tradingFirst.AddDate(0, 0, tradingDays-1).Format(time.DateOnly)
	half := "&from=" + tradingFirst.AddDate(0, 0, tradingDays/2).Format(time.DateOnly) + "&to=" + tradingFirst.AddDate(0, 0, tradingDays-1).Format(time.DateOnly)
	var visitors int64
	for store := range trading {
		for day := range tradingDays {
			v, _, _, _ := tradeOf(store, day)
			visitors += v
		}
	}
	english := message.NewPrinter(language.English)
	b.open(t, page(all, "#key="+harness.KeyFor(harness.Organization, harness.Admin)))
	b.await(t, english.Sprintf("%d", visitors), "known on 448 of 448 days of places", "known on 447 of 448 days of places", "known on 55 of 56 days",
		"Gaps", "Apr 11, 2026", "Prices: Higher prices")
	b.savePicture(t, "otklik-visitors.png")

	var before, after int64
	for store := range trading - 1 {
		for day := range tradingDays {
			_, _, tyiyn, _ := tradeOf(store, day)
			if day < tradingDays/2 {
				before += tyiyn
			} else {
				after += tyiyn
			}
		}
	}
	amount := func(tyiyn int64) string { return english.Sprintf("%.0f", float64(tyiyn)/100) + "\u00a0KGS" }
	b.open(t, page(half, "&analysis=revenue"))
	b.await(t, amount(before)+" before, "+amount(after)+" after", "Places left out: 1", "shop-7: days are missing: 1")
	b.savePicture(t, "otklik-revenue.png")
	b.open(t, page(all, "&analysis=policies&by=4&measure=PERFORMANCE_OUTCOME_AVERAGE_CHECK"))
	b.await(t, "Prices: Higher prices", "beyond what changed elsewhere", "Beyond chance", "places: 4")
	b.open(t, page(all, "&analysis=quality"))
	b.await(t, "Consultations by visitor", "Engagement of sellers", "shop-3")
	b.open(t, page(all, "&analysis=standards"))
	b.await(t, "greeting", "could not be told to go with the outcome")
	b.open(t, page(all, "&analysis=seasonality&measure=PERFORMANCE_OUTCOME_VISITORS"))
	b.await(t, "Saturday", "< 0.001", "what the others are compared with")
	b.open(t, page(all, "&analysis=reserve"))
	b.await(t, "a model", "not what was counted", "95\u00a0%")
	b.open(t, page(all, "&analysis=staff"))
	b.await(t, "seller-0", "In the order of identifiers: no ranking")
	b.click(t, ".analysis tbody button.link")
	b.await(t, "Consultations by hour of shifts")
	b.click(t, ".components button")
	b.await(t, "likes 3")
	importsTable(t, b, suite)
	b.wantClean(t, suite.HTTP())
	// Of a refused question the browser itself complains, so that it comes last.
	b.open(t, page("&from=2025-01-01&to=2025-01-28", "&analysis=revenue"))
	b.await(t, "No numbers here, and why", "import what is missing")
	if text := b.text(t); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") {
		t.Errorf("the page shows:\n%s", text)
	}
}

// importsTable tries a table with a bad row, is told which, stores the other row, and sees it counted.
func importsTable(t *testing.T, b *browser, suite *harness.Suite) {
	t.Helper()
	b.open(t, suite.HTTP()+"/?page=operations&analysis=import")
	b.await(t, "Import a table")
	choose := `const files = new DataTransfer();
		files.items.add(new File(["location,start_time,visitors\nshop-0,2026-05-01,321\nshop-0,2026-05-02,-4\n"], "v.csv"));
		const input = document.querySelector("input[type=file]"); input.files = files.files;
		input.dispatchEvent(new Event("change", { bubbles: true }))`
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](choose)); err != nil {
		t.Fatalf("choose a file: %v", err)
	}
	press := func(button, want string) {
		t.Helper()
		testkit.Eventually(t, patience, func() error {
			pressed, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(
				`(() => { const b = document.querySelector(%q); if (!b || b.disabled) return false; b.click(); return true })()`, button)))
			if err == nil && !pressed {
				err = fmt.Errorf("%s cannot be pressed; the page shows:\n%s", button, b.text(t))
			}
			return err
		})
		b.await(t, want)
	}
	press(".import button[type=submit]", "Tried: nothing was changed")
	b.await(t, "It is below 0.", "must not be negative")
	press(".import .row button:last-child", "What was accepted is stored")
	b.open(t, suite.HTTP()+"/?page=operations&from=2026-05-01&to=2026-05-02&place=locations/shop-0")
	b.await(t, "321", "known on 1 of 2 days")
}

// TestJourneyPage reads which stage of the journey is worst, and what a variant that is tried does.
func TestJourneyPage(t *testing.T) {
	t.Parallel()
	s := openShop(t, harness.Options{})
	for i := range 120 {
		touchpoint, variant := []string{"till", "returns", "entrance"}[i%3], []string{"a", "b"}[i/3%2]
		score := 9
		if touchpoint == "returns" {
			score = 2 + i%5
		}
		askREST(t, s.Suite, "POST", "/v1/"+shopSurvey+"/responses", fmt.Sprintf(
			`{"responseId": "journey-%04d", "response": {"context": {"touchpoint": %q, "attributes": {"variant": %q}}, "answers": [{"question": "recommend", "score": %d}]}}`,
			i, touchpoint, variant, score), nil)
	}
	testkit.Eventually(t, patience, s.counted(t, 120))
	b := openBrowser(t)
	b.open(t, s.HTTP()+"/?page=journey#key="+harness.KeyFor(harness.Organization, harness.Admin))
	// All at the till and the entrance are promoters, all others are detractors.
	b.await(t, "Look here first: returns", "100.0", "−100.0", "n = 40", "33.3 % of all answers", "lower than the others beyond chance")
	b.savePicture(t, "otklik-journey.png")
	b.click(t, "tbody th a")
	b.await(t, "Would you recommend us?", "Only answers where", `touchpoint = "entrance"`)
	b.open(t, s.HTTP()+"/?page=journey&analysis=experiment&column=a%3D50,b%3D50")
	b.await(t, "No difference beyond chance.", "50.0 % intended", "n = 60", "least difference that would be found")
	b.open(t, s.HTTP()+"/?page=journey&analysis=benchmarks")
	b.await(t, "No numbers of others are stored")
	if text := b.text(t); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") {
		t.Errorf("the page shows:\n%s", text)
	}
	b.wantClean(t, s.HTTP())
}

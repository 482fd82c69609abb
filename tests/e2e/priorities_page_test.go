package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestWhatToFixFirstPage reads the page as a manager of the airport does: what comes first, how sure that is, the answers behind it, why there is no
// number where there is none, and a picture to take along.
func TestWhatToFixFirstPage(t *testing.T) {
	t.Parallel()
	testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz")
	suite := harness.Run(t, harness.Options{})
	summary := importFile(t, suite, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
	awaitResponses(t, suite, airport, int64(summary.Rows.Read-summary.Rows.Empty))
	b := openBrowser(t)
	b.open(t, suite.HTTP()+"/?page=priorities&outcome=q7all#key="+harness.KeyFor(harness.Organization, harness.Admin))
	// The numbers are those that R makes of the file.
	b.await(t, "1. How do you rate the restaurants?", "1 Fix now", "sure to 100\u00a0%", "n = 2,348", "95\u00a0%: 3.58 … 3.65", "UNSTABLE", "4 Over-invested")
	b.savePicture(t, "otklik-matrix.png")
	b.click(t, "tbody th a")
	b.await(t, "Mean score", "n = 2,421", "3.6")
	b.open(t, suite.HTTP()+"/?page=priorities&outcome=q7all&analysis=drivers")
	// Without the likelihood to recommend, which is an outcome itself.
	b.await(t, "Share of importance (Johnson)", "62.6\u00a0%", "< 0.001")
	b.open(t, suite.HTTP()+"/?page=priorities&analysis=strengths&by=location")
	b.await(t, "What pulls the outcome up and down", "39.8, n\u00a0=\u00a02,746")
	b.open(t, suite.HTTP()+"/?page=priorities&analysis=crosstab&row=attributes.peak&column=answers.q7all")
	b.await(t, "No relation beyond chance: p = 0.991", "domestic_off_peak", "n = 954")
	b.wantClean(t, suite.HTTP())
	// Of a refused question the browser itself complains, so that it comes last.
	b.open(t, suite.HTTP()+"/?page=priorities&outcome=q7all&filter=location+%3D+%22nowhere%22")
	b.await(t, "No numbers here, and why", "too few answers", "Take all answers")
	b.click(t, ".refusal button")
	b.await(t, "1. How do you rate the restaurants?")
	if text := b.text(t); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") {
		t.Errorf("the page shows:\n%s", text)
	}
}

// click presses what a selector finds first.
func (b *browser) click(t *testing.T, selector string) {
	t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Click(selector)); err != nil {
		t.Fatalf("click %s: %v", selector, err)
	}
}

// savePicture presses the button for PNG and waits until the browser was given a file of that name, which takes drawing it first.
func (b *browser) savePicture(t *testing.T, name string) {
	t.Helper()
	note := `window.saved = []; HTMLAnchorElement.prototype.click = function () { window.saved.push(this.download) };
		[...document.querySelectorAll(".saving button")].find((b) => b.textContent === "PNG").click()`
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](note)); err != nil {
		t.Fatalf("save the picture: %v", err)
	}
	testkit.Eventually(t, patience, func() error {
		saved, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`window.saved`))
		if err == nil && !slices.Contains(saved, name) {
			err = fmt.Errorf("the page saved %q, not %s; it shows:\n%s", saved, name, b.text(t))
		}
		return err
	})
}

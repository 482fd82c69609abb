package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestReportsPage reads a report as its page, takes rows along, and shares it with somebody who does not log in; nothing is fetched from elsewhere.
func TestReportsPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for i := range 20 {
			s.answer(t, fmt.Sprintf("p-%d", i), float64(10-i%4*3))
		}
		testkit.Eventually(t, patience, s.counted(t, 20))
		b := openBrowser(t)
		today := time.Now().UTC()
		page := s.HTTP() + "/?page=reports"
		days := fmt.Sprintf("&from=%s&to=%s", today.AddDate(0, 0, -2).Format(time.DateOnly), today.AddDate(0, 0, 1).Format(time.DateOnly))
		b.open(t, page+"&report=reports/survey-report"+days+"#key="+harness.KeyFor(harness.Organization, harness.Admin))
		// Of four answers 10, 7, 4 and 1 one is a promoter and two are detractors. The charts bring their own style sheet along.
		b.awaitPrinted(t, "Main scores", "−25.0", "n = 20", "nps@1")
		if got := b.evaluate(t, `getComputedStyle(document.querySelector(".printed").shadowRoot.querySelector("svg.chart text")).fontFamily`); !strings.Contains(got, "Liberation Sans") {
			t.Errorf("charts are written in %q", got)
		}

		b.press(t, "Share by a link")
		b.press(t, "Make the link")
		b.await(t, "Copy it now")
		link := b.evaluate(t, `document.querySelector(".secret input").value`)

		b.open(t, page+"&part=exports")
		b.await(t, "You have no exports.")
		b.press(t, "Export rows")
		b.press(t, "Begin")
		b.await(t, "ready", "20 rows")
		b.evaluate(t, `const make = URL.createObjectURL; URL.createObjectURL = (file) => { file.text().then((text) => { window.got = text }); return make.call(URL, file) }; ""`)
		b.press(t, "Download")
		b.awaitValue(t, `window.got ?? ""`, "response_id", "p-19")

		b.open(t, page+"&part=schedules&doing=new&report=reports/executive-summary")
		b.await(t, "Have a report sent", "Overdue: ")
		b.press(t, "Save")
		b.await(t, "every month, on day 1, 08:00", "nobody: it is only made")
		b.press(t, "Make and send now")
		b.await(t, "delivered", "asked for by hand")
		b.wantClean(t, s.HTTP())

		// Whoever has the link is nobody here: neither a key nor a session is on this page.
		reader := openBrowser(t)
		reader.open(t, link)
		reader.awaitPrinted(t, "Main scores", "−25.0", "n = 20")
		reader.await(t, "This link works until")
		if text := reader.evaluate(t, `JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])`); strings.Contains(text, link[strings.LastIndex(link, "/")+1:]) {
			t.Errorf("the browser keeps the secret of the link: %s", text)
		}
		reader.wantClean(t, s.HTTP())
	})
}

// evaluate is the text that a script gives.
func (b *browser) evaluate(t *testing.T, script string) string {
	t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		t.Fatalf("evaluate %s: %v", script, err)
	}
	return got
}

// awaitValue waits until the text that a script gives holds all parts.
func (b *browser) awaitValue(t *testing.T, script string, parts ...string) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		got := b.evaluate(t, script)
		for _, part := range parts {
			if !strings.Contains(got, part) {
				return fmt.Errorf("%s lacks %q: %.4000s; the page shows:\n%s", script, part, got, b.text(t))
			}
		}
		return nil
	})
}

// awaitPrinted waits until the report that the page shows holds all parts.
func (b *browser) awaitPrinted(t *testing.T, parts ...string) {
	t.Helper()
	b.awaitValue(t, `(document.querySelector(".printed")?.shadowRoot?.textContent ?? "").replaceAll("\u00a0", " ")`, parts...)
}

// press presses the button that says just that, once it can be pressed.
func (b *browser) press(t *testing.T, says string) {
	t.Helper()
	quoted, err := json.Marshal(says)
	if err != nil {
		t.Fatal(err)
	}
	find := fmt.Sprintf(`[...document.querySelectorAll("button:not(:disabled)")].find((b) => b.textContent === %s)`, quoted)
	b.awaitValue(t, find+` ? "there" : ""`, "there")
	b.evaluate(t, find+`.click(); ""`)
}

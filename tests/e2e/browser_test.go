package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// browser is a real Chromium with one page, and what it complained about and asked for.
type browser struct {
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// openBrowser starts Chromium. In CI its absence is a failure; `.ci/setup` installs it.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("find Chromium: %v", err)
		}
		t.Skipf("Chromium is not on this machine (%v); .ci/setup installs it", err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1200, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
	}
	b := &browser{}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(b.listen))
	t.Cleanup(func() {
		cancel()
		cancelAllocator()
	})
	b.ctx = ctx
	err = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, networkErr := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		_, logErr := cdp.Call(ctx, target, cdplog.Enable, cdp.Empty{})
		return errors.Join(networkErr, logErr)
	}))
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return b
}

// listen notes errors of the console, exceptions, and every request.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdpruntime.EventConsoleAPICalled:
		if e.Type == cdpruntime.ConsoleAPICalledTypeError || e.Type == cdpruntime.ConsoleAPICalledTypeWarning {
			var text []string
			for _, arg := range e.Args {
				text = append(text, string(arg.Value)+arg.Description)
			}
			b.complaints = append(b.complaints, "console: "+strings.Join(text, " "))
		}
	case *cdpruntime.EventExceptionThrown:
		b.complaints = append(b.complaints, exceptionText(e.ExceptionDetails))
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			b.complaints = append(b.complaints, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

func exceptionText(d *cdpruntime.ExceptionDetails) string {
	text := "exception: " + d.Text
	if d.Exception != nil {
		text += " " + d.Exception.Description
	}
	return text
}

// open shows an address.
func (b *browser) open(t *testing.T, address string) {
	t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("open %s: %v", address, err)
	}
}

// text is the visible text of the page.
func (b *browser) text(t *testing.T) string {
	t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
	if err != nil {
		t.Fatalf("read the page: %v", err)
	}
	return text
}

// await waits until the page's text holds all parts.
func (b *browser) await(t *testing.T, parts ...string) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		text := b.text(t)
		for _, part := range parts {
			if !strings.Contains(text, part) {
				return fmt.Errorf("the page does not show %q; it shows:\n%s", part, text)
			}
		}
		return nil
	})
}

// wantClean fails when the page complained, or asked for anything outside of its origin.
func (b *browser) wantClean(t *testing.T, origin string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		t.Errorf("the browser complains: %s", c)
	}
	if len(b.requests) == 0 {
		t.Error("the browser asked for nothing")
	}
	for _, r := range b.requests {
		u, err := url.Parse(r)
		if err != nil {
			t.Errorf("request %q: %v", r, err)
			continue
		}
		if u.Scheme == "data" || u.Scheme == "blob" {
			continue
		}
		if u.Scheme+"://"+u.Host != origin {
			t.Errorf("a request left the origin: %s", r)
		}
	}
}

// TestFirstPage opens the page with the key, as the ready line's reader does, and sees the score change when an answer comes in.
func TestFirstPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for i := range 10 {
			s.answer(t, fmt.Sprintf("p-%d", i), 10)
		}
		testkit.Eventually(t, patience, s.counted(t, 10))
		b := openBrowser(t)
		b.open(t, s.HTTP()+"/#key="+harness.KeyFor(harness.Organization, harness.Admin))
		b.await(t, "Shop", "100")
		for i := range 10 {
			s.answer(t, fmt.Sprintf("d-%d", i), 0)
		}
		testkit.Eventually(t, patience, s.counted(t, 20))
		// Ten promoters and ten detractors.
		b.await(t, "20")
		if text := b.text(t); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") {
			t.Errorf("the page shows:\n%s", text)
		}
		b.wantClean(t, s.HTTP())
	})
}

// TestDocsPage opens the browsable reference.
func TestDocsPage(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{})
	b := openBrowser(t)
	b.open(t, suite.HTTP()+"/docs")
	b.await(t, "/v1/surveys/{survey}/responses", "Submit response", "/v1/scores:query", "Query scores")
	b.wantClean(t, suite.HTTP())
}

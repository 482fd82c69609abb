package html_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/document"
	page "github.com/otklik/otklik/services/reporting/internal/render/html"
	"github.com/otklik/otklik/services/reporting/internal/render/rendertest"
)

type failer interface {
	Helper()
	Fatal(args ...any)
}

func written(t failer, d document.Document) (string, *html.Node) {
	t.Helper()
	var out bytes.Buffer
	if err := page.Render(&out, d); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), root
}

// elements are all of a name.
func elements(root *html.Node, name string) []*html.Node {
	var out []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			out = append(out, n)
		}
	}
	return out
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func TestAPageIsReadWithoutSeeingIt(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ru", "ky", "en"} {
		d := rendertest.Sample(language)
		_, root := written(t, d)
		if got := attribute(elements(root, "html")[0], "lang"); got != language {
			t.Errorf("the language is %q", got)
		}
		if got := text(elements(root, "h1")[0]); got != d.Title {
			t.Errorf("the heading is %q", got)
		}
		var sections []string
		for _, h := range elements(root, "h2") {
			sections = append(sections, text(h))
		}
		for i, s := range d.Sections {
			if sections[i] != s.Title {
				t.Errorf("section %d is %q, not %q", i, sections[i], s.Title)
			}
		}
		// Each picture has a name, and each chart its numbers as a table behind it.
		for _, svg := range elements(root, "svg") {
			if attribute(svg, "role") != "img" || attribute(svg, "aria-label") == "" {
				t.Error("a picture has no name")
			}
		}
		for _, figure := range elements(root, "figure") {
			if len(elements(figure, "table")) != 1 {
				t.Errorf("a chart has no numbers behind it: %.80s", text(figure))
			}
		}
		for _, head := range elements(root, "th") {
			if attribute(head, "scope") == "" {
				t.Errorf("a head without a scope: %s", text(head))
			}
		}
	}
}

func TestEachNumberIsShownWithWhatItRestsOn(t *testing.T) {
	t.Parallel()
	_, root := written(t, rendertest.Sample("en"))
	whole := strings.ReplaceAll(text(root), "\u00a0", " ")
	for _, want := range []string{"31.2", "95%: 25.8 … 36.6 · n = 1,204 · nps@1", "Change: +4.2", "p = 0.008", "Fewer than 5 answers about this employee", "First 60 of 214 rows", "green", "amber, not certain"} {
		// Lights beside headline numbers are named by their pictures.
		named := false
		for _, svg := range elements(root, "svg") {
			named = named || attribute(svg, "aria-label") == want
		}
		if !named && !strings.Contains(whole, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestNoTextBecomesMarkup writes any report: it fetches nothing, runs nothing, and has no element that it should not have.
func TestNoTextBecomesMarkup(t *testing.T) {
	t.Parallel()
	check := func(t failer, d document.Document) {
		markup, root := written(t, d)
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script", "img", "image", "iframe", "object", "embed", "link", "base", "form", "input", "use", "foreignObject", "xss":
				t.Fatal("an element " + n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcdoc" {
					t.Fatal("an attribute " + a.Key)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#section-") && (!strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//")) {
					t.Fatal("a link to " + a.Val)
				}
			}
		}
		if strings.Count(markup, "<style>") != 1 || strings.Contains(markup, "url(") || strings.Contains(markup, "@import") {
			t.Fatal("the style fetches something")
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rendertest.Any(t)) })
	evil := `<script>alert(1)</script><img src=x onerror=alert(1)>"'></style></title><xss>`
	d := rendertest.Sample("en")
	d.Title, d.Subtitle, d.Organization, d.Filter, d.Fingerprint, d.Notes = evil, evil, evil, evil, evil, []string{evil}
	for i := range d.Sections {
		d.Sections[i].Title = evil
		for _, b := range d.Sections[i].Blocks {
			if b.Chart != nil {
				b.Chart.Title, b.Chart.Note = evil, evil
			}
			if b.Table != nil {
				b.Table.Title, b.Table.Columns[0].Title, b.Table.Rows[0][0].Text = evil, evil, evil
			}
		}
	}
	check(t, d)
}

package chart

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// Family is the font of drawings where they are shown by others: one with the measures that they were drawn by.
const Family = `"Liberation Sans", Arial, Helvetica, sans-serif`

// SVG writes a chart with its title and note as a picture that stands by itself: it has its colours for light and dark ground, no script, and fetches nothing.
func SVG(w io.Writer, c document.Chart, language string) error {
	n := notation.For(language)
	d := framed(Draw(c, n), c.Title, c.Note)
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" lang="%s"><title>%s</title><desc>%s</desc><style>%s</style><rect class="ground" width="100%%" height="100%%"/>`,
		round(d.Width), round(d.Height), round(d.Width), round(d.Height), n.Language(), Escape(c.Title), Escape(c.Note), Style("svg"))
	shapes(b, d)
	_, _ = b.WriteString("</svg>\n")
	return b.Flush()
}

// Inline writes a drawing as a part of a page that has Style; what it shows is told by name there.
func Inline(w io.Writer, d Drawing, name string) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg class="chart" viewBox="0 0 %s %s" role="img" aria-label="%s">`, round(d.Width), round(d.Height), Escape(name))
	shapes(b, d)
	_, _ = b.WriteString("</svg>\n")
	return b.Flush()
}

// framed puts a title above a drawing and a note below.
func framed(d Drawing, title, note string) Drawing {
	const margin = 12.0
	out := Drawing{Width: d.Width + 2*margin}
	y := margin
	for _, line := range typeface.Bold().Wrap(title, 11, d.Width) {
		y += 13
		out.add(Shape{Kind: Text, Points: []Point{{margin, y - 3}}, Text: line, Size: 11, Bold: true, Fill: Ink})
	}
	y += 6
	for _, s := range d.Shapes {
		moved := make([]Point, len(s.Points))
		for i, at := range s.Points {
			moved[i] = Point{at.X + margin, at.Y + y}
		}
		s.Points = moved
		out.add(s)
	}
	y += d.Height
	if note != "" {
		for _, line := range typeface.Regular().Wrap(note, smallSize, d.Width) {
			y += lineHigh
			out.small(margin, y-2.5, line, Begin)
		}
	}
	out.Height = y + margin
	return out
}

// Style is the style sheet of drawings below a selector.
func Style(selector string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s text{font-family:%s}", selector, strings.ReplaceAll(Family, `"`, "'"))
	sheet := func(colour func(Tone) RGB) {
		for t := Ground; t < tones; t++ {
			c := colour(t)
			fmt.Fprintf(&out, "%[1]s .f%[2]d{fill:#%02[3]x%02[4]x%02[5]x}%[1]s .s%[2]d{stroke:#%02[3]x%02[4]x%02[5]x}", selector, t, c.R, c.G, c.B)
		}
		c := colour(Ground)
		fmt.Fprintf(&out, "%s .ground{fill:#%02x%02x%02x}", selector, c.R, c.G, c.B)
	}
	sheet(Tone.OnLight)
	out.WriteString("@media screen and (prefers-color-scheme:dark){")
	sheet(Tone.OnDark)
	out.WriteString("}")
	return out.String()
}

func shapes(b *bufio.Writer, d Drawing) {
	for _, s := range d.Shapes {
		if len(s.Points) == 0 {
			continue
		}
		var class string
		if s.Fill != Clear {
			class = "f" + strconv.Itoa(int(s.Fill))
		}
		if s.Stroke != Clear {
			class = strings.TrimSpace(class + " s" + strconv.Itoa(int(s.Stroke)))
		}
		attributes := fmt.Sprintf(` class="%s"`, class)
		if s.Fill == Clear {
			attributes += ` fill="none"`
		}
		if s.Stroke != Clear {
			attributes += fmt.Sprintf(` stroke-width="%s"`, round(s.Thickness))
		}
		if s.Dashed {
			attributes += ` stroke-dasharray="3 2"`
		}
		if s.Faint && s.Kind == Area {
			attributes += ` fill-opacity="0.2"`
		} else if s.Faint {
			attributes += ` stroke-opacity="0.55"`
		}
		shape(b, s, attributes)
	}
}

func shape(b *bufio.Writer, s Shape, attributes string) {
	first := s.Points[0]
	inner, element := "", "polygon"
	switch s.Kind {
	case Line:
		element = "polyline"
		attributes += ` points="` + coordinates(s.Points) + `"`
	case Area:
		attributes += ` points="` + coordinates(s.Points) + `"`
	case Circle:
		element = "circle"
		attributes += fmt.Sprintf(` cx="%s" cy="%s" r="%s"`, round(first.X), round(first.Y), round(s.Radius))
	case Text:
		element = "text"
		attributes += fmt.Sprintf(` x="%s" y="%s" font-size="%s"`, round(first.X), round(first.Y), round(s.Size))
		if s.Bold {
			attributes += ` font-weight="bold"`
		}
		if s.Anchor != Begin {
			attributes += ` text-anchor="` + [...]string{Centre: "middle", Finish: "end"}[s.Anchor] + `"`
		}
		if s.Upright {
			attributes += fmt.Sprintf(` transform="rotate(-90 %s %s)"`, round(first.X), round(first.Y))
		}
		inner = Escape(s.Text)
	}
	if s.Of != "" && s.Kind != Text {
		inner = "<title>" + Escape(s.Of) + "</title>"
	}
	fmt.Fprintf(b, "<%s%s>%s</%s>", element, attributes, inner, element)
}

func coordinates(points []Point) string {
	var out strings.Builder
	for i, at := range points {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(round(at.X) + "," + round(at.Y))
	}
	return out.String()
}

// round writes a coordinate in hundredths of a point, so that equal charts are equal bytes whatever the processor rounds.
func round(v float64) string {
	text := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// Escape makes text that markup can hold; characters that XML knows no way to write are left out.
func Escape(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd")))
}

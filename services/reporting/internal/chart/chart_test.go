package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/render/rendertest"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// named is the sample's chart with an identifier.
func named(t *testing.T, id, language string) document.Chart {
	t.Helper()
	for _, s := range rendertest.Sample(language).Sections {
		for _, b := range s.Blocks {
			if b.Chart != nil && b.Chart.ID == id {
				return *b.Chart
			}
		}
	}
	t.Fatalf("the sample has no chart %s", id)
	return document.Chart{}
}

func drawn(c document.Chart) chart.Drawing {
	return chart.Draw(c, notation.For("en"))
}

func shapes(d chart.Drawing, role string) []chart.Shape {
	var out []chart.Shape
	for _, s := range d.Shapes {
		if s.Role == role {
			out = append(out, s)
		}
	}
	return out
}

// box is what a shape covers.
type box struct{ left, top, right, bottom float64 }

func around(s chart.Shape) box {
	out := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range s.Points {
		out = box{min(out.left, p.X), min(out.top, p.Y), max(out.right, p.X), max(out.bottom, p.Y)}
	}
	switch s.Kind {
	case chart.Circle:
		return box{out.left - s.Radius, out.top - s.Radius, out.right + s.Radius, out.bottom + s.Radius}
	case chart.Text:
		face := typeface.Regular()
		if s.Bold {
			face = typeface.Bold()
		}
		width, shift := face.Width(s.Text, s.Size), 0.0
		switch s.Anchor {
		case chart.Centre:
			shift = width / 2
		case chart.Finish:
			shift = width
		}
		if s.Upright {
			return box{out.left - 0.72*s.Size, out.top - width + shift, out.left + 0.2*s.Size, out.top + shift}
		}
		return box{out.left - shift, out.top - 0.72*s.Size, out.left - shift + width, out.top + 0.2*s.Size}
	}
	return out
}

func (b box) middle() (x, y float64) { return (b.left + b.right) / 2, (b.top + b.bottom) / 2 }

func (b box) overlaps(o box) bool {
	const touch = 0.3
	return b.left < o.right-touch && o.left < b.right-touch && b.top < o.bottom-touch && o.top < b.bottom-touch
}

func TestItemsOfAMatrixLieInTheirQuadrants(t *testing.T) {
	t.Parallel()
	c := named(t, "matrix", "en")
	d := drawn(c)
	points, quadrants := shapes(d, "point"), shapes(d, "quadrant")
	if len(points) != len(c.Matrix.Points) || len(quadrants) != 4 {
		t.Fatalf("%d points in %d quadrants", len(points), len(quadrants))
	}
	for i, p := range c.Matrix.Points {
		x, y := around(points[i]).middle()
		for _, q := range quadrants {
			room := around(q)
			inside := x >= room.left && x <= room.right && y >= room.top && y <= room.bottom
			if own := q.Of == notation.For("en").Quadrant(p.Priority); inside != own {
				t.Errorf("%s (priority %d) in quadrant %s: %v", p.Label, p.Priority, q.Of, inside)
			}
		}
		if hollow := points[i].Fill == chart.Ground; hollow == p.Stable {
			t.Errorf("%s: hollow %v, stable %v", p.Label, hollow, p.Stable)
		}
	}
}

// TestNamesDoNotCoverEachOther draws matrices of up to 25 items wherever they fall.
func TestNamesDoNotCoverEachOther(t *testing.T) {
	t.Parallel()
	words := strings.Fields("Цены Свежесть овощей и фруктов Очередь на кассе Доброжелательность персонала")
	rapid.Check(t, func(t *rapid.T) {
		m := document.MatrixChart{ImportanceCut: 0.5, ScoreCut: 5}
		for range rapid.IntRange(1, 25).Draw(t, "items") {
			importance, score := rapid.Float64Range(0, 1).Draw(t, "importance"), rapid.Float64Range(0, 10).Draw(t, "score")
			label := strings.Join(words[:rapid.IntRange(1, len(words)).Draw(t, "words")], " ")
			m.Points = append(m.Points, document.MatrixPoint{Label: label, Importance: document.Number{Value: &importance}, Score: document.Number{Value: &score}, Priority: 1, Stable: true})
		}
		var texts []chart.Shape
		for _, s := range drawn(document.Chart{Matrix: &m}).Shapes {
			if s.Kind == chart.Text && s.Role == "" || s.Role == "quadrant name" {
				texts = append(texts, s)
			}
		}
		for i, a := range texts {
			for _, b := range texts[:i] {
				if around(a).overlaps(around(b)) {
					t.Fatalf("%q at %v covers %q at %v", a.Text, a.Points, b.Text, b.Points)
				}
			}
		}
	})
}

func TestPartsOfABridgeJoin(t *testing.T) {
	t.Parallel()
	for _, shift := range []float64{0, -26, -29, 200} {
		c := named(t, "bridge", "en")
		b := *c.Bridge
		before, after := *b.Before.Value+shift, *b.After.Value+shift
		b.Before = rendertest.Number(before, 2, 10, document.Points)
		b.After = rendertest.Number(after, 2, 10, document.Points)
		c.Bridge = &b
		d := drawn(c)
		bars, totals := shapes(d, "bar"), shapes(d, "total")
		if len(bars)+len(totals) != len(b.Parts)+2 {
			t.Fatalf("%d bars and %d totals", len(bars), len(totals))
		}
		if len(totals) > 0 {
			bars = append(append([]chart.Shape{totals[0]}, bars...), totals[1])
		}
		// Lengths are proportional to effects, and each part begins where the one before ended.
		scale := around(bars[1])
		unit := (scale.right - scale.left) / math.Abs(*b.Parts[0].Effect.Value)
		start, _ := around(bars[0]).middle()
		if len(totals) == 0 {
			start = around(bars[0]).right
			if before < 0 {
				start = around(bars[0]).left
			}
		}
		at := start
		for i, part := range b.Parts {
			room := around(bars[i+1])
			from, to := room.left, room.right
			if *part.Effect.Value < 0 {
				from, to = to, from
			}
			if math.Abs(from-at) > 0.01 || math.Abs(to-from-unit**part.Effect.Value) > 0.01 {
				t.Errorf("shift %v: %s is from %.2f to %.2f, not from %.2f by %.2f", shift, part.Label, from, to, at, unit**part.Effect.Value)
			}
			at = to
		}
		if want := start + unit*(after-before); math.Abs(at-want) > 0.01 {
			t.Errorf("shift %v: parts end at %.2f, not %.2f", shift, at, want)
		}
	}
}

func TestBarsAreAsLongAsTheirNumbersAndCarryIntervals(t *testing.T) {
	t.Parallel()
	c := named(t, "drivers", "en")
	d := drawn(c)
	bars, intervals := shapes(d, "bar"), shapes(d, "interval")
	first := around(bars[0])
	unit := (first.right - first.left) / *c.Bars.Bars[0].Number.Value
	for i, b := range c.Bars.Bars {
		room, whisker := around(bars[i]), around(intervals[i])
		if got, want := room.right-room.left, unit*math.Abs(*b.Number.Value); math.Abs(got-want) > 0.01 {
			t.Errorf("%s is %.2f long, not %.2f", b.Label, got, want)
		}
		if got, want := whisker.right-whisker.left, unit*(*b.Number.High-*b.Number.Low); math.Abs(got-want) > 0.01 {
			t.Errorf("the interval of %s is %.2f long, not %.2f", b.Label, got, want)
		}
	}
}

func TestATrendIsInterruptedWhereThereIsNoData(t *testing.T) {
	t.Parallel()
	c := named(t, "trend", "en")
	d := drawn(c)
	lines, gaps, bands := shapes(d, "line"), shapes(d, "gap"), shapes(d, "band")
	if len(lines) != 2 || len(gaps) != 1 || len(bands) != 2 {
		t.Fatalf("%d lines, %d gaps, %d bands", len(lines), len(gaps), len(bands))
	}
	if gap := around(gaps[0]); around(lines[0]).right > gap.left || around(lines[1]).left < gap.right {
		t.Errorf("the lines enter the gap from %.1f to %.1f", gap.left, gap.right)
	}
	for i, line := range lines {
		if inner, outer := around(line), around(bands[i]); inner.top < outer.top || inner.bottom > outer.bottom {
			t.Errorf("line %d leaves its band", i)
		}
	}
	events := shapes(d, "event")
	if len(events) != 2 || events[0].Of != c.Trend.Events[0].Label {
		t.Errorf("events: %v", events)
	}
	names := shapes(d, "label")
	if len(names) != 2 || around(names[0]).overlaps(around(names[1])) {
		t.Errorf("the names of events lap: %v", names)
	}
}

func TestAHeatMapDarkensWithItsValues(t *testing.T) {
	t.Parallel()
	heat := document.HeatChart{Rows: []string{"a"}, Low: 0, High: 10}
	var row []document.Number
	for i := range 11 {
		v := float64(i)
		heat.Columns, row = append(heat.Columns, "c"), append(row, document.Number{Value: &v})
	}
	heat.Cells = [][]document.Number{row}
	brightness := math.Inf(1)
	for _, s := range shapes(drawn(document.Chart{Heat: &heat}), "cell") {
		c := s.Fill.OnLight()
		if now := luminance(c); now > brightness {
			t.Errorf("%s is brighter than the value before", s.Of)
		} else {
			brightness = now
		}
	}
	heat.Cells[0][3] = document.Number{Absent: "none"}
	if gaps := shapes(drawn(document.Chart{Heat: &heat}), "gap"); len(gaps) != 1 {
		t.Errorf("%d cells are shown as without data", len(gaps))
	}
}

func TestPlacesKeepTheirDirectionsAndDistances(t *testing.T) {
	t.Parallel()
	at := func(latitude, longitude float64) document.MapPlace {
		return document.MapPlace{Latitude: latitude, Longitude: longitude}
	}
	// One kilometre north and one east, at 60 degrees north, where a degree of longitude is half as long.
	d := drawn(document.Chart{Map: &document.MapChart{Places: []document.MapPlace{at(60, 30), at(60.1, 30), at(60, 30.2)}}})
	p := shapes(d, "place")
	x, y := around(p[0]).middle()
	_, north := around(p[1]).middle()
	east, _ := around(p[2]).middle()
	if up, right := y-north, east-x; up <= 0 || right <= 0 || math.Abs(up-right) > 0.01*up {
		t.Errorf("north is %.1f up, east %.1f to the right", up, right)
	}
}

// luminance is WCAG's.
func luminance(c chart.RGB) float64 {
	part := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func contrast(a, b chart.RGB) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextCanBeReadOnItsGround(t *testing.T) {
	t.Parallel()
	for _, ground := range []chart.Tone{chart.Ground, chart.Pale} {
		for _, text := range []chart.Tone{chart.Ink, chart.Muted} {
			if light, dark := contrast(text.OnLight(), ground.OnLight()), contrast(text.OnDark(), ground.OnDark()); light < 4.5 || dark < 4.5 {
				t.Errorf("tone %d on %d: contrast %.1f on light, %.1f on dark", text, ground, light, dark)
			}
		}
	}
	for _, mark := range []chart.Tone{chart.First, chart.Third, chart.Fourth, chart.Fifth, chart.Gain, chart.Loss, chart.Total, chart.RedLight, chart.GreenLight} {
		if light, dark := contrast(mark.OnLight(), chart.Ground.OnLight()), contrast(mark.OnDark(), chart.Ground.OnDark()); light < 3 || dark < 3 {
			t.Errorf("tone %d: contrast %.1f on light, %.1f on dark", mark, light, dark)
		}
	}
}

// TestAnyChartStaysInItsFrame draws charts of any numbers and names: all that is drawn is inside the drawing, and says what it must as SVG and PNG.
func TestAnyChartStaysInItsFrame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := rendertest.Chart(t)
		language := rapid.SampledFrom([]string{"ru", "ky", "en"}).Draw(t, "language")
		d := chart.Draw(*c, notation.For(language))
		if !(d.Height > 0 && d.Height < 3000) || d.Width != chart.Width {
			t.Fatalf("a drawing of %v by %v", d.Width, d.Height)
		}
		for _, s := range d.Shapes {
			b := around(s)
			if !(b.left >= -12 && b.top >= -12 && b.right <= d.Width+12 && b.bottom <= d.Height+12) {
				t.Fatalf("%s %q from %.1f,%.1f to %.1f,%.1f is outside of %.0f by %.0f", s.Role, s.Text, b.left, b.top, b.right, b.bottom, d.Width, d.Height)
			}
		}
		var svg bytes.Buffer
		if err := chart.SVG(&svg, *c, language); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, svg.String())
	})
}

func wellFormed(t rapid.TB, svg string) {
	for _, unwanted := range []string{"<script", "<image", "href", "url(", "@import"} {
		if strings.Contains(svg, unwanted) {
			t.Fatalf("%q in an SVG", unwanted)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

func TestAPictureShowsTheDrawing(t *testing.T) {
	t.Parallel()
	d := drawn(named(t, "drivers", "en"))
	var out bytes.Buffer
	if err := chart.PNG(&out, d, 2); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	// Inside of a bar, off its whisker, is the colour of the bar.
	bar := shapes(d, "bar")[0]
	room := around(bar)
	r, g, b, _ := picture.At(int(2*(room.left+4)), int(2*(room.top+2))).RGBA()
	if got, want := (chart.RGB{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8)}), bar.Fill.OnLight(); got != want {
		t.Errorf("the bar is %v, not %v", got, want)
	}
}

func TestAStepIsWrittenAsShortAsItsLengthAllows(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for length, want := range map[time.Duration][]string{
		time.Hour: {"14:00", "14:00"}, 24 * time.Hour: {"23 Nov", "23.11"}, 30 * 24 * time.Hour: {"Nov 2026", "11.2026"}, 365 * 24 * time.Hour: {"2026", "2026"},
	} {
		if got := []string{notation.For("en").Step(at, length), notation.For("ru").Step(at, length)}; !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", length, got, want)
		}
	}
}

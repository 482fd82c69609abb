package rendertest

import (
	"math"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

// letters are what texts of users are made of, with what is likely to break a form.
var letters = []rune("абвңөү XYZabc 09.,-=+@'\"<>&;\n\t\r|/\\()[]{}%:*?\u00a0\u0000\u001b\u200d\u0301\ufffe👍漢שא�")

func text(most int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom(letters), 0, most, -1)
}

func draw[T any](t *rapid.T, g *rapid.Generator[T]) T { return g.Draw(t, "") }

func list[T any](t *rapid.T, most int, one func() T) []T {
	out := make([]T, draw(t, rapid.IntRange(0, most)))
	for i := range out {
		out[i] = one()
	}
	return out
}

func value(t *rapid.T) float64 {
	switch draw(t, rapid.IntRange(0, 9)) {
	case 0:
		return draw(t, rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e18, -1e-9}))
	default:
		return math.Round(draw(t, rapid.Float64Range(-1e4, 1e4))*1000) / 1000
	}
}

func maybe(t *rapid.T) *float64 {
	if draw(t, rapid.IntRange(0, 4)) == 0 {
		return nil
	}
	v := value(t)
	return &v
}

func number(t *rapid.T) document.Number {
	x := document.Number{
		Value: maybe(t), Absent: draw(t, text(20)), Unit: document.Unit(draw(t, rapid.IntRange(0, int(document.Seconds)))), Currency: draw(t, rapid.SampledFrom([]string{"", "KGS", "=1"})),
		Digits: draw(t, rapid.IntRange(-1, 30)), Low: maybe(t), High: maybe(t), Level: draw(t, rapid.SampledFrom([]float64{0, 0.9, 0.95, 0.995, 2})), Definition: draw(t, rapid.SampledFrom([]string{"", "nps@1", "csi@2"})), P: maybe(t),
	}
	if draw(t, rapid.Bool()) {
		n := draw(t, rapid.Int64Range(-1, 1<<40))
		x.N = &n
	}
	return x
}

func moment(t *rapid.T) time.Time {
	return time.Unix(draw(t, rapid.Int64Range(-3e9, 4e9)), 0)
}

func zone(t *rapid.T) *time.Location {
	return draw(t, rapid.SampledFrom([]*time.Location{nil, time.UTC, time.FixedZone("+06", 6*3600), time.FixedZone("", -9*3600-30*60)}))
}

// Any draws a report: any blocks with any texts and numbers, also those that should not occur.
func Any(t *rapid.T) document.Document {
	d := document.Document{
		Title: draw(t, text(200)), Subtitle: draw(t, text(60)), Organization: draw(t, text(60)), Language: draw(t, rapid.SampledFrom([]string{"ru", "ky", "en", "", "xx"})),
		Fingerprint: draw(t, text(80)), Filter: draw(t, text(300)), Notes: list(t, 3, func() string { return draw(t, text(200)) }),
	}
	if draw(t, rapid.Bool()) {
		d.Period = document.Period{Start: moment(t), End: moment(t), Zone: zone(t)}
		d.Watermark = moment(t)
	}
	d.Sections = list(t, 3, func() document.Section {
		return document.Section{ID: draw(t, rapid.StringMatching(`[a-z_]{1,8}`)), Title: draw(t, text(80)), Notes: list(t, 2, func() string { return draw(t, text(40)) }), Blocks: list(t, 2, func() document.Block { return block(t) })}
	})
	return d
}

func block(t *rapid.T) document.Block {
	switch draw(t, rapid.IntRange(0, 5)) {
	case 0:
		return document.Block{Text: draw(t, text(2000))}
	case 1:
		return document.Block{Absent: draw(t, text(100))}
	case 2:
		return document.Block{Figures: list(t, 5, func() document.Figure {
			f := document.Figure{Label: draw(t, text(60)), Number: number(t), Mark: mark(t), Uncertain: draw(t, rapid.Bool()), Note: draw(t, text(40))}
			if draw(t, rapid.Bool()) {
				x := number(t)
				f.Change = &x
			}
			return f
		})}
	case 3:
		return document.Block{Table: table(t)}
	default:
		return document.Block{Chart: Chart(t)}
	}
}

func mark(t *rapid.T) document.Mark {
	return document.Mark(draw(t, rapid.IntRange(0, 4)))
}

func table(t *rapid.T) *document.Table {
	out := &document.Table{ID: draw(t, rapid.StringMatching(`[a-z]{0,4}`)), Title: draw(t, text(80)), Note: draw(t, text(30)), Total: draw(t, rapid.IntRange(0, 99))}
	out.Columns = list(t, 18, func() document.Column {
		return document.Column{ID: draw(t, rapid.StringMatching(`[a-z]{0,6}`)), Title: draw(t, text(30)), Kind: document.ColumnKind(draw(t, rapid.IntRange(0, int(document.MarkColumn))))}
	})
	out.Rows = list(t, 8, func() []document.Cell {
		return list(t, len(out.Columns)+1, func() document.Cell {
			c := document.Cell{Text: draw(t, text(60)), Mark: mark(t), Uncertain: draw(t, rapid.Bool()), DayOnly: draw(t, rapid.Bool()), Link: draw(t, rapid.SampledFrom([]string{"", "/cases/a", "javascript:alert(1)", "//evil.example"}))}
			if draw(t, rapid.Bool()) {
				x, at := number(t), moment(t)
				c.Number, c.Time = &x, &at
			}
			return c
		})
	})
	return out
}

// Chart draws a chart of any kind.
func Chart(t *rapid.T) *document.Chart {
	label := func() string { return draw(t, text(60)) }
	c := &document.Chart{ID: draw(t, rapid.StringMatching(`[a-z]{0,4}`)), Title: label(), Note: label()}
	switch draw(t, rapid.IntRange(0, 7)) {
	case 0:
		c.Matrix = &document.MatrixChart{ImportanceTitle: label(), ScoreTitle: label(), ImportanceCut: value(t), ScoreCut: value(t), Points: list(t, 25, func() document.MatrixPoint {
			return document.MatrixPoint{Label: label(), Importance: number(t), Score: number(t), Priority: draw(t, rapid.IntRange(0, 5)), Stable: draw(t, rapid.Bool())}
		})}
	case 1:
		c.Trend = &document.TrendChart{Unit: document.Unit(draw(t, rapid.IntRange(0, 5))), Zone: zone(t), Events: list(t, 6, func() document.TrendEvent { return document.TrendEvent{Time: moment(t), Label: label()} }), Series: list(t, 8, func() document.TrendSeries {
			return document.TrendSeries{Label: label(), Points: list(t, 20, func() document.TrendPoint {
				return document.TrendPoint{Start: moment(t), End: moment(t), Number: number(t)}
			})}
		})}
	case 2:
		c.Bridge = &document.BridgeChart{BeforeTitle: label(), AfterTitle: label(), Before: number(t), After: number(t), Parts: list(t, 40, func() document.BridgePart { return document.BridgePart{Label: label(), Effect: number(t)} })}
	case 3:
		c.Bars = &document.BarChart{ValueTitle: label(), Bars: list(t, 40, func() document.Bar { return document.Bar{Label: label(), Number: number(t), Mark: mark(t)} })}
	case 4:
		c.Heat = &document.HeatChart{Rows: list(t, 35, label), Columns: list(t, 30, label), Low: value(t), High: value(t), Middle: maybe(t)}
		c.Heat.Cells = list(t, len(c.Heat.Rows), func() []document.Number { return list(t, 4, func() document.Number { return number(t) }) })
	case 5:
		c.Map = &document.MapChart{Places: list(t, 30, func() document.MapPlace {
			return document.MapPlace{Label: label(), Latitude: value(t) / 100, Longitude: value(t) / 50, Number: number(t), Mark: mark(t), Uncertain: draw(t, rapid.Bool()), Places: draw(t, rapid.IntRange(-1, 5000))}
		})}
	case 6:
		c.Funnel = &document.FunnelChart{Steps: list(t, 35, func() document.FunnelStep {
			return document.FunnelStep{Label: label(), Count: draw(t, rapid.Int64Range(-5, 1<<50)), Share: number(t)}
		})}
	}
	return c
}

package pdf

import (
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// cleaned is a copy of d whose texts the font can show; the cleaner remembers what it could not.
func cleaned(d document.Document, c *typeface.Cleaner) document.Document {
	d.Title, d.Subtitle, d.Organization, d.Filter, d.Fingerprint = c.Clean(d.Title), c.Clean(d.Subtitle), c.Clean(d.Organization), c.Clean(d.Filter), c.Clean(d.Fingerprint)
	d.Notes, d.Scope = texts(d.Notes, c), c.Clean(d.Scope)
	d.Sections = each(d.Sections, func(s document.Section) document.Section {
		s.Title, s.Notes = c.Clean(s.Title), texts(s.Notes, c)
		s.Blocks = each(s.Blocks, func(b document.Block) document.Block { return block(b, c) })
		return s
	})
	return d
}

func each[T any](in []T, change func(T) T) []T {
	out := make([]T, len(in))
	for i, x := range in {
		out[i] = change(x)
	}
	return out
}

func texts(in []string, c *typeface.Cleaner) []string {
	return each(in, c.Clean)
}

func block(b document.Block, c *typeface.Cleaner) document.Block {
	b.Text, b.Absent = c.Clean(b.Text), c.Clean(b.Absent)
	b.Figures = each(b.Figures, func(f document.Figure) document.Figure {
		f.Label, f.Note, f.Number = c.Clean(f.Label), c.Clean(f.Note), number(f.Number, c)
		if f.Change != nil {
			change := number(*f.Change, c)
			f.Change = &change
		}
		return f
	})
	if b.Table != nil {
		t := *b.Table
		t.Title, t.Note = c.Clean(t.Title), c.Clean(t.Note)
		t.Columns = each(t.Columns, func(x document.Column) document.Column { x.Title = c.Clean(x.Title); return x })
		t.Rows = each(t.Rows, func(row []document.Cell) []document.Cell {
			return each(row, func(x document.Cell) document.Cell {
				x.Text = c.Clean(x.Text)
				if x.Number != nil {
					n := number(*x.Number, c)
					x.Number = &n
				}
				return x
			})
		})
		b.Table = &t
	}
	if b.Chart != nil {
		x := drawable(*b.Chart, c)
		b.Chart = &x
	}
	return b
}

func number(x document.Number, c *typeface.Cleaner) document.Number {
	x.Absent, x.Currency, x.Definition = c.Clean(x.Absent), c.Clean(x.Currency), c.Clean(x.Definition)
	return x
}

func drawable(x document.Chart, c *typeface.Cleaner) document.Chart {
	x.Title, x.Note = c.Clean(x.Title), c.Clean(x.Note)
	switch {
	case x.Matrix != nil:
		m := *x.Matrix
		m.ImportanceTitle, m.ScoreTitle = c.Clean(m.ImportanceTitle), c.Clean(m.ScoreTitle)
		m.Points = each(m.Points, func(p document.MatrixPoint) document.MatrixPoint {
			p.Label, p.Importance, p.Score = c.Clean(p.Label), number(p.Importance, c), number(p.Score, c)
			return p
		})
		x.Matrix = &m
	case x.Trend != nil:
		t := *x.Trend
		t.Events = each(t.Events, func(e document.TrendEvent) document.TrendEvent { e.Label = c.Clean(e.Label); return e })
		t.Series = each(t.Series, func(s document.TrendSeries) document.TrendSeries {
			s.Label = c.Clean(s.Label)
			s.Points = each(s.Points, func(p document.TrendPoint) document.TrendPoint { p.Number = number(p.Number, c); return p })
			return s
		})
		x.Trend = &t
	case x.Bridge != nil:
		b := *x.Bridge
		b.BeforeTitle, b.AfterTitle, b.Before, b.After = c.Clean(b.BeforeTitle), c.Clean(b.AfterTitle), number(b.Before, c), number(b.After, c)
		b.Parts = each(b.Parts, func(p document.BridgePart) document.BridgePart {
			p.Label, p.Effect = c.Clean(p.Label), number(p.Effect, c)
			return p
		})
		x.Bridge = &b
	case x.Bars != nil:
		b := *x.Bars
		b.ValueTitle = c.Clean(b.ValueTitle)
		b.Bars = each(b.Bars, func(p document.Bar) document.Bar { p.Label, p.Number = c.Clean(p.Label), number(p.Number, c); return p })
		x.Bars = &b
	case x.Heat != nil:
		h := *x.Heat
		h.Rows, h.Columns = texts(h.Rows, c), texts(h.Columns, c)
		h.Cells = each(h.Cells, func(row []document.Number) []document.Number {
			return each(row, func(n document.Number) document.Number { return number(n, c) })
		})
		x.Heat = &h
	case x.Map != nil:
		m := *x.Map
		m.Places = each(m.Places, func(p document.MapPlace) document.MapPlace {
			p.Label, p.Number = c.Clean(p.Label), number(p.Number, c)
			return p
		})
		x.Map = &m
	case x.Funnel != nil:
		f := *x.Funnel
		f.Steps = each(f.Steps, func(s document.FunnelStep) document.FunnelStep {
			s.Label, s.Share = c.Clean(s.Label), number(s.Share, c)
			return s
		})
		x.Funnel = &f
	}
	return x
}

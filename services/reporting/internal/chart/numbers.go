package chart

import (
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// Numbers are all numbers of a chart as a table, whose columns have the same identifiers in each language.
func Numbers(c document.Chart, n notation.Notation) document.Table {
	t := document.Table{ID: c.ID, Title: c.Title, Note: c.Note}
	column := func(id string, w notation.Word, kind document.ColumnKind) {
		t.Columns = append(t.Columns, document.Column{ID: id, Title: n.Word(w), Kind: kind})
	}
	row := func(cells ...document.Cell) { t.Rows = append(t.Rows, cells) }
	switch {
	case c.Matrix != nil:
		column("label", notation.Label, document.TextColumn)
		column("importance", notation.ImportanceWord, document.NumberColumn)
		column("score", notation.ScoreWord, document.NumberColumn)
		column("priority", notation.PriorityWord, document.NumberColumn)
		column("quadrant", notation.QuadrantWord, document.TextColumn)
		column("stable", notation.StableWord, document.TextColumn)
		for _, p := range c.Matrix.Points {
			stable := ""
			if p.Stable {
				stable = n.Word(notation.Yes)
			}
			row(text(p.Label), number(p.Importance), number(p.Score), whole(int64(p.Priority)), text(n.Quadrant(p.Priority)), text(stable))
		}
		cuts := func(v float64) document.Cell { return number(document.Number{Value: &v, Digits: 4}) }
		row(text(n.Word(notation.Cut)), cuts(c.Matrix.ImportanceCut), cuts(c.Matrix.ScoreCut))
	case c.Trend != nil:
		column("series", notation.Series, document.TextColumn)
		column("start", notation.Start, document.TimeColumn)
		column("end", notation.End, document.TimeColumn)
		column("value", notation.Value, document.NumberColumn)
		column("event", notation.Event, document.TextColumn)
		for _, s := range c.Trend.Series {
			for _, p := range s.Points {
				start, end := notation.In(p.Start, c.Trend.Zone), notation.In(p.End, c.Trend.Zone)
				days := notation.Midnight(start) && notation.Midnight(end)
				row(text(s.Label), document.Cell{Time: &start, DayOnly: days}, document.Cell{Time: &end, DayOnly: days}, number(p.Number))
			}
		}
		for _, e := range c.Trend.Events {
			at := notation.In(e.Time, c.Trend.Zone)
			row(document.Cell{}, document.Cell{Time: &at, DayOnly: notation.Midnight(at)}, document.Cell{}, document.Cell{}, text(e.Label))
		}
	case c.Bridge != nil:
		column("label", notation.StepWord, document.TextColumn)
		column("value", notation.Value, document.NumberColumn)
		row(text(or(c.Bridge.BeforeTitle, n.Word(notation.Before))), number(c.Bridge.Before))
		for _, p := range c.Bridge.Parts {
			row(text(p.Label), number(p.Effect))
		}
		row(text(or(c.Bridge.AfterTitle, n.Word(notation.After))), number(c.Bridge.After))
	case c.Bars != nil:
		column("label", notation.Label, document.TextColumn)
		column("value", notation.Value, document.NumberColumn)
		if c.Bars.ValueTitle != "" {
			t.Columns[1].Title = c.Bars.ValueTitle
		}
		column("mark", notation.Mark, document.MarkColumn)
		for _, b := range c.Bars.Bars {
			row(text(b.Label), number(b.Number), document.Cell{Mark: b.Mark})
		}
	case c.Heat != nil:
		column("row", notation.Row, document.TextColumn)
		column("column", notation.Column, document.TextColumn)
		column("value", notation.Value, document.NumberColumn)
		for i, label := range c.Heat.Rows {
			for k, name := range c.Heat.Columns {
				row(text(label), text(name), number(cell(c.Heat.Cells, i, k)))
			}
		}
	case c.Map != nil:
		column("label", notation.Label, document.TextColumn)
		column("latitude", notation.Latitude, document.NumberColumn)
		column("longitude", notation.Longitude, document.NumberColumn)
		column("value", notation.Value, document.NumberColumn)
		column("mark", notation.Mark, document.MarkColumn)
		column("places", notation.Places, document.NumberColumn)
		for _, p := range c.Map.Places {
			degrees := func(v float64) document.Cell { return number(document.Number{Value: &v, Digits: 5}) }
			row(text(p.Label), degrees(p.Latitude), degrees(p.Longitude), number(p.Number), document.Cell{Mark: p.Mark, Uncertain: p.Uncertain}, whole(int64(max(p.Places, 1))))
		}
	case c.Funnel != nil:
		column("label", notation.StepWord, document.TextColumn)
		column("count", notation.CountWord, document.NumberColumn)
		column("share", notation.ShareOfBefore, document.NumberColumn)
		for i, s := range c.Funnel.Steps {
			if share := number(s.Share); i > 0 {
				row(text(s.Label), whole(s.Count), share)
			} else {
				row(text(s.Label), whole(s.Count))
			}
		}
	}
	t.Total = len(t.Rows)
	return t
}

func text(s string) document.Cell {
	return document.Cell{Text: s}
}

func number(x document.Number) document.Cell {
	return document.Cell{Number: &x}
}

func whole(v int64) document.Cell {
	f := float64(v)
	return number(document.Number{Value: &f, Unit: document.Count})
}

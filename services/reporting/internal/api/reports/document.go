package reports

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// documentToProto converts a report that was computed.
func documentToProto(d document.Document) *reportingv1.ReportDocument {
	out := &reportingv1.ReportDocument{
		Title: d.Title, Subtitle: d.Subtitle, LanguageCode: d.Language, StartTime: peers.Stamp(d.Period.Start), EndTime: peers.Stamp(d.Period.End), TimeZone: d.Period.Zone.String(),
		Watermark: peers.Stamp(d.Watermark), Fingerprint: d.Fingerprint, Filter: d.Filter, Scope: d.Scope, Notes: d.Notes,
	}
	for _, s := range d.Sections {
		section := &reportingv1.ReportDocumentSection{Id: s.ID, Title: s.Title, Notes: s.Notes}
		for _, b := range s.Blocks {
			section.Blocks = append(section.Blocks, blockToProto(b))
		}
		out.Sections = append(out.Sections, section)
	}
	return out
}

func blockToProto(b document.Block) *reportingv1.ReportBlock {
	switch {
	case b.Figures != nil:
		out := &reportingv1.ReportFigures{}
		for _, f := range b.Figures {
			figure := &reportingv1.ReportFigure{Label: f.Label, Number: numberToProto(f.Number), Mark: reportingv1.ReportMark(f.Mark), Uncertain: f.Uncertain, Note: f.Note}
			if f.Change != nil {
				figure.Change = numberToProto(*f.Change)
			}
			out.Figures = append(out.Figures, figure)
		}
		return &reportingv1.ReportBlock{Content: &reportingv1.ReportBlock_Figures{Figures: out}}
	case b.Table != nil:
		return &reportingv1.ReportBlock{Content: &reportingv1.ReportBlock_Table{Table: tableToProto(b.Table)}}
	case b.Chart != nil:
		return &reportingv1.ReportBlock{Content: &reportingv1.ReportBlock_Chart{Chart: chartToProto(b.Chart)}}
	case b.Absent != "":
		return &reportingv1.ReportBlock{Content: &reportingv1.ReportBlock_Absent{Absent: b.Absent}}
	}
	return &reportingv1.ReportBlock{Content: &reportingv1.ReportBlock_Text{Text: b.Text}}
}

// numberToProto converts a number; its units and marks are numbered alike.
func numberToProto(n document.Number) *reportingv1.ReportNumber {
	return &reportingv1.ReportNumber{
		Value: n.Value, Absent: n.Absent, Unit: reportingv1.ReportNumber_Unit(n.Unit), CurrencyCode: n.Currency, N: n.N, Low: n.Low, High: n.High, ConfidenceLevel: n.Level,
		Definition: n.Definition, PValue: n.P,
	}
}

func tableToProto(t *document.Table) *reportingv1.ReportTable {
	out := &reportingv1.ReportTable{Id: t.ID, Title: t.Title, TotalSize: int32(t.Total), Note: t.Note}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, &reportingv1.ReportColumn{Id: c.ID, Title: c.Title})
	}
	for _, row := range t.Rows {
		cells := make([]*reportingv1.ReportCell, len(row))
		for i, c := range row {
			cells[i] = cellToProto(c)
		}
		out.Rows = append(out.Rows, &reportingv1.ReportRow{Cells: cells})
	}
	return out
}

func cellToProto(c document.Cell) *reportingv1.ReportCell {
	out := &reportingv1.ReportCell{Uncertain: c.Uncertain, Link: c.Link}
	switch {
	case c.Number != nil:
		out.Content = &reportingv1.ReportCell_Number{Number: numberToProto(*c.Number)}
	case c.Time != nil:
		out.Content = &reportingv1.ReportCell_Time{Time: timestamppb.New(*c.Time)}
	case c.Mark != document.NoMark:
		out.Content = &reportingv1.ReportCell_Mark{Mark: reportingv1.ReportMark(c.Mark)}
	case c.Text != "":
		out.Content = &reportingv1.ReportCell_Text{Text: c.Text}
	}
	return out
}

// chartToProto converts a chart to the points that it shows.
func chartToProto(c *document.Chart) *reportingv1.ReportChart {
	out := &reportingv1.ReportChart{Id: c.ID, Title: c.Title, Note: c.Note}
	add := func(p *reportingv1.ReportPoint) { out.Points = append(out.Points, p) }
	switch {
	case c.Matrix != nil:
		out.Kind, out.ImportanceCut, out.ScoreCut = "matrix", &c.Matrix.ImportanceCut, &c.Matrix.ScoreCut
		for _, p := range c.Matrix.Points {
			add(&reportingv1.ReportPoint{Label: p.Label, Number: numberToProto(p.Score), Importance: numberToProto(p.Importance), Priority: int32(p.Priority), Stable: p.Stable})
		}
	case c.Trend != nil:
		out.Kind = "trend"
		for _, s := range c.Trend.Series {
			for _, p := range s.Points {
				add(&reportingv1.ReportPoint{Series: s.Label, StartTime: peers.Stamp(p.Start), EndTime: peers.Stamp(p.End), Number: numberToProto(p.Number)})
			}
		}
		for _, e := range c.Trend.Events {
			out.Events = append(out.Events, &reportingv1.ReportEvent{Time: peers.Stamp(e.Time), Label: e.Label})
		}
	case c.Bridge != nil:
		out.Kind = "bridge"
		add(&reportingv1.ReportPoint{Label: c.Bridge.BeforeTitle, Series: "before", Number: numberToProto(c.Bridge.Before)})
		for _, p := range c.Bridge.Parts {
			add(&reportingv1.ReportPoint{Label: p.Label, Series: "effect", Number: numberToProto(p.Effect)})
		}
		add(&reportingv1.ReportPoint{Label: c.Bridge.AfterTitle, Series: "after", Number: numberToProto(c.Bridge.After)})
	case c.Bars != nil:
		out.Kind = "bars"
		for _, b := range c.Bars.Bars {
			add(&reportingv1.ReportPoint{Label: b.Label, Number: numberToProto(b.Number), Mark: reportingv1.ReportMark(b.Mark)})
		}
	case c.Heat != nil:
		out.Kind, out.Low, out.High, out.Middle = "heat", &c.Heat.Low, &c.Heat.High, c.Heat.Middle
		for i, row := range c.Heat.Cells {
			for j, n := range row {
				add(&reportingv1.ReportPoint{Label: c.Heat.Rows[i], Series: c.Heat.Columns[j], Number: numberToProto(n)})
			}
		}
	case c.Map != nil:
		out.Kind = "map"
		for _, p := range c.Map.Places {
			add(&reportingv1.ReportPoint{
				Label: p.Label, Number: numberToProto(p.Number), Latitude: &p.Latitude, Longitude: &p.Longitude, Mark: reportingv1.ReportMark(p.Mark), Uncertain: p.Uncertain,
				Places: int32(max(p.Places, 1)), //nolint:gosec // of one map
			})
		}
	case c.Funnel != nil:
		out.Kind = "funnel"
		for _, s := range c.Funnel.Steps {
			add(&reportingv1.ReportPoint{Label: s.Label, Count: s.Count, Number: numberToProto(s.Share)})
		}
	}
	return out
}

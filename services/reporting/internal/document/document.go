// Package document is what a report says, apart from how it is shown: the one model that the page, PDF, XLSX, CSV and JSON of a report are made of. Its texts are
// in the language of the report already; its numbers are not yet written out, so that each form writes them as its readers expect.
package document

import "time"

// Document is a report that has been computed.
type Document struct {
	// Title and Subtitle head the report; Organization is whom it is about.
	Title, Subtitle, Organization string
	// Language is ru, ky or en.
	Language string
	// Period is what it covers; Watermark the time up to which data was counted, at the same state for all of it.
	Period    Period
	Watermark time.Time
	// Fingerprint is what it can be made again by, and be compared.
	Fingerprint string
	// Filter is which responses are counted, as the reader would write it; empty: all.
	Filter string
	// Scope names the units that its reader is restricted to: only what belongs to them is counted. Empty: the reader is not restricted.
	Scope    string
	Sections []Section
	// Notes hold for the whole, such as what was left out and why.
	Notes []string
}

// Period is a half-open span of time in the time zone that its days are meant in.
type Period struct {
	Start, End time.Time
	Zone       *time.Location
}

// Section is a part of a report under a heading.
type Section struct {
	// ID is stable over languages, such as "drivers".
	ID, Title string
	Blocks    []Block
	Notes     []string
}

// Block is one thing of a section: exactly one of its fields is set.
type Block struct {
	Text    string
	Figures []Figure
	Table   *Table
	Chart   *Chart
	// Absent says why there is nothing where something was to be: no data, too few answers, no permission.
	Absent string
}

// Unit is what a number counts.
type Unit uint8

// The units of numbers.
const (
	Plain Unit = iota
	Count
	// Percent is from 0 to 100, Points a difference of percents or an index such as NPS.
	Percent
	Points
	// Money is in major units of Number.Currency.
	Money
	// Seconds is a length of time.
	Seconds
)

// Number is a number with what is to be known of it.
type Number struct {
	// Value is nil where there is none; Absent then says why.
	Value  *float64
	Absent string
	Unit   Unit
	// Currency is the ISO 4217 code of Money.
	Currency string
	// Digits are those behind the decimal separator.
	Digits int
	// N is how many responses, visitors or receipts it rests on; nil where that says nothing, as for a count.
	N *int64
	// Low and High are the bounds of the interval at Level; nil where there is none.
	Low, High *float64
	Level     float64
	// Definition is the metric and its version, such as "nps@1".
	Definition string
	// P is the corrected p-value of a difference; nil where nothing was tested.
	P *float64
}

// Mark is the colour of a light, or none.
type Mark uint8

// The marks.
const (
	NoMark Mark = iota
	Red
	Amber
	Green
)

// Figure is a headline number.
type Figure struct {
	Label  string
	Number Number
	// Change is the difference from the period before; nil where there is none.
	Change *Number
	Mark   Mark
	// Uncertain tells that the interval straddles a boundary of the mark.
	Uncertain bool
	Note      string
}

// ColumnKind is what the cells of a column are.
type ColumnKind uint8

// The kinds of columns.
const (
	TextColumn ColumnKind = iota
	NumberColumn
	TimeColumn
	MarkColumn
)

// Column is a column of a table.
type Column struct {
	// ID is stable over languages: the header in CSV.
	ID, Title string
	Kind      ColumnKind
	// Link tells that Cell.Link of its cells is set.
	Link bool
}

// Cell is a cell of a table: the field of its column's kind is set; none is an empty cell.
type Cell struct {
	Text   string
	Number *Number
	// Time is shown as a day where DayOnly is set.
	Time      *time.Time
	DayOnly   bool
	Mark      Mark
	Uncertain bool
	// Link is a path in the web app at which what is behind it is found, such as /cases/x.
	Link string
}

// Table is a table of a report.
type Table struct {
	ID, Title string
	Columns   []Column
	Rows      [][]Cell
	// Total is how many rows there are; more than len(Rows) where the report shows the first ones only.
	Total int
	Note  string
}

// Chart is a chart of a report: exactly one of its kinds is set. Each is drawn alike in all forms.
type Chart struct {
	ID, Title string
	Matrix    *MatrixChart
	Trend     *TrendChart
	Bridge    *BridgeChart
	Bars      *BarChart
	Heat      *HeatChart
	Map       *MapChart
	Funnel    *FunnelChart
	// Note is written below: n, what the band is, what was left out.
	Note string
}

// Package notation is how a report writes numbers, times and the words of its form in Russian, Kyrgyz and English, the same on a page, in print and in a chart.
package notation

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

const (
	// blank keeps a number and its unit on one line.
	blank = "\u00a0"
	minus = "−"
	// maxDigits bounds what is shown behind the separator; a double holds no more.
	maxDigits = 12
)

// Notation is the notation of a language.
type Notation struct {
	language       int
	group, decimal string
}

// For is the notation of ru, ky or en; any other language is written as en.
func For(language string) Notation {
	switch language {
	case "ru":
		return Notation{language: russian, group: blank, decimal: ","}
	case "ky":
		return Notation{language: kyrgyz, group: blank, decimal: ","}
	default:
		return Notation{language: english, group: ",", decimal: "."}
	}
}

// Language is its code.
func (n Notation) Language() string {
	return [...]string{english: "en", russian: "ru", kyrgyz: "ky"}[n.language]
}

// Known tells whether p is a number that can be shown.
func Known(p *float64) bool {
	return p != nil && !math.IsNaN(*p) && !math.IsInf(*p, 0)
}

// Number writes the value of x with its unit, or why there is none.
func (n Notation) Number(x document.Number) string {
	if !Known(x.Value) {
		return n.absent(x)
	}
	return n.value(*x.Value, x)
}

// Signed is Number with a plus before what is greater than zero, as differences are written.
func (n Notation) Signed(x document.Number) string {
	text := n.Number(x)
	if Known(x.Value) && *x.Value > 0 && strings.ContainsAny(text, "123456789") {
		return "+" + text
	}
	return text
}

func (n Notation) absent(x document.Number) string {
	if x.Absent != "" {
		return x.Absent
	}
	return n.Word(NoNumber)
}

func (n Notation) value(v float64, x document.Number) string {
	if x.Unit == document.Seconds {
		return n.Length(v)
	}
	text := n.Decimal(v, x.Digits)
	switch x.Unit {
	case document.Percent:
		if n.language == english {
			return text + "%"
		}
		return text + blank + "%"
	case document.Money:
		if x.Currency != "" {
			return text + blank + x.Currency
		}
	}
	return text
}

// Decimal writes v with so many digits behind the separator.
func (n Notation) Decimal(v float64, digits int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', min(max(digits, 0), maxDigits), 64)
	whole, fraction, _ := strings.Cut(text, ".")
	var out strings.Builder
	if v < 0 && strings.ContainsAny(text, "123456789") {
		out.WriteString(minus)
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteString(n.group)
		}
		out.WriteRune(digit)
	}
	if fraction != "" {
		out.WriteString(n.decimal)
		out.WriteString(fraction)
	}
	return out.String()
}

// Round writes a round value of a scale of which the greatest is given, with so many digits: millions and thousand millions by their words.
func (n Notation) Round(v, greatest float64, digits int) string {
	for _, unit := range []struct {
		size float64
		word Word
	}{{1e9, Billions}, {1e6, Millions}} {
		if greatest >= unit.size && greatest < 1000*unit.size {
			text := strconv.FormatFloat(v/unit.size, 'f', min(max(digits, 0), 3), 64)
			_, fraction, _ := strings.Cut(strings.TrimRight(text, "0"), ".")
			return n.Decimal(v/unit.size, len(fraction)) + blank + n.Word(unit.word)
		}
	}
	if greatest >= 1e12 || greatest < 1e-4 && greatest > 0 {
		return strings.Replace(strconv.FormatFloat(v, 'g', 3, 64), ".", n.decimal, 1)
	}
	return n.Decimal(v, digits)
}

// Count writes a whole number.
func (n Notation) Count(v int64) string {
	return n.Decimal(float64(v), 0)
}

// Length writes a length of time in its two greatest units.
func (n Notation) Length(seconds float64) string {
	const minute, hour, day = 60, 3600, 86400
	sign, s := "", math.Round(math.Abs(seconds))
	if seconds < 0 && s > 0 {
		sign = minus
	}
	two := func(great, small float64, greatWord, smallWord Word) string {
		text := sign + n.Decimal(math.Floor(s/great), 0) + blank + n.Word(greatWord)
		if rest := math.Floor(math.Mod(s, great) / small); rest > 0 {
			text += blank + n.Decimal(rest, 0) + blank + n.Word(smallWord)
		}
		return text
	}
	switch {
	case s >= day:
		return two(day, hour, Days, Hours)
	case s >= hour:
		return two(hour, minute, Hours, Minutes)
	case s >= minute:
		return two(minute, 1, Minutes, Secs)
	default:
		return sign + n.Decimal(s, 0) + blank + n.Word(Secs)
	}
}

// Interval writes the bounds of x at their level, such as 95%: 31.2 … 45.0; it is empty where x has none.
func (n Notation) Interval(x document.Number) string {
	bounds := n.Bounds(x)
	if bounds == "" || x.Level <= 0 || x.Level >= 1 {
		return bounds
	}
	return n.Level(x.Level) + ": " + bounds
}

// Bounds writes the bounds of x alone.
func (n Notation) Bounds(x document.Number) string {
	if !Known(x.Low) || !Known(x.High) {
		return ""
	}
	bare := x
	if bare.Unit == document.Percent || bare.Unit == document.Money {
		bare.Unit = document.Plain
	}
	return n.value(*x.Low, bare) + blank + "…" + blank + n.value(*x.High, bare)
}

// Level writes a level of confidence, such as 95%.
func (n Notation) Level(level float64) string {
	v := level * 100
	digits := 0
	if math.Abs(v-math.Round(v)) > 1e-9 {
		digits = 1
	}
	return n.value(v, document.Number{Unit: document.Percent, Digits: digits})
}

// N writes what x rests on, such as n = 1,204; it is empty where that says nothing.
func (n Notation) N(x document.Number) string {
	if x.N == nil {
		return ""
	}
	return "n" + blank + "=" + blank + n.Count(*x.N)
}

// P writes the p-value of x; it is empty where nothing was tested.
func (n Notation) P(x document.Number) string {
	switch {
	case !Known(x.P):
		return ""
	case *x.P < 0.001:
		return "p" + blank + "<" + blank + n.Decimal(0.001, 3)
	default:
		return "p" + blank + "=" + blank + n.Decimal(*x.P, 3)
	}
}

// Evidence writes in one line what is to be known of x beside its value: interval, n, p and definition.
func (n Notation) Evidence(x document.Number) string {
	return join(n.Interval(x), n.N(x), n.P(x), x.Definition)
}

// Basis is Evidence without the definition, for where the number before it has told it.
func (n Notation) Basis(x document.Number) string {
	return join(n.Interval(x), n.N(x), n.P(x))
}

// Rest is Evidence without the definition and the level of the interval, for where many numbers share them.
func (n Notation) Rest(x document.Number) string {
	return join(n.Bounds(x), n.N(x), n.P(x))
}

func join(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, blank+"· ")
}

// Day writes a day, such as 23 Nov 2026 or 23.11.2026.
func (n Notation) Day(t time.Time) string {
	if n.language == english {
		return t.Format("2 Jan 2006")
	}
	return t.Format("02.01.2006")
}

// Time writes a time with its day and zone.
func (n Notation) Time(t time.Time) string {
	return n.Day(t) + " " + t.Format("15:04 MST")
}

// In is t in a zone; a report without one means UTC.
func In(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone)
}

// Period writes a half-open span by its first and last day, or with hours where it does not begin and end with days.
func (n Notation) Period(p document.Period) string {
	if p.Start.IsZero() && p.End.IsZero() {
		return ""
	}
	start, end := In(p.Start, p.Zone), In(p.End, p.Zone)
	if !Midnight(start) || !Midnight(end) {
		return n.Time(start) + " – " + n.Time(end)
	}
	last := end.AddDate(0, 0, -1)
	if !last.After(start) {
		return n.Day(start)
	}
	return n.Day(start) + " – " + n.Day(last)
}

// Midnight tells whether a day begins at t.
func Midnight(t time.Time) bool {
	return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
}

// Step writes the beginning of a step of a trend, as short as its length allows.
func (n Notation) Step(t time.Time, length time.Duration) string {
	day, month := "02.01", "01.2006"
	if n.language == english {
		day, month = "2 Jan", "Jan 2006"
	}
	switch {
	case length >= 360*24*time.Hour:
		return t.Format("2006")
	case length >= 27*24*time.Hour:
		return t.Format(month)
	case length >= 23*time.Hour:
		return t.Format(day)
	default:
		return t.Format("15:04")
	}
}

// Within writes what Step leaves out: the year of a day, the day of an hour; it is empty where nothing is left out.
func (n Notation) Within(t time.Time, length time.Duration) string {
	switch {
	case length >= 27*24*time.Hour:
		return ""
	case length >= 23*time.Hour:
		return t.Format("2006")
	default:
		return n.Day(t)
	}
}

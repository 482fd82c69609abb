package operation

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/money"
)

// count reads a whole number. One that is missing is 0 where it need not be there.
func (r *reading) count(field string, needed bool) int64 {
	text := strings.ReplaceAll(r.row.text(field), " ", "")
	if text == "" {
		if needed {
			r.add(field, Missing, "must be given: 0 where nothing was counted; leave the row out where it was not counted")
		}
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// Workbooks keep whole numbers as others.
		x, err := strconv.ParseFloat(text, 64)
		if n = int64(x); err != nil || float64(n) != x {
			r.add(field, Malformed, "must be a whole number")
			return 0
		}
	}
	r.checks.count(field, n)
	return n
}

// number reads a number, with a decimal point or a comma.
func (r *reading) number(field string, needed bool) float64 {
	text := strings.ReplaceAll(strings.ReplaceAll(r.row.text(field), " ", ""), ",", ".")
	if text == "" {
		if needed {
			r.add(field, Missing, "must be given")
		}
		return 0
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		r.add(field, Malformed, "must be a number")
	}
	return x
}

// share reads a part of one, such as 0.18 or 18 %.
func (r *reading) share(text string) float64 {
	const percent = 100
	text, isPercent := strings.CutSuffix(strings.ReplaceAll(text, " ", ""), "%")
	x, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
	if err != nil {
		r.add("conversion", Malformed, "must be a number such as 0.18 or 18 %")
	}
	if isPercent {
		x /= percent
	}
	return x
}

// weight is that of a criterion: 1 unless it is stated.
func (r *reading) weight() float64 {
	if r.row.text("weight") == "" {
		return 1
	}
	return r.number("weight", true)
}

// word reads one of a few words and returns its place in their list, from 1 on; 0 where it is none of them.
func (r *reading) word(field string, words ...string) int {
	text := strings.ReplaceAll(strings.ToLower(r.row.text(field)), " ", "_")
	at := slices.Index(words, text) + 1
	if at == 0 {
		reason := Malformed
		if text == "" {
			reason = Missing
		}
		r.add(field, reason, "must be "+strings.Join(words, ", "))
	}
	return at
}

// amount reads an amount, its currency and the number of units.
func (r *reading) amount(out *Record, field string) {
	if out.Currency = strings.ToUpper(r.row.text("currency")); out.Currency == "" {
		out.Currency = r.Currency
	}
	if !money.Known(out.Currency) {
		r.add("currency", UnknownCurrency, "must be a code of ISO 4217, such as KGS: in a column of its own, or of the whole import")
		return
	}
	text := r.row.text(field)
	if text == "" {
		r.add(field, Missing, "must be given: 0 where nothing was sold; leave the row out where it is not known")
		return
	}
	out.Revenue = r.money(field, text, out.Currency)
	out.Units = r.number("units", false)
}

// money reads an amount in major units.
func (r *reading) money(field, text, currency string) int64 {
	n, err := money.Parse(text, currency)
	switch {
	case errors.Is(err, money.ErrDigits):
		r.add(field, TooManyDigits, "has more digits after the decimal mark than the currency has")
	case errors.Is(err, money.ErrRange):
		r.add(field, OutOfRange, "is greater than 10,000,000,000,000 minor units")
	case err != nil:
		r.add(field, Malformed, "must be an amount such as 1250.50 or -99")
	}
	return n
}

package attribute

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxText is the greatest number of characters of a text.
const MaxText = 1000

// dateForm is how dates are spelled.
const dateForm = "2006-01-02"

// The bounds of dates.
const firstYear, lastYear = 1, 9999

// Text is the value of an attribute that is a text: of a String, of an Enum, and of a Date as YYYY-MM-DD. Errors: *Refusal.
func (d Definition) Text(text string) (Value, error) {
	switch d.Type {
	case String:
		return d.free(text)
	case Enum:
		if !d.allowsOption(text) {
			return Value{}, refuse(UnknownOption, "must be one of %s", strings.Join(d.Options, ", "))
		}
		return Value{Type: Enum, Text: text}, nil
	case Date:
		t, err := time.Parse(dateForm, text)
		if err != nil || t.Year() < firstYear || t.Year() > lastYear {
			return Value{}, refuse(WrongType, "must be a date such as 2026-03-31")
		}
		return Value{Type: Date, Number: Days(t)}, nil
	default:
		return Value{}, refuse(WrongType, "must be a %s, not a text", d.Type)
	}
}

// free is a text without bounds but those of length and form.
func (d Definition) free(text string) (Value, error) {
	if utf8.RuneCountInString(text) > MaxText {
		return Value{}, refuse(WrongType, "must have at most %d characters", MaxText)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, forbidden) {
		return Value{}, refuse(WrongType, "must be a text without control characters")
	}
	return Value{Type: String, Text: text}, nil
}

func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// OfNumber is the value of an attribute that is a number. Errors: *Refusal.
func (d Definition) OfNumber(n float64) (Value, error) {
	if d.Type != Number {
		return Value{}, refuse(WrongType, "must be a %s, not a number", d.Type)
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return Value{}, refuse(WrongType, "must be a finite number")
	}
	return Value{Type: Number, Number: n}, nil
}

// OfBool is the value of an attribute that is true or false. Errors: *Refusal.
func (d Definition) OfBool(b bool) (Value, error) {
	if d.Type != Bool {
		return Value{}, refuse(WrongType, "must be a %s, not true or false", d.Type)
	}
	v := Value{Type: Bool}
	if b {
		v.Number = 1
	}
	return v, nil
}

// truths are what cells of tables say for true and false.
var truths = map[string]bool{
	"true": true, "false": false, "yes": true, "no": false, "1": true, "0": false, "да": true, "нет": false, "ооба": true, "жок": false,
}

// dateForms are the spellings of dates in tables.
var dateForms = []string{dateForm, "02.01.2006", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00"}

// Parse reads a cell of a table; what it refuses it does not repeat, since a cell may hold anything. Numbers may have a decimal comma and blanks between thousands; dates may be written as 31.03.2026. Errors: *Refusal.
func (d Definition) Parse(cell string) (Value, error) {
	switch d.Type {
	case Number:
		n, err := parseNumber(cell)
		if err != nil {
			return Value{}, refuse(WrongType, "must be a number such as 1250.5")
		}
		return d.OfNumber(n)
	case Bool:
		b, ok := truths[strings.ToLower(cell)]
		if !ok {
			return Value{}, refuse(WrongType, "must be true or false")
		}
		return d.OfBool(b)
	case Date:
		t, ok := ParseDate(cell)
		if !ok {
			return Value{}, refuse(WrongType, "must be a date such as 2026-03-31")
		}
		return Value{Type: Date, Number: Days(t)}, nil
	default:
		return d.Text(cell)
	}
}

// ParseDate reads a date as tables spell it.
func ParseDate(cell string) (time.Time, bool) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, cell); err == nil && t.Year() >= firstYear && t.Year() <= lastYear {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseNumber reads a number that may have blanks between thousands and a decimal comma. Hexadecimal numbers and words are none.
func parseNumber(cell string) (float64, error) {
	plain := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '\u202f' {
			return -1
		}
		return r
	}, cell)
	if strings.Count(plain, ",") == 1 && !strings.Contains(plain, ".") {
		plain = strings.Replace(plain, ",", ".", 1)
	}
	if plain == "" || strings.Trim(plain, "+-.0123456789eE") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(plain, 64)
}

// String spells a value as tables do, and as Parse reads it.
func (v Value) String() string {
	switch v.Type {
	case Number:
		return strconv.FormatFloat(v.Number, 'g', -1, 64)
	case Bool:
		return strconv.FormatBool(v.Number != 0)
	case Date:
		return v.Day().Format(dateForm)
	default:
		return v.Text
	}
}

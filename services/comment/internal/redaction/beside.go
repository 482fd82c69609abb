package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// sided says how the words beside a name speak for it.
type sided uint8

// What stands on the left.
const (
	nobody  sided = iota
	thanked       // спасибо, рахмат
	trade         // кассир, менеджер
	named         // зовут, господин
	spoilt        // магазин, город, улица: no person
)

// leftOf reads the words before a name.
func (x *scanner) leftOf(i int) sided {
	quoted := false
	steps := 0
	for k := i - 1; k >= 0 && steps < 4; k-- {
		t := &x.d.Tokens[k]
		if x.redacted(k) {
			return nobody
		}
		switch t.Kind {
		case text.Mark:
			switch x.d.Folded[t.From] {
			case '"', '\'':
				quoted = true
				continue
			case ':', '-', '(':
				continue
			case '.':
				if x.class(k-1)&(title|street) != 0 && t.To == t.From+1 { // г-н., Mr.
					continue
				}
			case ',':
				if x.class(k-1)&(thanks|role) != 0 {
					continue
				}
			}
			return nobody
		case text.Word:
		default:
			return nobody
		}
		c := x.class(k)
		steps++
		switch {
		case c&title != 0:
			return named
		case t.To-t.From <= 4 && x.is(k-1, '-') && isOf(x.before(k-1), "г"): // г-н, г-жа
			return named
		case c&introduces != 0:
			if isOf(x.d.Word(k), "имени") && !isOf(x.before(k), "по") { // театр имени Айтматова
				return spoilt
			}
			return named
		case c&link != 0:
			continue
		case c&role != 0 && steps == 1:
			return trade
		case c&(brand|street) != 0 && steps == 1:
			if c&(given|family) != 0 {
				return nobody
			}
			if k > 0 && t.Flags&text.Capital == 0 && x.class(k-1)&role != 0 { // сотрудница банка Айгуль
				return trade
			}
			return spoilt
		case c&thanks != 0:
			return thanked
		case quoted && steps == 1:
			return spoilt
		case c&never != 0 && steps < 3 && t.To-t.From <= 12:
			continue
		}
		return nobody
	}
	if quoted && x.closingQuote(i) {
		return spoilt
	}
	return nobody
}

// closingQuote says whether a quotation of three words at most ends behind the word i.
func (x *scanner) closingQuote(i int) bool {
	for k := i + 1; k <= i+3; k++ {
		if x.is(k, '"') {
			return true
		}
	}
	return false
}

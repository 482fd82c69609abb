package redaction

import (
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// presents says whether somebody says before a word what their name is: меня зовут, менин атым, my name is.
func (x *scanner) presents(i int) bool {
	t := &x.d.Tokens[i]
	if t.To-t.From < 4 || i < 1 {
		return false
	}
	switch w := x.d.Word(i - 1); {
	case isOf(w, "атым"), isOf(w, "ысымым"), isOf(w, "зовут") && isOf(x.before(i-1), "меня"):
		return true
	case isOf(w, "is"):
		return i >= 3 && isOf(x.d.Word(i-2), "name") && isOf(x.d.Word(i-3), "my")
	}
	return false
}

// says says whether a word that can be a name stands between «I» and a pause: «мен aidana, …».
func (x *scanner) says(i int) bool {
	if i < 1 || i+1 < len(x.d.Tokens) && x.d.Tokens[i+1].Kind != text.Mark {
		return false
	}
	switch string(x.d.Word(i - 1)) {
	case "мен", "men", "я", "ya", "i'm", "am":
		return true
	}
	return false
}

// shapeOf is what name a word looks like. A word of which more than the first letter is a capital is none, nor is in Kyrgyz a genitive a
// surname in -ин.
func (x *scanner) shapeOf(i int) class {
	t := &x.d.Tokens[i]
	w := x.d.Word(i)
	if t.Flags&text.Upper == 0 && t.End-t.Start > 3 {
		if r, _ := utf8.DecodeRuneInString(x.s[t.Start+int32(first(x.s[t.Start])) : t.End]); unicode.IsUpper(r) {
			return 0
		}
	}
	c := x.shape(w)
	if len(w) >= 12 && t.Script == text.Cyrillic && startsIn(w, "нур", "гул") && !startsIn(w, "нурд", "гулд") && t.Flags&text.Capital != 0 {
		c |= likeGiven
	}
	if c&likeFamily != 0 && c&steppe == 0 && (x.label != language.Ru && endsIn(w, "дин", "нин", "тин", "син") || endsIn(w, "овка", "евка", "инка")) {
		c &^= likeFamily
	}
	if c&likeGiven != 0 && endsIn(w, "хана", "кана") {
		c &^= likeGiven
	}
	return c
}

// first is the length of the character that begins with a byte.
func first(c byte) int {
	switch {
	case c < 0xc0:
		return 1
	case c < 0xe0:
		return 2
	case c < 0xf0:
		return 3
	}
	return 4
}

func startsIn(w []byte, list ...string) bool {
	for _, e := range list {
		if len(w) > len(e) && string(w[:len(e)]) == e {
			return true
		}
	}
	return false
}

func endsIn(w []byte, list ...string) bool {
	for _, e := range list {
		if len(w) > len(e) && string(w[len(w)-len(e):]) == e {
			return true
		}
	}
	return false
}

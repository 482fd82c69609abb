package redaction

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// longestLocal and longestDomain are how far an e-mail address may reach from its sign, in bytes.
const (
	longestLocal  = 96
	longestDomain = 160
)

// mail looks at the address around the sign @ of token i.
func (x *scanner) mail(i int) int {
	sign := x.d.Tokens[i].Start
	start := x.local(sign)
	end, tight := x.domain(sign + 1)
	if start < sign && tight {
		return x.taken(i, Email, start, end)
	}
	if start == sign && sign > 0 && x.s[sign-1] == ' ' { // ivan @ mail.ru
		start = x.local(sign - 1)
		if end == 0 && int(sign)+1 < len(x.s) && x.s[sign+1] == ' ' {
			end, _ = x.domain(sign + 2)
		}
		if start < sign-1 && end > sign && ascii(x.s[start:sign-1]) && hasLetter(x.s[start:sign-1]) {
			return x.taken(i, Email, start, end)
		}
		return i + 1
	}
	if start < sign && end == 0 && int(sign)+1 < len(x.s) && x.s[sign+1] == ' ' {
		if end, _ = x.domain(sign + 2); end > 0 && ascii(x.s[start:sign]) {
			return x.taken(i, Email, start, end)
		}
	}
	if start < sign && end == 0 {
		if end := x.domainWords(i+1, false); end > 0 { // ivan@mail точка ru
			return x.taken(i, Email, start, end)
		}
	}
	return i + 1
}

// local is where the local part begins that ends before a place; the place itself if there is none.
func (x *scanner) local(end int32) int32 {
	least := max(x.floor(end), end-longestLocal)
	i := end
	for i > least {
		r, n := utf8.DecodeLastRuneInString(x.s[least:i])
		if !(r < utf8.RuneSelf && localSigns[r] || r >= utf8.RuneSelf && unicode.IsLetter(r)) {
			break
		}
		i -= int32(n)
	}
	for i < end && (x.s[i] == '.' || x.s[i] == '-' || x.s[i] == '+' || x.s[i] == '\'' || x.s[i] == '&' || x.s[i] == '=') {
		i++
	}
	return i
}

// floor is the end of the last finding that an address that ends here cannot cover.
func (x *scanner) floor(end int32) int32 {
	least := int32(0)
	for n := len(x.found); n > x.first; n-- {
		f := x.found[n-1]
		if f.Kind == Email || f.Kind == Address {
			least = f.End
			break
		}
		if f.End < end-longestLocal {
			break
		}
	}
	return least
}

// localSigns are the plain characters of local parts.
var localSigns = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	for _, c := range "._%+-" {
		t[c] = true
	}
	return t
}()

// domain is where the domain ends that begins at a place, 0 if there is none; tight says that it has a top level.
func (x *scanner) domain(i int32) (end int32, tight bool) {
	limit := min(int32(len(x.s)), i+longestDomain)
	labels := 0
	cyrillic := false
	for {
		start := i
		letters, digits := 0, 0
		local := false
		for i < limit {
			r, n := rune(x.s[i]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(x.s[i:limit])
			}
			switch {
			case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
				if local && letters > 0 && labels > 0 {
					goto labelled
				}
				letters++
			case r >= utf8.RuneSelf && unicode.IsLetter(r):
				if !local && letters > 0 {
					goto labelled // «mail.ruСпасибо»
				}
				local = true
				letters++
			case isDigit(byte(min(r, 127))) || r == '-':
				digits++
			default:
				goto labelled
			}
			i += int32(n)
		}
	labelled:
		if i == start || i >= limit && i-start > 63*2 {
			break
		}
		if labels == 0 && local {
			cyrillic = true
		}
		if labels > 0 {
			if local && !cyrillic && !domestic[strings.ToLower(x.s[start:i])] {
				break
			}
			if letters >= 2 && digits == 0 {
				end, tight = i, true
			}
		}
		labels++
		if i+1 >= limit || x.s[i] != '.' {
			break
		}
		i++
	}
	return end, tight
}

// domestic are the top levels in Cyrillic letters.
var domestic = map[string]bool{"рф": true, "қаз": true, "каз": true, "бел": true, "укр": true, "срб": true, "мкд": true, "рус": true, "дети": true, "сайт": true, "онлайн": true, "кг": true, "ру": true, "орг": true, "ком": true, "москва": true}

// topLevels are those that are spoken.
var topLevels = map[string]bool{
	"ru": true, "com": true, "kg": true, "kz": true, "net": true, "org": true, "ру": true, "ком": true, "кг": true, "кз": true, "рф": true, "uz": true, "su": true,
	"info": true, "edu": true, "io": true, "me": true, "uk": true, "de": true, "co": true, "нет": true, "орг": true, "biz": true, "tj": true, "us": true,
}

// providers are the domains that are spoken without a top level and after a bare «at».
var providers = map[string]bool{
	"gmail": true, "mail": true, "yandex": true, "ya": true, "yahoo": true, "outlook": true, "hotmail": true, "icloud": true, "inbox": true, "bk": true, "list": true, "rambler": true,
	"proton": true, "protonmail": true, "aol": true, "live": true, "gmx": true, "me": true, "мейл": true, "маил": true, "мэйл": true, "майл": true, "гмейл": true, "гмаил": true, "жмейл": true, "джимейл": true, "яндекс": true, "рамблер": true, "инбокс": true, "mailbox": true,
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func hasLetter(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' {
			return true
		}
	}
	return false
}

// bracketed skips an opening or closing bracket around a word.
func (x *scanner) bracketed(i int) bool {
	return x.is(i, '(') || x.is(i, '[') || x.is(i, '{') || x.is(i, '<') || x.is(i, '_')
}

func (x *scanner) closing(i int) bool {
	return x.is(i, ')') || x.is(i, ']') || x.is(i, '}') || x.is(i, '>') || x.is(i, '_')
}

// spelledMail looks at an address whose sign is the word i: «собака», «at», in brackets or without.
func (x *scanner) spelledMail(i int) int {
	left, right := i-1, i+1
	enclosed := false
	if x.bracketed(left) && x.closing(right) {
		left, right, enclosed = left-1, right+1, true
	}
	start := x.localWords(left)
	if start < 0 {
		return i
	}
	bare := !enclosed && len(x.d.Word(i)) <= len("ат")
	end := x.domainWords(right, bare)
	if end == 0 {
		return i
	}
	return x.taken(i, Email, start, end)
}

// localWords is where the local part begins whose last token is i, -1 if there is none.
func (x *scanner) localWords(i int) int32 {
	start := int32(-1)
	for k := 0; k < 8 && i >= 0; k++ {
		t := &x.d.Tokens[i]
		if t.Kind != text.Word && t.Kind != text.Number || t.Kind == text.Word && t.Script == text.Other {
			break
		}
		start = t.Start
		switch {
		case i >= 2 && !t.Is(text.Spaced) && !x.d.Tokens[i-1].Is(text.Spaced) && (x.is(i-1, '.') || x.is(i-1, '_') || x.is(i-1, '-')):
			i -= 2
		case i >= 1 && !t.Is(text.Spaced) && (x.d.Tokens[i-1].Kind == text.Number || x.d.Tokens[i-1].Kind == text.Word):
			i--
		case i >= 2 && x.class(i-1)&dot != 0:
			i -= 2
		default:
			return start
		}
	}
	return start
}

// domainWords is where the domain ends that begins with token i and whose points may be words, 0 if there is none. After a bare sign
// it must be a provider's or have its points as words.
func (x *scanner) domainWords(i int, bare bool) int32 {
	first := i
	for k := 0; k < 5 && i < len(x.d.Tokens); k++ {
		t := &x.d.Tokens[i]
		if t.Kind != text.Word && t.Kind != text.Number {
			return 0
		}
		if x.is(i+1, '-') && !x.d.Tokens[i+1].Is(text.Spaced) && i+2 < len(x.d.Tokens) && !x.d.Tokens[i+2].Is(text.Spaced) {
			i += 2
			continue
		}
		var next int
		spoken := true
		switch {
		case x.class(i+1)&dot != 0:
			next = i + 2
		case x.bracketed(i+1) && x.class(i+2)&dot != 0 && x.closing(i+3):
			next = i + 4
		case x.bracketed(i+1) && x.is(i+2, '.') && x.closing(i+3):
			next = i + 4
		case x.is(i+1, '.') && i+2 < len(x.d.Tokens) && (!x.d.Tokens[i+2].Is(text.Spaced) || x.d.Tokens[i+1].Is(text.Spaced)):
			next, spoken = i+2, false
		case !bare && i == first && providers[string(x.lower(i))] && topLevels[string(x.lower(i+1))]: // майл ру
			return x.d.Tokens[i+1].End
		default:
			return 0
		}
		if next >= len(x.d.Tokens) {
			return 0
		}
		if topLevels[string(x.lower(next))] && !(x.class(next+1)&dot != 0 && topLevels[string(x.lower(next+2))]) {
			if bare && !spoken && !providers[string(x.lower(first))] {
				return 0
			}
			return x.d.Tokens[next].End
		}
		i = next
	}
	return 0
}

// lower is a token in lower case, nothing if there is none.
func (x *scanner) lower(i int) []byte {
	if i >= len(x.d.Tokens) {
		return nil
	}
	return x.d.Lowered(i)
}

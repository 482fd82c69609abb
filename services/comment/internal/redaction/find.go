package redaction

import (
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// scanner walks over a document once.
type scanner struct {
	*lexicon
	d     *text.Document
	s     string
	label language.Label
	found []Finding
	first int   // length of found at the start
	done  int32 // bytes of the source that findings cover already
	last  class // of the token before
	steps int
}

// Find appends the personal data of a document to dst, in order and without overlap. All rules apply to all languages; the label
// settles what is a name in one and a word in another.
func Find(d *text.Document, label language.Label, dst []Finding) []Finding {
	found, _ := find(d, label, dst)
	return found
}

// find also returns how many words and numbers were looked up.
func find(d *text.Document, label language.Label, dst []Finding) ([]Finding, int) {
	x := scanner{lexicon: table(), d: d, s: d.Source, label: label, found: dst, first: len(dst)}
	for i := 0; i < len(d.Tokens); {
		i = x.token(i)
	}
	if n := len(d.Tokens); n > 0 {
		x.unread(d.Tokens[n-1].End, int32(len(d.Source)))
	} else {
		x.unread(0, int32(len(d.Source)))
	}
	return x.found, x.steps
}

// token looks at what begins with a token and returns the token to go on with.
func (x *scanner) token(i int) int {
	t := &x.d.Tokens[i]
	if t.Start < x.done {
		return i + 1
	}
	if i == 0 {
		x.unread(0, t.Start)
	} else {
		x.unread(x.d.Tokens[i-1].End, t.Start)
	}
	switch t.Kind {
	case text.Word:
		var c class
		switch {
		case t.Flags&(text.Capital|text.Upper) != 0:
			c = x.class(i)
		case t.To-t.From > 2 || t.Script == text.Latin || x.is(i+1, '-'): // the letters of «в» and «и» begin nothing, that of б-р does
			x.steps++
			if c = x.open(x.d.Word(i)); t.Flags&text.Reread != 0 {
				c |= x.open(x.d.Lowered(i))
			}
		}
		next := x.word(i, c)
		x.last = c
		return next
	case text.Number:
		return x.number(i)
	case text.Emoji:
		if masked(x.s, t.Start) {
			return x.disguised(i)
		}
	case text.Symbol:
		if x.s[t.Start] == '@' {
			return x.mail(i)
		}
	}
	return i + 1
}

// word looks at what begins with a word.
func (x *scanner) word(i int, c class) int {
	t := &x.d.Tokens[i]
	if c&(streets|house|flat) != 0 {
		if next := x.address(i, c); next > i {
			return next
		}
	}
	if c&at != 0 {
		if next := x.spelledMail(i); next > i {
			return next
		}
	}
	if isDigit(x.s[t.End-1]) || t.Flags&text.Capital != 0 && (t.End-t.Start <= 4 || t.End-t.Start == 9 && isDigit(x.s[t.Start+2])) {
		if next := x.lettered(i); next > i {
			return next
		}
	}
	if t.Flags&text.Capital == 0 && c&persons == 0 && x.last&(introduces|link) == 0 {
		return i + 1
	}
	return x.name(i, c)
}

// put notes a finding, in place of those that it covers.
func (x *scanner) put(kind Kind, start, end int32) {
	for n := len(x.found); n > x.first && x.found[n-1].End > start; n-- {
		x.found = x.found[:n-1]
	}
	x.found = append(x.found, Finding{kind, start, end})
	x.done = end
}

// past returns the first token that begins at a place of the source or behind it.
func (x *scanner) past(i int, end int32) int {
	for i < len(x.d.Tokens) && x.d.Tokens[i].Start < end {
		i++
	}
	return i
}

// class of a token, 0 if it is no word.
func (x *scanner) class(i int) class {
	if i < 0 || i >= len(x.d.Tokens) || x.d.Tokens[i].Kind != text.Word {
		return 0
	}
	x.steps++
	if i > 0 && x.d.Tokens[i].Flags&text.Upper != 0 && x.s[x.d.Tokens[i].Start-1] == '[' && x.placeholder(i) {
		return 0
	}
	c := x.classify(x.d.Word(i))
	if x.d.Tokens[i].Flags&text.Reread != 0 { // the letters of the source may tell what their Cyrillic reading does not
		c |= x.classify(x.d.Lowered(i))
	}
	return c
}

// placeholder says whether a word in square brackets is one that Redact has written: it says nothing about its neighbours.
func (x *scanner) placeholder(i int) bool {
	end := x.d.Tokens[i].End
	if int(end) >= len(x.s) || x.s[end] != ']' {
		return false
	}
	_, ok := ParseKind(x.d.Text(i))
	return ok
}

// redacted says whether a token belongs to a finding, or to a placeholder of an earlier one.
func (x *scanner) redacted(i int) bool {
	t := &x.d.Tokens[i]
	return t.Start < x.done || x.is(i, ']') && i > 0 && x.placeholder(i-1)
}

// is says whether a token is this sign.
func (x *scanner) is(i int, sign byte) bool {
	if i < 0 || i >= len(x.d.Tokens) {
		return false
	}
	t := &x.d.Tokens[i]
	return t.To == t.From+1 && x.d.Folded[t.From] == sign
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

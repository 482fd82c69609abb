// Package text reads a comment once, for all who look at it later: tokens with their places in the source, words folded so that
// spelling does not divide them, and clauses with what joins them.
//
// Reading costs linear time whatever the source holds and allocates nothing once a document's buffers have grown.
package text

import "unicode/utf8"

// Document is one comment, read. Its buffers are kept from one Read to the next; what they hold is valid until then.
//
// Lower holds the tokens in lower case and composed form, Folded what words are compared by: besides lower case
//   - ё is е; ө ү ң and the Kazakh ә і ұ қ ғ һ are о у н and а и у к г х; Latin letters lose their diacritics;
//   - Latin look-alikes within a Cyrillic word are Cyrillic (and the other way round);
//   - a letter written three times or more is written once, but twice where that is the usual spelling: o before a consonant of a
//     Latin word ("goood"), с and s at the end of a word ("классс");
//   - typographic quotes and dashes are plain; emoji lose skin tones and variation selectors; emoticons are one of
//     :) :D :( :| :* <3.
//
// In both, every token stands between spaces; marks of one kind are cut to three. Read the words with Word and Lowered: after
// Transliterate the folded forms do not follow the order of the tokens.
type Document struct {
	Source  string
	Lower   []byte
	Folded  []byte
	Tokens  []Token
	Clauses []Clause

	depth int    // brackets that are open
	flags Flags  // of the next token
	latin []byte // scratch: a word in plain Latin letters
}

// Read takes a text in place of the one before.
func (d *Document) Read(source string) {
	d.Source = source
	d.Lower = append(d.Lower[:0], ' ')
	d.Folded = append(d.Folded[:0], ' ')
	d.Tokens = d.Tokens[:0]
	d.depth = 0
	d.flags = Line | Sentence
	for i := 0; i < len(source); {
		c := source[i]
		switch k := bytesOf[c]; k {
		case blank:
			d.flags |= Spaced
			i++
		case newline:
			d.flags |= Spaced | Line
			i++
		case nothing:
			i++
		case letter, cyrillic:
			i = d.word(i)
		case digit:
			i = d.number(i)
		default:
			i = d.other(i)
		}
	}
	d.Divide()
}

// Word returns the folded form of a token.
func (d *Document) Word(i int) []byte {
	t := &d.Tokens[i]
	return d.Folded[t.From:t.To:t.To]
}

// Lowered returns a token in lower case, its letters as they were written.
func (d *Document) Lowered(i int) []byte {
	t := &d.Tokens[i]
	return d.Lower[t.first:t.last:t.last]
}

// Text returns a token as it stands in the source.
func (d *Document) Text(i int) string {
	t := &d.Tokens[i]
	return d.Source[t.Start:t.End]
}

// add appends a token whose forms were written to the buffers from these places on.
func (d *Document) add(kind Kind, start, end, first, from int, flags Flags, script Script) {
	d.Tokens = append(d.Tokens, Token{
		Start: int32(start), End: int32(end),
		From: int32(from), To: int32(len(d.Folded)),
		first: int32(first), last: int32(len(d.Lower)),
		Kind: kind, Script: script, Flags: flags | d.flags,
	})
	d.Lower = append(d.Lower, ' ')
	d.Folded = append(d.Folded, ' ')
	d.flags = 0
}

// plain appends a token with the same form in both buffers.
func (d *Document) plain(kind Kind, start, end int, form string) {
	first, from := len(d.Lower), len(d.Folded)
	d.Lower = append(d.Lower, form...)
	d.Folded = append(d.Folded, form...)
	d.add(kind, start, end, first, from, 0, Other)
}

// number reads digits, with single points, commas and colons among them.
func (d *Document) number(i int) int {
	s, start := d.Source, i
	if end := keycap(s, i); end > 0 {
		d.plain(Emoji, i, end, s[i:i+1]+"\u20e3")
		return end
	}
	for i < len(s) {
		if bytesOf[s[i]] == digit {
			i++
			continue
		}
		if (s[i] == '.' || s[i] == ',' || s[i] == ':') && i+1 < len(s) && bytesOf[s[i+1]] == digit {
			i += 2
			continue
		}
		break
	}
	d.plain(Number, start, i, s[start:i])
	return i
}

// other reads what does not begin with a plain letter, digit or space.
func (d *Document) other(i int) int {
	s := d.Source
	c := s[i]
	if c < utf8.RuneSelf {
		switch c {
		case '<':
			if end, block := tag(s, i); end > 0 {
				d.flags |= Spaced
				if block {
					d.flags |= Line
				}
				return end
			}
		case '&':
			if r, n := entity(s, i); n > 0 {
				return d.rune(i, r, n)
			}
		}
		if form, end := d.emoticon(i); end > 0 {
			d.plain(Emoji, i, end, form)
			return end
		}
		return d.mark(i, rune(c), 1)
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return d.rune(i, r, n)
}

// rune reads what begins with a character that took n bytes.
func (d *Document) rune(i int, r rune, n int) int {
	switch sort(r) {
	case blank:
		d.flags |= Spaced
		return i + n
	case newline:
		d.flags |= Spaced | Line
		return i + n
	case nothing:
		return i + n
	case letter:
		return d.word(i)
	case digit:
		first, from := len(d.Lower), len(d.Folded)
		d.Lower = utf8.AppendRune(d.Lower, r)
		d.Folded = utf8.AppendRune(d.Folded, r)
		d.add(Number, i, i+n, first, from, 0, Other)
		return i + n
	case picture:
		return d.emoji(i, r, n)
	}
	return d.mark(i, r, n)
}

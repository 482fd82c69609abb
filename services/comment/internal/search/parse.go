package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostWords is how many words may be searched for at once.
const mostWords = 20

// SyntaxError tells what is wrong with a query, and where.
type SyntaxError struct {
	// At is the place of the character, from 1.
	At      int
	Problem string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("at character %d: %s", e.At, e.Problem) }

// Parse reads what is searched for: words, all of which a text must hold in one of their forms, "words that stand together", and -words or -"phrases" that it
// must not hold. It is nil where nothing is asked for. Errors: *SyntaxError.
func Parse(query string) (*Query, error) {
	p := parser{rest: query}
	q := &Query{}
	for {
		p.skip(unicode.IsSpace)
		if p.rest == "" {
			break
		}
		at, excluded := p.at, false
		if next, _ := utf8.DecodeRuneInString(p.rest); isMinus(next) {
			p.take()
			excluded = true
		}
		part, err := p.part()
		if err != nil {
			return nil, err
		}
		phrase, n := read(part)
		if n == 0 {
			return nil, &SyntaxError{at + 1, "there is no word to search for"}
		}
		if p.words += n; p.words > mostWords {
			return nil, &SyntaxError{at + 1, fmt.Sprintf("more than %d words", mostWords)}
		}
		if excluded {
			q.None = append(q.None, phrase)
		} else {
			q.All = append(q.All, phrase)
		}
	}
	if len(q.All)+len(q.None) == 0 {
		return nil, nil
	}
	return q, nil
}

// read is a part of a query as a phrase, and how many words it has.
func read(part string) (Phrase, int) {
	first, second := readings(part)
	if slices.Equal(first, second) {
		return Phrase{first}, len(first)
	}
	return Phrase{first, second}, len(first)
}

// parser is a query that is read.
type parser struct {
	rest  string
	at    int // characters read
	words int
}

// take reads a character.
func (p *parser) take() rune {
	r, n := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[n:]
	p.at++
	return r
}

// skip reads characters as long as they are of a kind.
func (p *parser) skip(is func(rune) bool) string {
	begin := p.rest
	for p.rest != "" {
		if r, _ := utf8.DecodeRuneInString(p.rest); !is(r) {
			break
		}
		p.take()
	}
	return begin[:len(begin)-len(p.rest)]
}

// part reads a word, or what stands in quotes.
func (p *parser) part() (string, error) {
	next, _ := utf8.DecodeRuneInString(p.rest)
	closing := closingQuote(next)
	if p.rest == "" || closing == "" {
		return p.skip(func(r rune) bool { return !unicode.IsSpace(r) && closingQuote(r) == "" }), nil
	}
	begin := p.at
	p.take()
	text := p.skip(func(r rune) bool { return !strings.ContainsRune(closing, r) })
	if p.rest == "" {
		return "", &SyntaxError{begin + 1, "the quote is not closed"}
	}
	p.take()
	return text, nil
}

// closingQuote are the characters that end what a quote begins; none when r is no quote.
func closingQuote(r rune) string {
	switch r {
	case '"':
		return `"`
	case '«':
		return "»"
	case '“', '„', '”':
		return "“”"
	}
	return ""
}

func isMinus(r rune) bool { return r == '-' || r == '−' || r == '–' }

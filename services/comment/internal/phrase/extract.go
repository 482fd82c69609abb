// Package phrase takes key phrases from comments and tells comments that are the same or nearly the same.
//
// A key phrase is one to three words in a row that are neither function words nor common verbs nor mere praise or blame, in one clause
// and without personal data. Its key is made of light stems, so that inflected forms of a phrase, in either order of two words, count
// as one; what is shown is the place in the text.
package phrase

import (
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Phrase is a key phrase.
type Phrase struct {
	Key        uint64 // equal for inflected forms
	Start, End int32  // bytes of Document.Source
}

// Most is how many phrases of a comment are taken.
const Most = 16

// Extractor takes phrases. The zero value is ready; it is not safe for concurrent use.
type Extractor struct {
	prints prints
	run    [longestRun]member
}

// longestRun is how many content words in a row are looked at together; a longer row is cut.
const longestRun = 8

// member is a content word of a run.
type member struct {
	stem       uint64
	start, end int32
	form       form
}

// Find appends the key phrases of a document to dst, in the order of the text: at most Most, each once, none over a finding.
func (x *Extractor) Find(d *text.Document, label language.Label, found []redaction.Finding, dst []Phrase) []Phrase {
	w := vocabulary()
	x.prints.reset()
	first, n := len(dst), 0
	clause := int32(-1)
	for i := range d.Tokens {
		t := &d.Tokens[i]
		for len(found) > 0 && found[0].End <= t.Start {
			found = found[1:]
		}
		if len(found) > 0 && found[0].Start < t.End {
			dst, n = x.flush(dst, first, n), 0
			continue
		}
		if t.Kind == text.Number {
			x.prints.word(sum(d.Word(i)))
		}
		if t.Kind != text.Word {
			if t.Kind != text.Mark || !hyphen(d, i) {
				dst, n = x.flush(dst, first, n), 0
			}
			continue
		}
		word := d.Word(i)
		whole := sum(word)
		x.prints.word(whole)
		if t.Clause != clause {
			dst, n = x.flush(dst, first, n), 0
			clause = t.Clause
		}
		if w.stopped(whole) || len(word) < 3 {
			dst, n = x.flush(dst, first, n), 0
			continue
		}
		cut, f := w.stem(word, t.Script, label)
		stem := whole
		if cut < len(word) {
			if stem = sum(word[:cut]); w.stopped(stem) {
				dst, n = x.flush(dst, first, n), 0
				continue
			}
		}
		stem = voiced(stem, word[:cut])
		x.prints.stem(stem)
		if f == verb {
			dst, n = x.flush(dst, first, n), 0
			continue
		}
		if n == longestRun {
			dst, n = x.flush(dst, first, n), 0
		}
		x.run[n] = member{stem, t.Start, t.End, f}
		n++
	}
	return x.flush(dst, first, n)
}

// hyphen says whether a token joins the words beside it.
func hyphen(d *text.Document, i int) bool {
	return d.Source[d.Tokens[i].Start] == '-' && !d.Tokens[i].Is(text.Spaced) && i+1 < len(d.Tokens) && !d.Tokens[i+1].Is(text.Spaced)
}

// flush appends the phrases of the run of n words: each noun, each two words with a noun among them, and three words that are the run.
func (x *Extractor) flush(dst []Phrase, first, n int) []Phrase {
	run := x.run[:n]
	for i := range run {
		a := &run[i]
		if a.form == noun && a.end-a.start > 3 {
			dst = put(dst, first, Phrase{a.stem, a.start, a.end})
		}
		if i+1 >= n {
			break
		}
		if b := &run[i+1]; a.form == noun || b.form == noun {
			dst = put(dst, first, Phrase{a.stem + b.stem + 1, a.start, b.end})
		}
		if n == 3 && i == 0 {
			dst = put(dst, first, Phrase{run[0].stem + run[1].stem + run[2].stem + 2, a.start, run[2].end})
		}
	}
	return dst
}

// put appends a phrase unless its like is there.
func put(dst []Phrase, first int, p Phrase) []Phrase {
	if len(dst)-first >= Most {
		return dst
	}
	for _, q := range dst[first:] {
		if q.Key == p.Key {
			return dst
		}
	}
	return append(dst, p)
}

package redaction

import (
	"embed"
	"encoding/binary"
	"strings"
	"sync"

	"github.com/otklik/otklik/services/comment/internal/text"
)

//go:embed lists/*.txt
var lists embed.FS

// shortest is how many letters of a name that is not written as it is listed tell too little.
const shortest = 3

// slot is a stem in the table; more than one may bear the same hash.
type slot struct {
	hash  uint64
	class class
	of    paradigm
}

// leading is how many letters a word is sieved by before it is looked up.
const leading = 4

// leadBits is how many places a sieve of first letters has, as a power of two.
const leadBits = 16

// sieveBits is how much of a hash the sieve looks at.
const sieveBits = 18

// lexicon is the table of words: stems by hash, with the paradigms in which they change.
type lexicon struct {
	suffixes *suffixes
	slots    []slot
	mask     uint64
	shift    int
	sieve    [1 << (sieveBits - 6)]uint64 // which hashes begin like this: small enough to stay near
	begins   [1 << (leadBits - 6)]uint64  // by the first letters: which words are in the table
	opens    [1 << (leadBits - 6)]uint64  // and which can begin a finding, or introduce a name
	patterns [letters][]pattern           // by the last letter of the stem
	stems    int
}

// table is built at the first comment.
var table = sync.OnceValue(build)

const (
	seed  = 0x9e3779b97f4a7c15
	prime = 0xff51afd7ed558ccd
)

// mix adds a letter to a hash, whose first bits are the good ones.
func mix(h uint64, l uint8) uint64 { return (h + uint64(l)) * prime }

// lead is the place of a word's first four letters in a sieve: eight bytes in Cyrillic, four in Latin.
func lead(folded []byte) uint64 {
	var k uint64
	switch {
	case len(folded) >= 8 && folded[0] >= 0xc0:
		k = binary.LittleEndian.Uint64(folded)
	case len(folded) >= 4 && folded[0] < 0x80:
		k = uint64(binary.LittleEndian.Uint32(folded))
	default:
		for _, c := range folded {
			k = k<<8 | uint64(c)
		}
	}
	return k * seed >> (64 - leadBits)
}

// build reads the lists.
func build() *lexicon {
	b := &builder{lexicon: &lexicon{suffixes: newSuffixes()}, inLatin: map[string]bool{}, level: map[string]int{}}
	b.shapes()
	b.levels("lists/given_en.txt", "lists/given_ru.txt", "lists/given_ky.txt")
	b.names("lists/given_en.txt", [3]class{given, givenWord, givenRare}, false)
	b.names("lists/given_ru.txt", [3]class{given, givenWord, givenRare}, false)
	b.names("lists/given_ky.txt", [3]class{given, givenWord, givenRare}, true)
	b.names("lists/surnames.txt", [3]class{family, familyWord, familyRare}, false)
	b.english("lists/surnames_en.txt")
	b.words("lists/words.txt")
	b.places("lists/places.txt")
	return b.lay()
}

// classify says what a word can be, by the lists alone. The word is folded.
func (x *lexicon) classify(folded []byte) class { return x.through(&x.begins, folded) }

// open says what a word in lower case can be if it can begin a finding or introduce a name; 0 for most words.
func (x *lexicon) open(folded []byte) class { return x.through(&x.opens, folded) }

// through looks a word up if a sieve lets its first letters through.
func (x *lexicon) through(sieve *[1 << (leadBits - 6)]uint64, folded []byte) class {
	if k := lead(folded); sieve[k>>6]&(1<<(k&63)) == 0 {
		return 0
	}
	var w [longestWord]uint8
	n := spell(folded, w[:])
	if n == 0 {
		return 0
	}
	return x.look(&w, n)
}

// look finds the classes of n letters.
func (x *lexicon) look(w *[longestWord]uint8, n int) class {
	var hashes [8]uint64 // of the longest beginnings, by their length
	h := uint64(seed)
	for i, l := range w[:n] {
		h = mix(h, l)
		hashes[(i+1)&7] = h
	}
	var found class
	node := 0
	for cut := n; ; {
		if of := x.suffixes.accept[node]; of != 0 {
			f := x.probe(hashes[cut&7], of)
			if f&given != 0 && cut <= shortest {
				f = f&^given | short
			}
			found |= f
		}
		if cut--; cut < 1 || n-cut > longestEnding {
			return found
		}
		if node = int(x.suffixes.next[node][w[cut]]); node == 0 {
			return found
		}
	}
}

// probe collects the classes of a stem in these paradigms.
func (x *lexicon) probe(h uint64, of paradigm) class {
	if k := h >> (64 - sieveBits); x.sieve[k>>6]&(1<<(k&63)) == 0 {
		return 0
	}
	var found class
	for i := h >> x.shift; x.slots[i].of != 0; i = (i + 1) & x.mask {
		if s := &x.slots[i]; s.hash == h && s.of&of != 0 {
			found |= s.class
		}
	}
	return found
}

// builder gathers stems before they are laid out.
type builder struct {
	*lexicon
	document text.Document
	all      []stem
	inLatin  map[string]bool
	level    map[string]int
}

type stem struct {
	letters string // as spelt
	class   class
	of      paradigm
}

// fold is the folded form of a single word, "" if it is more than one.
func (b *builder) fold(word string) string {
	b.document.Read(word)
	if len(b.document.Tokens) != 1 || b.document.Tokens[0].Kind != text.Word {
		return ""
	}
	return string(b.document.Word(0))
}

// add notes a stem.
func (b *builder) add(word string, c class, of paradigm) {
	var w [longestWord]uint8
	if n := spell([]byte(word), w[:]); n > 0 {
		b.all = append(b.all, stem{string(w[:n]), c, of})
	}
}

// each calls f for the entries of a list with the head of their line, if lines have heads.
func (b *builder) each(file string, f func(head, word string)) {
	data, err := lists.ReadFile(file)
	if err != nil {
		panic(err) // the file is part of the program
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		head := ""
		if before, rest, ok := strings.Cut(line, ":"); ok {
			head, line = before, rest
		}
		for word := range strings.FieldsSeq(line) {
			f(head, word)
		}
	}
}

// lay puts the stems in the table.
func (b *builder) lay() *lexicon {
	size, shift := 1, 64
	for size < 2*len(b.all) {
		size, shift = 2*size, shift-1
	}
	x := b.lexicon
	x.shift = shift
	x.slots, x.mask, x.stems = make([]slot, size), uint64(size-1), len(b.all)
	for _, s := range b.all {
		w := []uint8(s.letters)
		h := uint64(seed)
		for _, l := range w {
			h = mix(h, l)
		}
		i := h >> x.shift
		for x.slots[i].of != 0 {
			i = (i + 1) & x.mask
		}
		x.slots[i] = slot{h, s.class, s.of}
		k := h >> (64 - sieveBits)
		x.sieve[k>>6] |= 1 << (k & 63)
		b.mark(w, s.of, s.class)
	}
	return x
}

// mark notes with which letters the forms of a stem begin; a short stem has some of them from its endings.
func (b *builder) mark(w []uint8, of paradigm, c class) {
	set := func(w []uint8) {
		k := lead(unspell(w[:min(len(w), leading)]))
		b.begins[k>>6] |= 1 << (k & 63)
		if c&(persons|introduces|link|streets|house|flat|at) != 0 {
			b.opens[k>>6] |= 1 << (k & 63)
		}
	}
	if len(w) >= leading {
		set(w)
		return
	}
	for _, e := range endings {
		if e.of&of == 0 {
			continue
		}
		for _, ending := range e.list {
			var buf [longestWord]uint8
			n := copy(buf[:], w)
			n += spell([]byte(ending), buf[n:])
			set(buf[:n])
		}
	}
}

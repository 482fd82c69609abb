package redaction

import (
	"strings"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// build reads the lists.
func build() *lexicon {
	b := newBuilder()
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

// builder gathers stems before they are laid out.
type builder struct {
	*lexicon
	document  text.Document
	all       []slot
	level     map[string]int  // the marks of names, by their folded form
	inEnglish map[string]bool // given names used in English
	starts    [][]uint8       // how endings of a paradigm begin, as many letters as the sieves look at
	startsOf  []paradigm
	latin     []byte
}

func newBuilder() *builder {
	b := &builder{
		lexicon:   &lexicon{suffixes: newSuffixes()},
		all:       make([]slot, 0, 1<<15),
		level:     make(map[string]int, 1<<13),
		inEnglish: make(map[string]bool, 1<<11),
	}
	at := map[string]int{}
	for _, e := range endings {
		for _, ending := range e.list {
			var buf [longestWord]uint8
			n := min(spell([]byte(ending), buf[:]), leading)
			k, ok := at[string(buf[:n])]
			if !ok {
				k = len(b.starts)
				at[string(buf[:n])] = k
				b.starts, b.startsOf = append(b.starts, append([]uint8(nil), buf[:n]...)), append(b.startsOf, 0)
			}
			b.startsOf[k] |= e.of
		}
	}
	return b
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
	var buf [longestWord]uint8
	w := buf[:spell([]byte(word), buf[:])]
	if len(w) == 0 {
		return
	}
	h := uint64(seed)
	for _, l := range w {
		h = mix(h, l)
	}
	b.all = append(b.all, slot{h, c, of})
	b.mark(w, of, c)
}

// mark notes with which letters the forms of a stem begin; a short stem has some of them from its endings.
func (b *builder) mark(w []uint8, of paradigm, c class) {
	if len(w) >= leading {
		b.set(w[:leading], c)
		return
	}
	for k, start := range b.starts {
		if b.startsOf[k]&of == 0 {
			continue
		}
		var buf [2 * leading]uint8
		n := copy(buf[:], w)
		n += copy(buf[n:], start)
		b.set(buf[:min(n, leading)], c)
	}
}

// set lets words that begin with these letters through the sieves.
func (b *builder) set(w []uint8, c class) {
	var buf [2 * leading]byte
	k := lead(unspell(w, buf[:0]))
	b.begins[k>>6] |= 1 << (k & 63)
	if c&(persons|introduces|link|streets|house|flat|at) != 0 {
		b.opens[k>>6] |= 1 << (k & 63)
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

// lay puts the stems in the table, each once.
func (b *builder) lay() *lexicon {
	size, shift := 1, 64
	for size < 2*len(b.all) {
		size, shift = 2*size, shift-1
	}
	x := b.lexicon
	x.slots, x.mask, x.shift = make([]slot, size), uint64(size-1), shift
next:
	for _, s := range b.all {
		i := s.hash >> x.shift
		for ; x.slots[i].of != 0; i = (i + 1) & x.mask {
			if t := &x.slots[i]; t.hash == s.hash && (t.class == s.class || t.of == s.of) {
				if t.class == s.class {
					t.of |= s.of
				} else {
					t.class |= s.class
				}
				continue next
			}
		}
		x.slots[i] = s
		x.stems++
		k := s.hash >> (64 - sieveBits)
		x.sieve[k>>6] |= 1 << (k & 63)
	}
	return x
}

package redaction

import (
	"strings"
	"unicode/utf8"
)

// level splits a name of a list from its mark: 0 a name, 1 (*) a name that is a word too, 2 (!) a word that is a name too.
func level(word string) (string, int) {
	switch word[len(word)-1] {
	case '*':
		return word[:len(word)-1], 1
	case '!':
		return word[:len(word)-1], 2
	}
	return word, 0
}

// levels notes the marks of all lists: a name that is a word in one is one in all.
func (b *builder) levels(files ...string) {
	for _, file := range files {
		b.each(file, func(_, word string) {
			word, n := level(word)
			folded := b.fold(word)
			b.level[folded] = max(n, b.level[folded])
		})
	}
}

// names reads a list of names. Where surnames are set the Central Asian surnames made from the names are added.
func (b *builder) names(file string, levels [3]class, surnames bool) {
	b.each(file, func(_, word string) {
		word, n := level(word)
		folded := b.fold(word)
		if folded == "" {
			return
		}
		c := levels[max(n, b.level[folded])]
		b.noun(folded, c)
		if !isCyrillic(folded) {
			b.inEnglish[folded] = true
			return
		}
		b.romanised(folded, c)
		if surnames {
			b.surname(folded)
			for _, as := range russianised(folded) {
				b.noun(as, c)
				b.surname(as)
			}
		}
	})
}

// surname adds the surname made from a name: Асанов, Алиев.
func (b *builder) surname(name string) {
	s := name + "ов"
	switch last, size := utf8.DecodeLastRuneInString(name); last {
	case 'й', 'ь':
		s = name[:len(name)-size] + "ев"
	case 'а', 'я', 'у', 'ы', 'и', 'е', 'о', 'э':
		s = name + "ев"
	}
	b.noun(s, family)
	b.romanised(s, family)
}

// russianised are the Russian spellings of a Kyrgyz name: Эмиль, Гульсара, Джаныбек.
func russianised(name string) []string {
	var all []string
	if ends(name, "л") {
		all = append(all, name+"ь")
	}
	if soft := strings.ReplaceAll(name, "гул", "гуль"); soft != name && !strings.Contains(soft, "льь") && !strings.HasSuffix(soft, "ль") {
		for _, vowel := range []string{"а", "и", "о", "у", "ы", "я"} {
			soft = strings.ReplaceAll(soft, "гуль"+vowel, "гул"+vowel)
		}
		if soft != name {
			all = append(all, soft)
		}
	}
	if strings.HasPrefix(name, "ж") {
		all = append(all, "д"+name)
	}
	return all
}

// english reads surnames that stand beside a given name; a + lets them stand alone.
func (b *builder) english(file string) {
	b.each(file, func(_, word string) {
		c := familyRare
		if w, ok := strings.CutSuffix(word, "+"); ok {
			word, c = w, family
		}
		b.add(b.fold(word), c, english)
	})
}

// words reads lines of classes; a word with ~ stands as it is.
func (b *builder) words(file string) {
	b.each(file, func(head, word string) {
		c, ok := classOf[head]
		if !ok {
			panic("no class " + head) // the file is part of the program
		}
		b.either(word, c)
	})
}

// places reads proper names of no person.
func (b *builder) places(file string) {
	b.each(file, func(_, word string) { b.either(word, place) })
}

func (b *builder) either(word string, c class) {
	word, as := strings.CutSuffix(word, "~")
	folded := b.fold(word)
	if folded == "" {
		return
	}
	if as {
		b.add(folded, c, plain)
		return
	}
	b.noun(folded, c)
	switch last, _ := utf8.DecodeLastRuneInString(folded); last {
	case 'ы', 'и', 'у':
		b.add(folded, c, pronominal)
	}
}

func isCyrillic(word string) bool { return word != "" && word[0] >= utf8.RuneSelf }

// noun adds a word, or a name, in the ways in which its ending lets it change.
func (b *builder) noun(w string, c class) {
	if !isCyrillic(w) {
		b.add(w, c, english)
		return
	}
	if c&given != 0 {
		b.add(w, c, plain)
	}
	cut := func(n int) string { return w[:len(w)-2*n] }
	b.add(w, c, kyrgyz)
	switch {
	case ends(w, "ов", "ев", "ин", "ын") && c&families != 0:
		b.add(w, c, surname)
		b.add(w+"а", c, kyrgyz)
	case ends(w, "кий", "ный", "ая", "ющий", "нной", "стой"):
		b.add(cut(2), c, adjective)
	case ends(w, "ий", "ой", "ый") && c&families != 0:
		b.add(cut(2), c, adjective)
	case ends(w, "ец"):
		b.add(cut(2)+"ц", c, hard)
	case ends(w, "а"):
		b.add(cut(1), c, vowelA)
	case ends(w, "я"):
		b.add(cut(1), c, vowelYa)
	case ends(w, "ь"):
		b.add(cut(1), c, soft)
		b.add(cut(1), c, kyrgyz)
	case ends(w, "й"):
		b.add(cut(1), c, jot)
	case ends(w, "о", "у", "и", "е", "ы", "э", "ю", "ых", "их"):
	default:
		b.add(w, c, hard)
	}
}

func ends(w string, list ...string) bool {
	for _, e := range list {
		if strings.HasSuffix(w, e) && len(w) > len(e)+2 {
			return true
		}
	}
	return false
}

package text

import "unicode/utf8"

// Transliterate writes the Cyrillic reading of a Latin word in place of its folded form, taking it for Russian: sh ch zh shch kh, ya ja ia,
// j for ж, h and x for х, y for ы and й, ' for ь; letters that nobody types (ь) come back in the commonest words and endings.
func (d *Document) Transliterate(i int, to Script) {
	if to == Cyrillic {
		d.respell(i, false)
	}
}

// TransliterateKyrgyz does the same, taking the word for Kyrgyz: j is ж, w is ш, y is ы or й, ng is ң, e begins a word as э, and i is ы
// where the vowels of the word demand it.
func (d *Document) TransliterateKyrgyz(i int) { d.respell(i, true) }

func (d *Document) respell(i int, kyrgyz bool) {
	t := &d.Tokens[i]
	if t.Script != Latin || t.Kind != Word || t.Flags&Reread != 0 {
		return
	}
	t.Flags |= Reread
	from := int32(len(d.Folded))
	lists := &russianWords
	if kyrgyz {
		lists = &kyrgyzWords
	}
	in := d.spelled(i)
	if w, ok := (*lists)[string(in)]; ok {
		d.Folded = append(d.Folded, w...)
	} else {
		s := speller{in: in, out: d.Folded, kyrgyz: kyrgyz}
		s.soft = int(t.End) < len(d.Source) && d.Source[t.End] == '\'' && (t.Start == 0 || d.Source[t.Start-1] != '\'')
		s.spell()
		d.Folded = s.out
	}
	t.From, t.To = from, int32(len(d.Folded))
	d.Folded = append(d.Folded, ' ')
}

// spelled is a word in plain Latin letters: ş is sh, ç is ch, ı is y.
func (d *Document) spelled(i int) []byte {
	low := d.Lowered(i)
	d.latin = d.latin[:0]
	for k := 0; k < len(low); {
		if low[k] < utf8.RuneSelf {
			d.latin = append(d.latin, low[k])
			k++
			continue
		}
		r, n := utf8.DecodeRune(low[k:])
		k += n
		switch r {
		case 'ş', 'š', 'ș':
			d.latin = append(d.latin, "sh"...)
		case 'ç', 'č':
			d.latin = append(d.latin, "ch"...)
		case 'ž':
			d.latin = append(d.latin, "zh"...)
		case 'ı':
			d.latin = append(d.latin, 'y')
		default:
			d.latin = utf8.AppendRune(d.latin, bare(r))
		}
	}
	return d.latin
}

// speller reads one word.
type speller struct {
	in, out []byte
	kyrgyz  bool
	soft    bool // an apostrophe stands behind the word
	sounds  bool // the letter before was read as a vowel
	back    bool // the vowel before was one of those that i follows as ы
	marked  bool // the word writes ы as y, so that its i is и
}

// digraphs are read before single letters, the longest first.
var digraphs = []struct{ latin, russian, kyrgyz string }{
	{"shch", "щ", "щ"}, {"tsya", "тся", "ция"}, {"tsia", "тся", "ция"}, {"tsiya", "ция", "ция"}, {"tsiy", "ций", "ций"}, {"tsio", "цио", "цио"}, {"sch", "щ", "щ"}, {"shh", "щ", "щ"}, {"tch", "ч", "ч"},
	{"iia", "ия", "ия"}, {"iya", "ия", "ия"}, {"ija", "ия", "ия"},
	{"sh", "ш", "ш"}, {"ch", "ч", "ч"}, {"zh", "ж", "ж"}, {"kh", "х", "х"}, {"ts", "ц", "тс"}, {"ck", "к", "к"},
	{"ph", "ф", "ф"}, {"ya", "я", "я"}, {"yu", "ю", "ю"}, {"yo", "е", "е"}, {"ye", "е", "е"}, {"ja", "я", "жа"}, {"ju", "ю", "жу"},
	{"ia", "я", "я"}, {"iu", "ю", "ю"}, {"ng", "нг", "н"}, {"qu", "ку", "ку"}, {"ee", "ее", "ээ"},
}

// singles are the letters by themselves.
var singles = [utf8.RuneSelf]string{
	'a': "а", 'b': "б", 'c': "ц", 'd': "д", 'e': "е", 'f': "ф", 'g': "г", 'h': "х", 'i': "и", 'j': "ж", 'k': "к", 'l': "л", 'm': "м",
	'n': "н", 'o': "о", 'p': "п", 'q': "к", 'r': "р", 's': "с", 't': "т", 'u': "у", 'v': "в", 'w': "ш", 'x': "х", 'y': "ы", 'z': "з",
	'4': "ч", '6': "ш",
}

func (s *speller) spell() {
	s.marked = true
	if s.kyrgyz {
		s.marked = s.distinguishes()
		s.back = !s.marked && begins(s.in, backStems[:])
	}
	start := len(s.out)
	for i := 0; i < len(s.in); {
		if n := s.pair(i); n > 0 {
			i += n
			continue
		}
		i += s.single(i, start)
	}
	if len(s.out) == start {
		s.out = append(s.out, s.in...)
	}
	if !s.kyrgyz {
		s.soften(start)
	}
}

// backStems begin Kyrgyz words whose first vowel is ы though it is written i.
var backStems = [...]string{"kirgiz", "kizmat", "kil", "chik", "chig", "jil", "zhil", "kish", "isik", "mikti", "tinch", "tishk", "miyzam", "miizam", "iray", "ilay", "siy", "jiyin", "zhiyin", "kiy", "kizi", "irkil", "sir"}

func begins(word []byte, stems []string) bool {
	for _, p := range stems {
		if len(word) >= len(p) && string(word[:len(p)]) == p {
			return string(word) != "kiyin" && string(word) != "kiin"
		}
	}
	return false
}

// distinguishes says whether a word has a y that stands for ы.
func (s *speller) distinguishes() bool {
	for i, c := range s.in {
		if c == 'y' && (i == 0 || !vowel(s.in[i-1])) && (i+1 == len(s.in) || !vowel(s.in[i+1])) {
			return true
		}
	}
	return false
}

func (s *speller) pair(i int) int {
	rest := s.in[i:]
	for k := range digraphs {
		p := &digraphs[k]
		n := len(p.latin)
		if len(rest) < n || rest[0] != p.latin[0] || string(rest[:n]) != p.latin {
			continue
		}
		form := p.russian
		if s.kyrgyz {
			form = p.kyrgyz
		}
		switch p.latin {
		case "ts":
			// "detstvo", "chuvstvo"
			if n < len(rest) && !vowel(rest[n]) {
				continue
			}
		case "ia", "iu":
			if !s.sounds && (s.kyrgyz || i > 0 && (s.in[i-1] == 'c' || s.in[i-1] == 'r')) {
				form = "ия"
				if p.latin == "iu" {
					form = "ию"
				}
				if !s.kyrgyz {
					form = "иа"
				}
			}
		case "ja", "ju":
			// "menja", "moja", but "pojaluista", "ujasno"
			if !s.kyrgyz && n < len(rest) && (s.sounds || i == 0) {
				form = "жа"
				if p.latin == "ju" {
					form = "жу"
				}
			}
		case "yo":
			if s.kyrgyz && s.sounds {
				continue
			}
		case "ye":
			if !s.sounds && i > 0 && n == len(rest) {
				form = "ые" // adjectives: "kotorye"
			}
		case "ng":
			if s.kyrgyz && n < len(rest) && (rest[n] == 'a' || rest[n] == 'e') {
				form = "нг"
			}
		}
		s.out = append(s.out, form...)
		s.sounds = vowel(p.latin[n-1])
		if s.sounds {
			s.back = p.latin[n-1] == 'a' && !s.marked
		}
		return n
	}
	return 0
}

func (s *speller) single(i, start int) int {
	c := s.in[i]
	last := i+1 == len(s.in)
	next := byte(0)
	if !last {
		next = s.in[i+1]
	}
	form := ""
	if c < utf8.RuneSelf {
		form = singles[c]
	}
	sounds := vowel(c)
	switch {
	case c == '\'':
		form = ""
		if !s.kyrgyz && len(s.out) > start && !s.sounds {
			form = "ь"
		}
		s.out = append(s.out, form...)
		return 1
	case c == 'y' && s.sounds, c == 'y' && i == 0 && vowel(next), c == 'j' && !s.kyrgyz && last && s.sounds, c == 'i' && s.sounds && s.glides(i):
		form, sounds = "й", false
	case c == 'i' && s.kyrgyz && s.back:
		form = "ы"
	case c == 'i' && !s.kyrgyz && i == 1 && s.in[0] == 'v' && (next == 'b' || next == 'g' || next == 'h' || next == 'k' || next == 'p' || next == 'r'):
		form = "ы" // вы-: "vibor", "viglyadit"
	case c == 'e' && s.kyrgyz && i == 0:
		form = "э"
	case c == 'e' && i == 0 && (next == 't' || next == 'k' || next == 'l'):
		form = "э" // это, эксперт, электронный
	case c == 'w' && !s.kyrgyz && i > 0 && (s.in[i-1] == 's' || s.in[i-1] == 't'):
		form = "в"
	case c == 'c' && (next == 'a' || next == 'o' || next == 'u' || next == 'l' || next == 'r'):
		form = "к"
	case c == 'u' && !s.kyrgyz && s.sounds && (last || next == 't' && i+2 == len(s.in)):
		form = "ю" // "rekomenduu", "imeut"
	case c >= utf8.RuneSelf:
		_, n := utf8.DecodeRune(s.in[i:])
		s.out = append(s.out, s.in[i:i+n]...)
		return n
	}
	if form == "" {
		s.out = append(s.out, c)
	}
	s.out = append(s.out, form...)
	if s.sounds = sounds; sounds && c != 'i' {
		s.back = c == 'a' && !s.marked
	}
	return 1
}

// glides says whether the i behind a vowel is й: always in Kyrgyz, else unless a vowel or an ending follows ("stoit", "svoih", "rossii").
func (s *speller) glides(i int) bool {
	if s.kyrgyz {
		return true
	}
	if i+1 == len(s.in) {
		return s.in[i-1] != 'i'
	}
	if vowel(s.in[i+1]) {
		return false
	}
	if i+2 == len(s.in) || i+3 == len(s.in) && s.in[i+2] != 'i' {
		switch s.in[i+1] {
		case 't', 'h', 'm', 'x', 'k', 'l', 's':
			return false
		}
	}
	return true
}

func vowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return true
	}
	return false
}

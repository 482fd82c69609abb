package text

// cue is what a word tells of its clause.
type cue uint16

const (
	contrast cue = 1 << iota // joins what contrasts wherever it stands
	turns                    // does so behind a mark or at the beginning
	and
	condition
	cause
	wish   // the clause says what should be
	wanted // does so beside would
	would
	still // "да", "дагы" behind "ошентсе"
)

// cues are words in their folded form.
var cues = func() map[string]cue {
	m := map[string]cue{}
	for k, words := range map[cue][]string{
		contrast: {
			"но", "однако", "зато", "хотя", "хоть", "несмотря", "бирок", "ошентсе", "антсе", "лекин", "birok", "biroq", "odnako", "zato",
			"but", "however", "although", "though", "whereas", "nevertheless", "nonetheless", "despite", "except", "unfortunately",
		},
		turns: {
			"а", "только", "правда", "лишь", "жалко", "жаль", "ал", "yet", "while", "only", "still", "sadly", "tolko",
			"минус", "минусы", "недостаток", "единственное",
		},
		and:       {"и", "жана", "and", "also", "также", "ошондой", "плюс", "jana", "zhana", "да"},
		condition: {"если", "эгер", "эгерде", "if", "unless"},
		cause:     {"потому", "поскольку", "анткени", "себеби", "because"},
		wish: {
			"хотелось", "желательно", "пусть", "желаю", "желаем", "предлагаю", "предлагаем", "добавьте", "сделайте", "уберите",
			"откройте", "увеличьте", "расширьте", "улучшите", "поставьте", "верните", "обновите", "исправьте", "советую", "прошу", "просьба",
			"болсо", "болсочу", "каалайм", "каалайбыз", "каалар", "болмок", "сунуштайм", "сунуштайбыз", "отунуч", "отуном", "сураныч", "койсонуздар", "кылсаныздар",
			"берсенер", "берсениздер", "кошсонуздар", "жасасаныздар", "болсун",
			"wish", "hope", "hopefully", "please", "pls", "suggest", "bolso", "hotelos", "pust",
		},
		would:  {"бы", "б", "would", "could", "should", "эле", "экен"},
		wanted: {"хорошо", "хотел", "хотела", "хотели", "было", "лучше", "неплохо", "здорово", "nice", "great", "love", "like", "better", "good", "керек", "жакшы", "use", "побольше", "поменьше", "be"},
	} {
		for _, w := range words {
			m[w] |= k
		}
	}
	return m
}()

// sieve has a bit for every word of cues, so that most others need no look into the map.
var sieve = func() (t [64]uint64) {
	for w := range cues {
		k := mesh([]byte(w))
		t[k>>6] |= 1 << (k & 63)
	}
	return t
}()

// mesh is a number below 4096 from a word's length and its first and last letters.
func mesh(word []byte) uint32 {
	n := len(word)
	if n < 2 {
		return uint32(word[0])
	}
	x := uint32(word[0]) | uint32(word[1])<<8 | uint32(word[n-2])<<16 | uint32(word[n-1])<<24
	return (x ^ uint32(n)*0x85ebca6b) * 0x9e3779b1 >> 20
}

// cue looks a word up.
func (d *Document) cue(i int) cue {
	word := d.Word(i)
	if k := mesh(word); len(word) > 24 || sieve[k>>6]>>(k&63)&1 == 0 {
		return 0
	}
	return cues[string(word)]
}

// link says how a word joins the clause that it begins; marked, whether it stands behind a mark or begins the sentence.
func link(c cue, marked bool) Link {
	switch {
	case c&contrast != 0, c&turns != 0 && marked:
		return Contrast
	case c&and != 0:
		return And
	case c&condition != 0:
		return Condition
	case c&cause != 0:
		return Cause
	}
	return None
}

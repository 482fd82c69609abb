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
		and:       {"и", "жана", "and", "also", "также", "еще", "ошондой", "плюс", "jana", "zhana", "да"},
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

// cue looks a word up.
func (d *Document) cue(i int) cue {
	t := &d.Tokens[i]
	if t.To-t.From > 24 {
		return 0
	}
	return cues[string(d.Folded[t.From:t.To])]
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

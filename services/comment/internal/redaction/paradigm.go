package redaction

// paradigm is a set of ways in which a word changes its ending.
type paradigm uint16

// Paradigms. The stem of each is what stays the same.
const (
	plain      paradigm = 1 << iota // does not change
	hard                            // Иван: consonant
	vowelA                          // Анна without а
	vowelYa                         // Катя without я
	soft                            // Игорь, Любовь without ь
	jot                             // Сергей without й
	surname                         // Иванов, Ильин with their feminine and plural
	adjective                       // Островск-, Толст-
	kyrgyz                          // whole word, Kyrgyz cases
	pronominal                      // whole word with the possessive ending, Kyrgyz cases
	english                         // possessive
)

// endings of the paradigms, folded: ё is е, ө о, ү у, ң н.
var endings = []struct {
	of   paradigm
	list []string
}{
	{plain, []string{""}},
	{hard, []string{"", "а", "у", "ом", "ем", "е", "ы", "и", "ов", "ам", "ами", "ах"}},
	{vowelA, []string{"а", "ы", "и", "е", "у", "ой", "ей", "ою", "ам", "ами"}},
	{vowelYa, []string{"я", "и", "е", "ю", "ей", "ею", "ями", "ям"}},
	{soft, []string{"ь", "я", "ю", "ем", "е", "и", "ью", "ей", "ям", "ями"}},
	{jot, []string{"й", "я", "ю", "ем", "е", "ев", "ям"}},
	{surname, []string{"", "а", "у", "ым", "е", "ой", "ою", "ы", "ых", "ыми"}},
	{adjective, []string{"ий", "ый", "ой", "ого", "его", "ому", "ему", "им", "ым", "ом", "ем", "ая", "яя", "ую", "юю", "ою", "ие", "ые", "их", "ых", "ими", "ыми", "ей"}},
	{kyrgyz, []string{
		"", "га", "ге", "го", "ка", "ке", "ко",
		"нын", "нин", "нун", "дын", "дин", "дун", "тын", "тин", "тун",
		"ны", "ни", "ну", "ды", "ди", "ду", "ты", "ти", "ту",
		"да", "де", "до", "та", "те", "то",
		"дан", "ден", "дон", "тан", "тен", "тон", "нан", "нен",
		"ныкы", "ники", "нуку", "дыкы", "дики", "дуку", "тыкы", "тики", "туку",
		"дагы", "деги", "догу", "тагы", "теги", "тогу",
		"лар", "лер", "лор", "дар", "дер", "дор", "тар", "тер", "тор",
		"ларга", "лерге", "лорго", "дарга", "дерге", "дорго", "тарга", "терге", "торго",
		"ларды", "лерди", "дарды", "дерди", "ларга", "лардын", "лердин", "дардын", "дердин",
		"мын", "мин", "мун", "ым", "им", "ум", "бы", "би", "бу", "пы", "пи", "пу", "дай", "дей", "дой",
	}},
	{pronominal, []string{"", "на", "не", "но", "нда", "нде", "ндо", "нан", "нен", "нон", "нын", "нин", "нун", "ну", "ны", "ни", "ндагы", "ндеги", "ндогу"}},
	{english, []string{"", "'s"}},
}

// longestEnding is the length of the longest ending in letters.
const longestEnding = 6

// suffixes reads words from their last letter: next[node][letter] is the node one letter further left, 0 where there is none;
// accept[node] are the paradigms of which the letters read are an ending.
type suffixes struct {
	next   [][letters]uint16
	accept []paradigm
}

// add lets an ending belong to a paradigm.
func (s *suffixes) add(ending string, of paradigm) {
	var buf [longestWord]uint8
	n := spell([]byte(ending), buf[:])
	node := 0
	for i := n - 1; i >= 0; i-- {
		to := int(s.next[node][buf[i]])
		if to == 0 {
			to = len(s.next)
			s.next[node][buf[i]] = uint16(to)
			s.next = append(s.next, [letters]uint16{})
			s.accept = append(s.accept, 0)
		}
		node = to
	}
	s.accept[node] |= of
}

// newSuffixes lays out the endings of all paradigms.
func newSuffixes() *suffixes {
	s := &suffixes{next: make([][letters]uint16, 1), accept: make([]paradigm, 1)}
	for _, e := range endings {
		for _, ending := range e.list {
			s.add(ending, e.of)
		}
	}
	return s
}

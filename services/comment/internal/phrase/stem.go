package phrase

import (
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// form is what a word looks like by its ending.
type form uint8

// Forms.
const (
	noun form = iota // or what nothing is known of
	adjective
	verb
)

// letters of the endings: Cyrillic а to я are 1 to 32, Latin a to z 33 to 58.
const letters = 59

// ending is what a node of the tree of endings accepts.
type ending struct {
	form  form
	ok    bool
	least uint8 // letters that must stand before it
}

// endings is a tree of endings, read from the last letter.
type endings struct {
	next   [][letters]uint16
	accept []ending
}

// list of endings by what they make of a word.
type list struct {
	form  form
	least uint8
	ends  string
}

var russian = []list{
	{noun, 3, "а я о е ы и у ю ой ей ом ем ам ям ами ями ах ях ов ев ью ь ию ии ия ий ие ием ией иям иях иями"},
	{noun, 4, "ец ца цу цы цом цов цам цами це"},
	{adjective, 3, "ый ая яя ое ее ые ого его ому ему ым им ых их ую юю ыми ими ою"},
	{adjective, 4, "ный ная ное ные ного ному ным ных ную ными ной ском ский ская ское ские ского ских ской"},
	{verb, 3, "ать ить еть ять уть ться тся лся лась лось лись ала ила ела яла али или ели яли ало ило ело ает яет ают яют ует уют ишь ешь ете ите аем уем иваю аю"},
}

var kyrgyz = []list{
	{noun, 3, `га ге го ка ке ко нын нин нун дын дин дун тын тин тун ны ни ну ды ди ду ты ти ту да де до та те то дан ден дон тан тен тон
		лар лер лор дар дер дор тар тер тор ы и у сы си су ым им ум м быз биз буз ыныз иниз унуз ныз низ нуз на не но нда нде ндо нан нен нон нын ын ин ун
		дагы деги догу тагы теги тогу лык лик лук луу дуу туу`},
	{verb, 3, "ган ген гон кан кен кон дым дим дум дык дик дук тым тим тум тык тик тук йт байт бейт бойт пайт пейт пойт ышты ишти ушту ыптыр иптир уптур ып ип уп бай бей бой пай пей пой ыш бы бады беди боду пады педи поду ышат ишет ушат"},
}

var english = []list{
	{noun, 3, "e s es y ies 's"},
	{verb, 3, "ed"},
	{adjective, 4, "ly"},
}

// newEndings lays out a tree.
func newEndings(lists []list) *endings {
	e := &endings{next: make([][letters]uint16, 1), accept: make([]ending, 1)}
	for _, l := range lists {
		for _, s := range fields(l.ends) {
			node := 0
			for i := len(s); i > 0; {
				var k uint8
				k, i = letterBefore(s, i)
				to := int(e.next[node][k])
				if to == 0 {
					to = len(e.next)
					e.next[node][k] = uint16(to)
					e.next = append(e.next, [letters]uint16{})
					e.accept = append(e.accept, ending{})
				}
				node = to
			}
			e.accept[node] = ending{l.form, true, l.least}
		}
	}
	return e
}

// letterBefore is the letter that ends at a place of a folded word, and where it begins.
func letterBefore(w []byte, i int) (uint8, int) {
	c := w[i-1]
	switch {
	case c >= 'a' && c <= 'z':
		return c - 'a' + 33, i - 1
	case c < 0x80 || i < 2:
		return 0, i - 1
	case w[i-2] == 0xd0 && c >= 0xb0:
		return c - 0xb0 + 1, i - 2
	case w[i-2] == 0xd1 && c < 0x90:
		return c - 0x80 + 17, i - 2
	}
	return 0, i - 2
}

// longest finds the longest ending of w[:n] that leaves a stem: where the stem ends, n if there is none, and what the ending tells.
func (e *endings) longest(w []byte, n int, cyrillic bool) (int, form) {
	cut, f := n, noun
	node := 0
	for i := n; i > 0; {
		var k uint8
		k, i = letterBefore(w, i)
		if k == 0 {
			break
		}
		if node = int(e.next[node][k]); node == 0 {
			break
		}
		if a := &e.accept[node]; a.ok {
			least := int(a.least)
			if cyrillic {
				least *= 2
			}
			if i < least {
				break
			}
			cut, f = i, a.form
		}
	}
	return cut, f
}

// stem is where the stem of a folded word ends, and what the word looks like. Kyrgyz endings follow each other.
func (v *words) stem(w []byte, script text.Script, label language.Label) (int, form) {
	if script != text.Cyrillic && w[0] < 0x80 {
		return v.english.longest(w, len(w), false)
	}
	if label != language.Ky && label != language.KyLat && label != language.Kk {
		return v.russian.longest(w, len(w), true)
	}
	n := len(w)
	f := noun
	for k := range 3 {
		cut, g := v.kyrgyz.longest(w, n, true)
		if cut == n || g == verb && k > 0 {
			break
		}
		n, f = cut, max(f, g)
		if f == verb {
			break
		}
	}
	return n, f
}

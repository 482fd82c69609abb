package redaction

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// classes of a word as it is written.
func classes(word string) class {
	var d text.Document
	d.Read(word)
	return table().classify(d.Word(0))
}

func TestNamesAreKnownInTheirForms(t *testing.T) {
	for _, word := range []string{
		"Анна", "Анны", "Анне", "Анну", "Анной", "Аннага", "Аннанын", "Наталья", "Наталью", "Натальей", "Игорь", "Игоря", "Игорем", "Сергей", "Сергея", "Сергеем", "Мария", "Марии",
		"Айгүл", "Айгуль", "Айгул", "Айгүлгө", "Айгулго", "Айгүлдүн", "Айгүлдөн", "Айгүлдү", "Айгүлдөр", "Нурбек", "Нурбекке", "Нурбектин", "Нурбеку", "Нурбеком", "Эмиль", "Гульсара", "Джумабек",
		"Sarah", "Sarah's", "Aigul", "Nurbek", "Maria", "Yuliya", "Dmitry",
	} {
		if classes(word)&givens == 0 {
			t.Errorf("%s is no name", word)
		}
	}
	for _, word := range []string{"Иванов", "Иванову", "Ивановой", "Ивановых", "Ивановго", "Асанбеков", "Асанбековой", "Асанбековага", "Островский", "Островскому", "Джумабаев", "Smith"} {
		if classes(word)&families == 0 {
			t.Errorf("%s is no surname", word)
		}
	}
	for word, want := range map[string]class{
		"кассиру": role, "менеджером": role, "продавцу": role, "сатуучуга": role, "көчөсүнө": street, "көчөсүндөгү": street, "проспекте": street, "улицу": street, "эжеге": after, "заказа": order,
		"паспортум": passport, "картасына": card, "квартира": flat,
	} {
		if classes(word)&want == 0 {
			t.Errorf("%s is not what it should be", word)
		}
	}
	for _, word := range []string{"очередь", "доставка", "вкусно", "тамак", "кезек", "delivery", "q", "ъ"} {
		if c := classes(word); c&persons != 0 {
			t.Errorf("%s is a name", word)
		}
	}
}

// No two stems of the lists share a hash, and no word of the lists is lost.
func TestTableHoldsTheLists(t *testing.T) {
	x := table()
	seen := map[uint64]string{}
	b := newBuilder()
	words := 0
	for _, file := range []string{"given_ru", "given_ky", "given_en", "surnames", "surnames_en", "places"} {
		b.each("lists/"+file+".txt", func(_, word string) {
			for len(word) > 0 && (word[len(word)-1] == '*' || word[len(word)-1] == '!' || word[len(word)-1] == '~' || word[len(word)-1] == '+') {
				word = word[:len(word)-1]
			}
			folded := b.fold(word)
			if folded == "" {
				return
			}
			words++
			if x.classify([]byte(folded)) == 0 {
				t.Errorf("%s of %s is not found", word, file)
			}
			var w [longestWord]uint8
			h := uint64(seed)
			for _, l := range w[:spell([]byte(folded), w[:])] {
				h = mix(h, l)
			}
			if other, ok := seen[h]; ok && other != folded {
				t.Errorf("%s and %s have one hash", folded, other)
			}
			seen[h] = folded
		})
	}
	t.Logf("%d names in the lists, %d stems in the table of %d places", words, x.stems, len(x.slots))
}

func TestShapes(t *testing.T) {
	for word, want := range map[string]class{
		"Абдраев": likeFamily, "Абдраевой": likeFamily, "Абдраевага": likeFamily, "Тургунбаевдин": steppe, "Василенко": likeFamily, "Эркинович": patronymic, "Эркиновнага": patronymic, "Эркиновне": patronymic,
		"Жаныбекке": likeGiven, "Гүлзаргүл": likeGiven, "Ogonbaev": likeFamily, "очень": 0, "магазин": likeFamily,
	} {
		var d text.Document
		d.Read(word)
		if got := table().shape(d.Word(0)); got&want != want {
			t.Errorf("%s: %b", word, got)
		}
	}
}

func TestSpellAndUnspell(t *testing.T) {
	var w [longestWord]uint8
	for _, word := range []string{"айгул", "sarah's", "яя", ""} {
		n := spell([]byte(word), w[:])
		if got := string(unspell(w[:n], nil)); got != word {
			t.Errorf("%q became %q", word, got)
		}
	}
	if n := spell(make([]byte, 100), w[:]); n != 0 {
		t.Errorf("a word of 100 letters has %d", n)
	}
}

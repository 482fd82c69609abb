package text

import (
	"strings"
	"testing"
)

// clauses shows the clauses of a text: its words, behind a sign of the link (! contrast, + and, = condition, < cause) and before one of
// what it is (? question, * wish); || stands where a sentence begins.
func clauses(d *Document) string {
	var b strings.Builder
	for k := range d.Clauses {
		c := &d.Clauses[k]
		if k > 0 {
			b.WriteString(" | ")
			if c.Start {
				b.WriteString("| ")
			}
		}
		b.WriteString([]string{"", "!", "+", "=", "<"}[c.Link])
		first := true
		for i := c.First; i < c.Last; i++ {
			if t := d.Tokens[i].Kind; t != Word && t != Number && t != Emoji {
				continue
			}
			if !first {
				b.WriteByte(' ')
			}
			first = false
			b.WriteString(d.Text(int(i)))
		}
		if c.Question {
			b.WriteByte('?')
		}
		if c.Wish {
			b.WriteByte('*')
		}
	}
	return b.String()
}

func TestClauses(t *testing.T) {
	for source, want := range map[string]string{
		"Вкусно, но дорого":                      "Вкусно | !но дорого",
		"Вкусно но дорого":                       "Вкусно | !но дорого",
		"Кофе хороший, а десерты сухие":          "Кофе хороший | !а десерты сухие",
		"Хорошо и недорого":                      "Хорошо | +и недорого",
		"Всё отлично! Правда, шумно.":            "Всё отлично | | !Правда | шумно",
		"Хотя цена высокая, качество хорошее":    "!Хотя цена высокая | качество хорошее",
		"Тамагы даамдуу, бирок кызматы жай":      "Тамагы даамдуу | !бирок кызматы жай",
		"Баасы кымбат, ошентсе да сапаттуу":      "Баасы кымбат | !ошентсе да сапаттуу",
		"Жакты, анткени тез келди":               "Жакты | <анткени тез келди",
		"Эгер арзан болсо, алмакмын":             "=Эгер арзан болсо* | алмакмын",
		"Nice staff but slow":                    "Nice staff | !but slow",
		"Nice staff. However, the room was cold": "Nice staff | | !However | the room was cold",
		"Почему так дорого?":                     "Почему так дорого?",
		"Скажите, есть ли доставка? Спасибо":     "Скажите? | есть ли доставка? | | Спасибо",
		"Вкусно, но почему дорого?":              "Вкусно | !но почему дорого?",
		"Хотелось бы больше касс":                "Хотелось бы больше касс*",
		"Было бы хорошо открыть ещё одну кассу":  "Было бы хорошо открыть ещё одну кассу*",
		"It would be nice to have more staff":    "It would be nice to have more staff*",
		"Дагы бир касса болсо жакшы болмок":      "Дагы бир касса болсо жакшы болмок*",
		"Керек эле":                              "Керек эле*",
		"Заказ на site.kg, 4.5 из 5":             "Заказ на site kg | 4.5 из 5",
		"Супер 👍👍 Рахмат":                        "Супер 👍 👍 | | Рахмат",
		"Плохо\nГрязно":                          "Плохо | | Грязно",
		"Всё хорошо (кроме цены)":                "Всё хорошо | кроме цены",
		"!!!": "",
		"👍":   "👍",
		"":    "",
	} {
		if got := clauses(read(source)); got != want {
			t.Errorf("%q is divided into\n%q, not\n%q", source, got, want)
		}
	}
}

func TestTokensKnowWhereTheyStand(t *testing.T) {
	d := read("Да, ОЧЕНЬ хорошо!!! Нееет\nОк")
	for i, want := range map[int]Flags{
		0: Capital | Sentence | Line,
		2: Capital | Upper | Spaced,
		3: Spaced,
		4: Elongated,
		5: Capital | Elongated | Sentence | Spaced,
		6: Capital | Sentence | Line | Spaced,
	} {
		if got := d.Tokens[i].Flags; got != want {
			t.Errorf("%q has flags %b, not %b", d.Text(i), got, want)
		}
	}
	if got := string(d.Word(5)); got != "нет" {
		t.Errorf("Нееет is folded to %q", got)
	}
}

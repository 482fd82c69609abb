package analysis

import (
	"strings"
	"testing"
	"time"
)

// hostile are texts of about n bytes that are made to cost more than their length.
func hostile(n int) []string {
	var all []string
	for _, unit := range []string{
		"a", "а", "А", "а ", "я, ", "!", "?", ".", ",", ". ", "-", "- ", "(", "((", ")", "\"", "'", "«", "<", "<a", "<p>", "</", "<!--", "&", "&amp;", "&#", "&#x41;", "@", "a@", "@a.", "a@b.c ",
		"a.", "http://", "www.", "#", "/", "\\", "_", "1", "1 ", "1-", "1.", "1,", "+", "+9", "+996 ", "+996 555 12 34 56 ", "4111 1111 1111 1111 ", "0 312 ", "№", "№ 1 ", "ID1234567 ",
		"не ", "не не очень ", "но ", "бирок ", "эмес ", "жок ", "болсо ", "не хуже ", "without ", "not ", "n't ", "Айгуль ", "Айгуль Асанова ", "А. ", "А.Б. ", "Асан уулу ", "кызы ", "г-н ", "ул. ", "улица ",
		"ул. Мира, д. ", "дом 5 ", "кв. ", "Иван ", "Иванов-", "хорошо", "хорошо ", "плохо, но хорошо, ", "очень очень плохо ", "баасы кымбат ", "цена ", "дорого ", "кассир, ",
		"e\u0301", "\u0301", "\u0300\u0301\u0302", "\u200b", "a\u200d", "👩\u200d", "👩🏽\u200d🚀", "🇰🇬", "\ufe0f", "\u202e", "\u2066\u2069", "\ufeff", "\u00a0", "\u3164", "\xff", "\xd0", "\xf0\x9f", "\x00", "\n", "\r\n",
		"ﷺ", "İ", "ß", "Ω", "漢", "한", "ა", "ا", "ө", "ү", "ң", "іқ", "salam ", "sh", "shch", "zh ", "spasibo ", ":)", ":(", "))", "<3", "¯\\_(ツ)_/¯",
	} {
		all = append(all, strings.Repeat(unit, n/len(unit)))
	}
	return all
}

// A text costs about as much as its quarters do together: four times as much would be what a loop within a loop costs. The fastest of several runs counts, what takes
// less than a millisecond is no danger, and what looks bad is looked at again, since the machine has other work as well.
func TestHostileTextsCostLinearTime(t *testing.T) {
	a := analyzer(t)
	var s Scratch
	fastest := func(text string, times int) time.Duration {
		best := time.Hour
		for range 3 {
			begun := time.Now()
			for range times {
				a.Analyze(&s, text, nil)
			}
			best = min(best, time.Since(begun))
		}
		return best
	}
	quarters, wholes := hostile(MaxText/4), hostile(MaxText)
	for i, text := range wholes {
		cost := fastest(text, 1)
		ratio := 0.0
		for range 5 {
			if ratio = float64(cost) / float64(fastest(quarters[i], 4)); cost < time.Millisecond || ratio < 2.2 {
				break
			}
			cost = min(cost, fastest(text, 1))
		}
		if cost >= time.Millisecond && ratio >= 2.2 {
			t.Errorf("%.30q: %v, %.1f times as much as its quarters", text, cost, ratio)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	a := analyzer(f)
	for _, text := range hostile(40) {
		f.Add(text)
	}
	for _, text := range comments(f)[:50] {
		f.Add(text)
	}
	var s Scratch
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > MaxText {
			return
		}
		sound(t, "fuzzed", a.Analyze(&s, text, nil))
	})
}

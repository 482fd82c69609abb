package redaction

import (
	"strings"
	"testing"
)

func TestMail(t *testing.T) {
	check(t, Email, []string{
		"‹a@b.kg›", "‹ivan.petrov@mail.ru›.", "(‹ivan@mail.ru›)", "‹a_b-c+d@x-y.co.uk›, да", "‹иван@почта.рф›", "‹IVAN@MAIL.RU›", "почта:‹ivan@mail.ru›", "‹ivan@mail.ru›Спасибо", "<‹ivan@mail.ru›>", "<b>‹ivan@mail.ru›</b>", "<a href=\"mailto:‹ivan@mail.ru›\">да</a>",
		"‹ivan @ mail.ru›", "‹ivan@ mail.ru›", "‹ivan собака mail точка ру›", "‹ivan(собака)mail.ru›", "‹ivan[at]gmail[dot]com›", "‹ivan [at] gmail [dot] com›", "‹john at gmail dot com›", "‹john dot smith at mail.ru›",
		"‹иван собака майл ру›", "‹ivan (at) mail.ru›", "‹ivan@mail точка ru›", "‹ivan@mail.ru›,‹petr@mail.ru›", "mailto:‹ivan@mail.ru›",
		"‹ivan_2000 (at) yandex (dot) ru›", "‹user@sub.domain.example.com›",
		"@ivan", "ivan@", "@", "a@b", "собака лает", "look at store.com", "bought at amazon.com", "@shop.kg", "meet at 5 dot", "у соседа собака точка не лает", "цена 5@10", "at mail.ru",
	})
}

func TestMailIsCutOff(t *testing.T) {
	long := strings.Repeat("a", 10_000)
	for _, source := range []string{long + "@mail.ru", "a@" + long, "a@" + long + ".ru"} {
		if found := findings(source); len(found) > 1 {
			t.Errorf("%d findings in a long address", len(found))
		}
	}
}

package phrase

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

func TestStems(t *testing.T) {
	for _, c := range []struct {
		label language.Label
		word  string
		stem  string
		form  form
	}{
		{language.Ru, "доставку", "доставк", noun},
		{language.Ru, "вежливая", "вежлив", adjective},
		{language.Ru, "опоздала", "опозд", verb},
		{language.Ru, "суп", "суп", noun},
		{language.Ru, "еда", "еда", noun},
		{language.Ky, "кезектерден", "кезек", noun},
		{language.Ky, "сатуучулардын", "сатууч", noun},
		{language.Ky, "кутпогон", "кутпо", verb},
		{language.En, "deliveries", "deliver", noun},
		{language.En, "delivery", "deliver", noun},
		{language.En, "quickly", "quick", adjective},
		{language.Unknown, "ресторанов", "ресторан", noun},
	} {
		var d text.Document
		d.Read(c.word)
		w := d.Word(0)
		n, f := vocabulary().stem(w, d.Tokens[0].Script, c.label)
		if got := string(w[:n]); got != c.stem || f != c.form {
			t.Errorf("%s: %q, %d", c.word, got, f)
		}
	}
}

func TestStopWords(t *testing.T) {
	for _, word := range []string{"и", "очень", "был", "жана", "менен", "келди", "the", "was", "don't", "өзүмдүн"} {
		var d text.Document
		d.Read(word)
		if !vocabulary().stopped(sum(d.Word(0))) {
			t.Errorf("%s is no stop word", word)
		}
	}
	for _, word := range []string{"доставка", "кезек", "delivery", "персонал"} {
		if vocabulary().stopped(sum([]byte(word))) {
			t.Errorf("%s is a stop word", word)
		}
	}
}

func TestSumTellsWordsApart(t *testing.T) {
	seen := map[uint64]string{}
	for _, w := range []string{"", "a", "aa", "aaaaaaaa", "aaaaaaaaa", "аб", "ба", "abcdefghabcdefgh", "abcdefghabcdefg"} {
		h := sum([]byte(w))
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have one sum", w, other)
		}
		seen[h] = w
	}
}

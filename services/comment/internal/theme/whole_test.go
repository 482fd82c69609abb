package theme

import (
	"slices"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// What is only ever written as a part of a longer phrase is told once.
func TestPartsOfPhrasesAreToldOnce(t *testing.T) {
	t.Parallel()
	phrase := func(text string, negative int64) store.PhraseCount {
		return store.PhraseCount{Text: text, Responses: [4]int64{negative}}
	}
	all := []store.PhraseCount{
		phrase("Касса", 50), phrase("Касса самообслуживания", 25), phrase("самообслуживания", 25), phrase("детский", 16), phrase("уголок", 16), phrase("детский уголок", 16),
		phrase("голок", 16), phrase("касса", 25),
	}
	var got []string
	for _, p := range Whole(all) {
		got = append(got, p.Text)
	}
	// "голок" is no word of the others.
	if want := []string{"Касса", "Касса самообслуживания", "детский уголок", "голок"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	tally := Tally{Recent: 9, RecentTotal: 20, BaselineTotal: 20}
	emerging := []Emerging{
		{Phrase: "app crashes", Change: Change{Tally: tally}}, {Phrase: "crashes", Change: Change{Tally: tally}}, {Aspect: "app", Change: Change{Tally: tally}},
		{Phrase: "app", Change: Change{Tally: Tally{Recent: 12, RecentTotal: 20, BaselineTotal: 20}}},
	}
	if got := whole(emerging); len(got) != 3 || got[0].Phrase != "app crashes" || got[1].Aspect != "app" || got[2].Phrase != "app" {
		t.Errorf("%+v", got)
	}
}

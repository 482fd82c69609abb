package redaction

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Kyrgyz and Russian in Latin letters are read alike whether their words were given a Cyrillic form or not.
func TestLatinLetters(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"Aigul eje rahmat", "[[NAME|Aigul]] eje rahmat"},
		{"Bakyt baike jardam berdi", "[[NAME|Bakyt]] baike jardam berdi"},
		{"menin atym Nurbek", "menin atym [[NAME|Nurbek]]"},
		{"menedjer Azamat pomog", "menedjer [[NAME|Azamat]] pomog"},
		{"dostavka Yuliya opozdala", "dostavka [[NAME|Yuliya]] opozdala"},
		{"adresim Kievskaya ulica 77", "adresim [[ADDRESS|Kievskaya ulica 77]]"},
		{"telefonum 0700 12 34 56", "telefonum [[PHONE|0700 12 34 56]]"},
	} {
		var d text.Document
		d.Read(c.source)
		if got := shown(c.source, Find(&d, language.Unknown, nil)); got != c.want {
			t.Errorf("%q gave %q", c.source, got)
		}
		for i := range d.Tokens {
			d.Transliterate(i, text.Cyrillic)
		}
		d.Divide()
		if got := shown(c.source, Find(&d, language.KyLat, nil)); got != c.want {
			t.Errorf("%q in Cyrillic gave %q", c.source, got)
		}
	}
}

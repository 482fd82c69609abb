package text

import "testing"

func TestTransliteration(t *testing.T) {
	for latin, want := range map[string]string{
		"ochen horosho":              "очень хорошо",
		"ploho dostavka zhdali":      "плохо доставка ждали",
		"teper' rabotaet":            "теперь работает",
		"vozmozhnost ponravilos":     "возможность понравилось",
		"zamechatelnyy personal":     "замечательный персонал",
		"borshch schi shhuka":        "борщ щи щука",
		"xorosho uje kotorie":        "хорошо уже которые",
		"moy moya svoyu rekomenduyu": "мой моя свою рекомендую",
		"nravitsya tsena":            "нравится цена",
		"silno polza bolshinstvo":    "сильно польза большинство",
		"vsyo eshyo":                 "все еще",
	} {
		d := read(latin)
		for i := range d.Tokens {
			d.Transliterate(i, Cyrillic)
		}
		if got := words(d); got != want {
			t.Errorf("%q is read as Russian %q, not %q", latin, got, want)
		}
	}
	for latin, want := range map[string]string{
		"jakshy zhakshy jakshi":    "жакшы жакшы жакшы",
		"jok emes ozu eken":        "жок эмес озу экен",
		"ishteyt iwteyt ishtebeit": "иштейт иштейт иштебейт",
		"kymbat kyzmat kizmat":     "кымбат кызмат кызмат",
		"chong jangy jaranga":      "чон жаны жаранга",
		"ayabay kayra aiyl ayyl":   "аябай кайра айыл айыл",
		"köp küttük ökmöt":         "коп куттук окмот",
		"şaar üçün çoñ":            "шаар учун чон",
		"deerlik kechee":           "дээрлик кечээ",
		"suiunduk":                 "суюндук",
		"birok kassir magazin":     "бирок кассир магазин",
	} {
		d := read(latin)
		for i := range d.Tokens {
			d.TransliterateKyrgyz(i)
		}
		if got := words(d); got != want {
			t.Errorf("%q is read as Kyrgyz %q, not %q", latin, got, want)
		}
	}
}

// words are the folded words of a document.
func words(d *Document) (s string) {
	for i := range d.Tokens {
		if d.Tokens[i].Kind == Word {
			if s != "" {
				s += " "
			}
			s += string(d.Word(i))
		}
	}
	return s
}

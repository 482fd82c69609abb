package search

import (
	"strings"
	"unicode/utf8"
)

// sound is a kind of letters.
type sound uint8

const (
	vowel     sound = 1 << iota
	voiced          // a voiced consonant, among them those that sound long
	voiceless       // a voiceless consonant
	narrow          // ы, и or у, with which possessive endings end
	liquid          // й, р or л, after which a plural keeps its л
	consonant = voiced | voiceless
	sonorous  = vowel | voiced
)

const (
	// shortestStem is how many letters a stem keeps.
	shortestStem = 3
	// longestSuffix is how many letters an ending has at most.
	longestSuffix = 6
)

// suffixes are endings of nouns, and the commonest of verbs, in folded spelling, with what they may follow. Endings that begin with т and к follow voiceless consonants, those with д and г
// what sounds, those with н vowels: that divides сапат|ы (its quality) from ат|ты (the horse), where a mere list of endings would not.
var suffixes = endings()

// endings writes out the endings for all harmonies of vowels.
func endings() map[string]sound {
	out := map[string]sound{}
	add := func(after sound, forms string) {
		for _, form := range strings.Fields(forms) {
			out[form] |= after
		}
	}
	// Wide vowels: а е о (ө is о). Narrow ones: ы и у (ү is у).
	wide := func(after sound, patterns string) {
		for _, v := range []string{"а", "е", "о"} {
			add(after, strings.ReplaceAll(patterns, "A", v))
		}
	}
	close := func(after sound, patterns string) {
		for _, v := range []string{"ы", "и", "у"} {
			add(after, strings.ReplaceAll(patterns, "I", v))
		}
	}
	both := func(after sound, patterns string) {
		for _, v := range []string{"а ы", "е и", "о у"} {
			vowels := strings.Fields(v)
			add(after, strings.NewReplacer("A", vowels[0], "I", vowels[1]).Replace(patterns))
		}
	}
	// Plural.
	wide(vowel|liquid, "лAр")
	wide(voiced, "дAр")
	wide(voiceless, "тAр")
	// Cases.
	close(vowel, "нIн нI")
	close(voiced, "дIн дI")
	close(voiceless, "тIн тI")
	wide(sonorous, "гA дA дAн")
	wide(voiceless, "кA тA тAн")
	wide(narrow, "нA ндA нAн")
	// What is at a place.
	both(sonorous, "дAгI")
	both(voiceless, "тAгI")
	add(vowel|voiced, "догу")
	add(voiceless, "тогу")
	// Whose it is.
	close(vowel, "сI нIз бIз")
	close(consonant, "I Iм Iн IнIз IбIз")
	// баа|сы (its price) and автобус|у (its bus) cannot be told apart, nor касса|ны and дукон|у: с and н go from all.
	add(vowel, "с н")
	// With, without, and what is like it.
	add(vowel|liquid, "луу")
	add(voiced, "дуу")
	add(voiceless, "туу")
	close(vowel|consonant, "сIз")
	// Verbs.
	wide(sonorous, "гAн")
	wide(voiceless, "кAн")
	close(sonorous, "дIм дIк дIнIз")
	close(voiceless, "тIм тIк тIнIз")
	return out
}

// sounds are the kinds that a letter is of.
func sounds(r rune) sound {
	switch r {
	case 'ы', 'и', 'у':
		return vowel | narrow
	case 'а', 'е', 'о', 'э', 'ю', 'я':
		return vowel
	case 'п', 'т', 'к', 'с', 'ш', 'щ', 'ч', 'ц', 'ф', 'х':
		return voiceless
	case 'й', 'р', 'л':
		return voiced | liquid
	case 'ь', 'ъ':
		return 0
	}
	return voiced
}

// kyrgyz is the stem of a folded word: endings are taken off as long as there are any, the longest first, so that words that end like an inflected one by
// themselves come to the same stem in all of their forms.
func kyrgyz(word string) string {
	letters := []rune(word)
	for {
		at := ending(word, letters)
		if at == len(letters) {
			return harden(word, letters)
		}
		for _, r := range letters[at:] {
			word = word[:len(word)-utf8.RuneLen(r)]
		}
		letters = letters[:at]
	}
}

// ending is where the ending of a word begins.
func ending(word string, letters []rune) int {
	begin, found := len(word), len(letters)
	for at := len(letters) - 1; at >= max(shortestStem, len(letters)-longestSuffix); at-- {
		begin -= utf8.RuneLen(letters[at])
		if after, ok := suffixes[word[begin:]]; ok && sounds(letters[at-1])&after != 0 && hasVowel(letters[:at]) {
			found = at
		}
	}
	return found
}

func hasVowel(letters []rune) bool {
	for _, r := range letters {
		if sounds(r)&vowel != 0 {
			return true
		}
	}
	return false
}

// harden makes the last letter what it is without an ending: кезег(и) is кезек, китеб(и) is китеп. A soft sign goes: endings push it out.
func harden(word string, letters []rune) string {
	if len(letters) > 1 && letters[len(letters)-1] == 'ь' {
		word, letters = word[:len(word)-len("ь")], letters[:len(letters)-1]
	}
	if len(letters) > 0 {
		switch letters[len(letters)-1] {
		case 'г':
			return word[:len(word)-len("г")] + "к"
		case 'б':
			return word[:len(word)-len("б")] + "п"
		}
	}
	return word
}

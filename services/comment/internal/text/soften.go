package text

import "bytes"

// endings of Russian words as their Latin letters read, and as they are.
var endings = [...]struct{ read, meant string }{
	{"ность", "ность"}, {"ност", "ность"}, {"остю", "остью"}, {"осту", "остью"}, {"лос", "лось"}, {"лас", "лась"}, {"лис", "лись"}, {"юс", "юсь"}, {"ат", "ать"},
	{"ании", "ании"}, {"ении", "ении"}, {"ний", "ный"}, {"вий", "вый"}, {"рий", "рый"}, {"мий", "мый"}, {"тий", "тый"}, {"дий", "дый"}, {"лий", "лый"},
	{"нии", "ный"}, {"тии", "тый"}, {"шии", "ший"}, {"кии", "кий"}, {"чии", "чий"}, {"щии", "щий"}, {"жии", "жий"}, {"хии", "хий"}, {"ние", "ние"}, {"тел", "тель"},
}

// soften puts back what Latin letters leave out of Russian words: ь in endings and behind л before another consonant, ы in adjectives.
func (s *speller) soften(start int) {
	if s.soft {
		s.out = append(s.out, "ь"...)
	} else if len(s.out)-start >= 10 { // five letters
		for k := range endings {
			e := &endings[k]
			if bytes.HasSuffix(s.out[start:], []byte(e.read)) {
				s.out = append(s.out[:len(s.out)-len(e.read)], e.meant...)
				break
			}
		}
	}
	// From the end, so that what has moved is not looked at again.
	for i := len(s.out) - 4; i >= start+2; i -= 2 {
		if s.out[i] == 0xd0 && s.out[i+1] == 0xbb && softens(letterAt(s.out, i-2), letterAt(s.out, i+2), letterAt(s.out, i+4)) {
			s.out = append(s.out, 0, 0)
			copy(s.out[i+4:], s.out[i+2:])
			copy(s.out[i+2:], "ь")
		}
	}
}

func letterAt(b []byte, i int) uint16 {
	if i < 0 || i+1 >= len(b) {
		return 0
	}
	return uint16(b[i])<<8 | uint16(b[i+1])
}

// Letters as letterAt gives them.
const (
	letterA  = 0xd0b0
	letterE  = 0xd0b5
	letterI  = 0xd0b8
	letterK  = 0xd0ba
	letterM  = 0xd0bc
	letterN  = 0xd0bd
	letterO  = 0xd0be
	letterT  = 0xd182
	letterU  = 0xd183
	letterSh = 0xd188
	letterZ  = 0xd0b7
)

// softens says whether л is soft between these letters: "сильно", "больше", "польза", "только", "результат", "фильм".
func softens(before, next, after uint16) bool {
	switch next {
	case letterN:
		return before == letterA || before == letterE || before == letterI
	case letterSh, letterZ:
		return true
	case letterK:
		return before == letterO && (after == letterO || after == letterU)
	case letterT:
		return before == letterU
	case letterM:
		return before == letterI
	}
	return false
}

package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// timed tells months and the like by the preposition before them: in May, next Summer.
func (x *scanner) timed(i int) bool {
	if i == 0 || x.d.Tokens[i].Script != text.Latin {
		return false
	}
	switch string(x.d.Word(i - 1)) {
	case "in", "on", "since", "until", "till", "last", "next", "this", "the", "a", "an", "every", "by", "of", "early", "late", "my", "your", "our", "for", "no", "and", "or", "i", "we", "they":
		return true
	}
	return false
}

// thanksGod tells «слава богу» from a person of that name.
func (x *scanner) thanksGod(i int) bool {
	if w := x.d.Word(i); !isOf(w, "слава") && !isOf(w, "slava") || i+1 >= len(x.d.Tokens) {
		return false
	}
	switch string(x.d.Word(i + 1)) {
	case "богу", "bogu", "господу", "аллаху", "всевышнему", "кудайга", "кудаю":
		return true
	}
	return false
}

// paired says whether a word is joined by «and» to a name.
func (x *scanner) paired(i int) bool {
	if i >= 2 && and(x.d.Word(i-1)) {
		if n := len(x.found); n > x.first && x.found[n-1].Kind == Name && x.found[n-1].End == x.d.Tokens[i-2].End {
			return true
		}
		if x.is(i-2, ']') && i >= 3 && x.placeholder(i-3) && x.d.Text(i-3) == names[Name] {
			return true
		}
	}
	return i+2 < len(x.d.Tokens) && and(x.d.Word(i+1)) && x.d.Tokens[i+2].Flags&text.Capital != 0 && x.class(i+2)&(given|short|givenWord) != 0
}

func and(w []byte) bool {
	switch string(w) {
	case "и", "жана", "менен", "да", "and", "с":
		return true
	}
	return false
}

// isOf compares a word.
func isOf(w []byte, with string) bool { return string(w) == with }

// before is the word before token i, if there is one.
func (x *scanner) before(i int) []byte {
	if i < 1 {
		return nil
	}
	return x.d.Word(i - 1)
}

// acts says whether what follows is said of persons: «Надежда очень помогла», «Эркин жардам берди», or whether a person is addressed.
func (x *scanner) acts(i int) bool {
	if x.is(i+1, ',') && x.class(i+2)&thanks != 0 || x.class(i+1)&thanks != 0 {
		return true
	}
	for k := i + 1; k <= i+3 && k < len(x.d.Tokens); k++ {
		t := &x.d.Tokens[k]
		if t.Kind != text.Word || t.Clause != x.d.Tokens[i].Clause {
			return false
		}
		if t.Script == text.Latin && k > i+1 {
			return false
		}
		for _, verb := range deeds {
			if w := x.d.Word(k); len(w) >= len(verb) && string(w[:len(verb)]) == verb {
				return t.Script != text.Latin || !vague(w) || x.personal(k+1)
			}
		}
	}
	return false
}

// vague tells the English words that are said of months and flowers as well as of persons.
func vague(w []byte) bool {
	switch string(w) {
	case "was", "is", "has", "and", "at", "from":
		return true
	}
	return false
}

// personal says whether a word, or the one behind an adverb, is said of persons: was very helpful.
func (x *scanner) personal(i int) bool {
	for k := i; k < min(i+2, len(x.d.Tokens)); k++ {
		switch string(x.d.Word(k)) {
		case "very", "so", "really", "super", "extremely", "always", "such", "incredibly", "absolutely", "the", "a", "not", "been", "an":
			continue
		case "helpful", "friendly", "kind", "polite", "rude", "lovely", "amazing", "awesome", "attentive", "patient", "professional", "sweet", "knowledgeable",
			"courteous", "helping", "serving", "our", "my", "wonderful", "fantastic", "welcoming", "reception", "support", "server", "waitress", "cashier", "gem", "star", "excellent", "great":
			return true
		}
		return false
	}
	return false
}

// deeds are how words begin, folded, that are said of persons.
var deeds = [...]string{
	"помог", "обслуж", "ответил", "сказал", "объясн", "обьясн", "нахам", "хамит", "хамил", "встрет", "принес", "привез", "проконсульт", "подсказ", "улыба", "нагруб", "груби", "отказал", "приех", "позвон", "перезвон", "оформ", "провел",
	"посовет", "предлож", "забыл", "перепут", "обману", "извинил", "работа", "подобр", "показал", "продал", "доставил", "молодец", "умниц", "профессионал", "вежлив", "внимательн",
	"жардам", "ырааз", "тейле", "айтт", "жооп", "түшүн", "тушун", "сыйла", "корсот", "орой", "сылык", "кечирим", "телефон", "алып", "жеткир", "чалды", "кенеш", "мамиле", "молодец", "азамат", "абдан", "жумшак", "адис",
	"was", "is", "helped", "served", "told", "said", "did", "made", "took", "went", "explained", "answered", "has", "and", "from", "at",
}

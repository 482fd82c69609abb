package redaction

// class is a set of what a word can be.
type class uint64

// Classes of words. Those of the lists bear the lists' names.
const (
	given      class = 1 << iota // given name
	givenWord                    // given name that is a word too
	givenRare                    // word that is a given name too
	family                       // surname
	familyWord                   // surname that is a word too
	familyRare                   // word that is a surname beside a given name
	role                         // trade or kinship: a name may follow
	title                        // stands before a name
	after                        // stands behind a name
	introduces                   // a name follows
	thanks                       // a name is likely to follow
	brand                        // the name that follows is not a person's
	behind                       // the name before is not a person's
	street                       // street word, before or behind the street's name
	road                         // English street word, behind the street's name
	avenue                       // name of a street
	house                        // before or behind the number of a house
	flat                         // before or behind the number of a flat
	phone                        // a phone number follows
	order                        // a number follows that is nobody's
	unit                         // the number before counts something
	ident                        // a personal number follows
	passport                     // a number of a passport follows
	card                         // a card number follows
	number                       // some number follows
	never                        // no name, whatever its capital says
	place                        // proper name of no person
	link                         // may stand between a word that introduces a name and the name
	at                           // the sign @ as a word
	dot                          // the sign . as a word
	child                        // уулу, кызы
	city                         // may stand before a street
	district                     // its number is part of the name: Джал-23
	mainly                       // street word that is a word of other things too
	lane                         // English street word of that kind
	word                         // form of a name that is first of all another word
	short                        // given name whose stem has three letters at most
	town                         // a city or village follows
	by                           // на, по: the street that follows is no person
	stair                        // entrance, floor: may stand between house and flat
	// Of no list, told by the form of the word:
	patronymic // Иванович, Ивановна
	likeFamily // ends like a surname
	likeGiven  // ends like a Turkic given name
	steppe     // ends like a surname of Central Asia alone
	likeWeak   // ends like a surname, and like many a word
)

// Groups of classes.
const (
	givens   = given | givenWord | givenRare | short
	families = family | familyWord | familyRare
	likes    = patronymic | likeFamily | likeGiven
	streets  = street | mainly | road | lane | avenue | district
	persons  = givens | families | likes
)

// classOf are the classes of the lines of lists/words.txt.
var classOf = map[string]class{
	"role": role, "title": title, "after": after, "names": introduces, "thanks": thanks, "brand": brand, "behind": behind,
	"street": street, "road": road, "avenue": avenue, "house": house, "flat": flat, "phone": phone, "order": order, "unit": unit,
	"ident": ident, "passport": passport, "card": card, "number": number, "never": never, "link": link, "at": at, "dot": dot,
	"child": child, "city": city, "stair": stair, "by": by, "town": town, "district": district, "mainly": mainly, "lane": lane, "word": word,
}

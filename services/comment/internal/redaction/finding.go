// Package redaction finds personal data in comments in Russian, Kyrgyz and English and replaces it, so that a text can leave the
// service, or be indexed, without the persons in it.
//
// One walk over the tokens of a text does all of it: words are looked up by stem and ending in one table, numbers are read in
// groups, and every look ahead or back has a fixed reach, so that no text costs more than its length.
//
// Where two readings of a place compete, the first of this order stays: e-mail address, then by the digits card, personal number,
// passport, phone, then postal address, then name. Findings never overlap and are in the order of the text.
package redaction

// Kind says what a finding is.
type Kind uint8

// Kinds of personal data.
const (
	Name     Kind = iota // given name, surname, patronymic, together as they stand, with their case ending, without title or role
	Phone                // from + or the first bracket or digit to the last digit
	Email                // e-mail address, also one whose signs are written as words
	Card                 // number of a bank card that passes its check
	ID                   // personal, tax, insurance or licence number
	Passport             // number of a passport or identity card, with its series
	Address              // from street to flat

	Kinds = int(Address) + 1
)

// names are the kinds in evaluation files, placeholders in square brackets.
var (
	names        = [Kinds]string{"NAME", "PHONE", "EMAIL", "CARD", "ID", "PASSPORT", "ADDRESS"}
	placeholders = [Kinds]string{"[NAME]", "[PHONE]", "[EMAIL]", "[CARD]", "[ID]", "[PASSPORT]", "[ADDRESS]"}
)

// String returns the name of the kind in evaluation files.
func (k Kind) String() string { return names[k] }

// Placeholder returns what a finding of the kind is replaced by.
func (k Kind) Placeholder() string { return placeholders[k] }

// ParseKind returns the kind of a name; ok is false if there is none.
func ParseKind(name string) (k Kind, ok bool) {
	for i, n := range names {
		if n == name {
			return Kind(i), true
		}
	}
	return 0, false
}

// Finding is a place of personal data.
type Finding struct {
	Kind       Kind
	Start, End int32 // bytes of Document.Source
}

// Redact appends the source with placeholders in place of what was found to dst. The findings are those of Find.
func Redact(source string, found []Finding, dst []byte) []byte {
	at := int32(0)
	for _, f := range found {
		dst = append(dst, source[at:f.Start]...)
		dst = append(dst, placeholders[f.Kind]...)
		at = f.End
	}
	return append(dst, source[at:]...)
}

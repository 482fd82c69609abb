package api

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// employeesNamed are the directory's employees, where fields are changed whose text names nobody.
func (s *caseServer) employeesNamed(ctx context.Context, org string, fields []string) ([]store.EmployeeName, error) {
	if !slices.Contains(fields, "prevention") {
		return nil, nil
	}
	names, err := s.Store.EmployeeNames(ctx, org)
	return names, storeError(err)
}

// namesNobody refuses a prevention whose text names an employee: what is to be done is about how work is done, not about who did it.
func namesNobody(c *segmentationv1.Case, employees []store.EmployeeName) error {
	text := words(c.GetPrevention().GetText())
	for _, e := range employees {
		if names(text, e) {
			return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_CASE_NAMES_PERSON, "case.prevention.text",
				"names an employee: say what is done about the team, process, technology or product")
		}
	}
	return nil
}

// words are the words of a text in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// names tells whether the words of a text name an employee: by the whole name or by a surname in it, each in any grammatical case, or by the identifier.
func names(text []string, e store.EmployeeName) bool {
	name, id := words(e.DisplayName), words(e.ID)
	if stand(text, name, isCaseOf) || tells(id) && stand(text, id, func(word, part string) bool { return word == part }) {
		return true
	}
	for _, part := range name {
		if len(name) > 1 && isSurname(part) && stand(text, []string{part}, isCaseOf) {
			return true
		}
	}
	return false
}

// stand tells whether parts stand in a text one after the other.
func stand(text, parts []string, is func(word, part string) bool) bool {
	for at := 0; len(parts) > 0 && at+len(parts) <= len(text); at++ {
		if slices.EqualFunc(text[at:at+len(parts)], parts, is) {
			return true
		}
	}
	return false
}

// tells tells whether an identifier is one of somebody rather than a number or a word of a text: it has letters and digits, or many digits.
func tells(id []string) bool {
	letters, digits := 0, 0
	for _, part := range id {
		for _, r := range part {
			if unicode.IsDigit(r) {
				digits++
			} else {
				letters++
			}
		}
	}
	return letters > 0 && digits > 0 && letters+digits >= stemLetters || digits >= ofNumber
}

const (
	// stemLetters is how many letters of a name stay the same in all cases, at least; shorter ones are only known as they are.
	stemLetters = 3
	// endingLetters is how long endings of cases are at most, as in Russian -ами and Kyrgyz -нын.
	endingLetters = 3
	// surnameLetters is how long surnames are that are known by themselves, at least.
	surnameLetters = 4
	// ofNumber is how many digits an identifier of digits alone has that is no number of a text.
	ofNumber = 5
)

// surnames are the ends of surnames, and of no first names that are as long but a few.
var surnames = []string{
	"ов", "ова", "ев", "ева", "ёв", "ёва", "ин", "ына", "ын", "ский", "ская", "цкий", "цкая", "енко", "чук", "ov", "ova", "ev", "eva", "sky", "skiy", "skaya", "enko", "chuk",
}

func isSurname(word string) bool {
	return utf8.RuneCountInString(word) >= surnameLetters && slices.ContainsFunc(surnames, func(end string) bool { return strings.HasSuffix(word, end) })
}

// isCaseOf tells whether a word is a name, or has an ending after its stem, which is the name without a vowel or a sign at its end.
func isCaseOf(word, name string) bool {
	if word == name {
		return true
	}
	stem := strings.TrimRight(name, "аеёиоуүөыэюяйьъ")
	length := utf8.RuneCountInString(stem)
	if r, _ := utf8.DecodeLastRuneInString(name); length < stemLetters || !unicode.IsLetter(r) {
		return false
	}
	ending, begins := strings.CutPrefix(word, stem)
	return begins && utf8.RuneCountInString(ending) <= endingLetters
}

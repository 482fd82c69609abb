// Package near finds the name that somebody meant who wrote one that is not known.
package near

import "unicode/utf8"

// longest is the length up to which names are compared, in characters: nobody mistypes a longer one that means anything.
const longest = 256

// Name returns the one among the names that needs the fewest single-letter edits to become the name, the first of several; "" when even that is far.
func Name(name string, among []string) string {
	n := utf8.RuneCountInString(name)
	if n > longest {
		return ""
	}
	a := []rune(name)
	best, least := "", max(2, n/3)+1
	for _, c := range among {
		length := utf8.RuneCountInString(c)
		// So many letters are missing or too many that no edits could make up for them.
		if length > longest || max(length-n, n-length) >= least {
			continue
		}
		// A name of which every letter is another one is no misspelling.
		if d := distance(a, []rune(c)); d < least && d < max(n, length) {
			best, least = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance in characters.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

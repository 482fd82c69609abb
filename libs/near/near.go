// Package near finds the name that somebody meant who wrote one that is not known.
package near

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// longest is the length up to which names are compared, in characters: nobody mistypes a longer one that means anything.
const longest = 256

// Name returns the one among the names that needs the fewest single-letter edits to become the name, the first of several; "" when even that is far. Small and
// capital letters are the same, and prefixes with a dot that both have say nothing about the names behind them.
func Name(name string, among []string) string {
	if utf8.RuneCountInString(name) > longest {
		return ""
	}
	best, least := "", longest
	for _, c := range among {
		if utf8.RuneCountInString(c) > longest {
			continue
		}
		if d, near := apart(behind(name, c)); near && d < least {
			best, least = c, d
		}
	}
	return best
}

// behind are both names in small letters, without the part up to a dot that they share.
func behind(a, b string) (x, y []rune) {
	a, b = strings.ToLower(a), strings.ToLower(b)
	for {
		before, rest, dotted := strings.Cut(a, ".")
		other, otherRest, otherDotted := strings.Cut(b, ".")
		if !dotted || !otherDotted || before != other {
			return []rune(a), []rune(b)
		}
		a, b = rest, otherRest
	}
}

// apart is how many edits lie between a name and another one, and whether that is near.
func apart(name, other []rune) (d int, near bool) {
	n, length := len(name), len(other)
	most := max(2, n/3)
	// So many letters are missing or too many that no edits could make up for them.
	if n == 0 || max(length-n, n-length) > most {
		return 0, false
	}
	d = Distance(name, other)
	// A name of which more than half is other letters is no misspelling, unless only their order is another.
	return d, d <= most && (2*d <= max(n, length) || anagram(name, other))
}

// anagram tells whether two names are made of the same letters.
func anagram(a, b []rune) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Distance is the Levenshtein distance: the fewest letters that are added, left out or replaced to make one of the other.
func Distance[T comparable](a, b []T) int {
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

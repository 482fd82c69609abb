package postgres

import (
	"regexp"
	"strconv"
	"strings"
)

var parameter = regexp.MustCompile(`\$(\d+)`)

// repeated writes an insertion of one row as one of several, which saves the statements' beginnings and ends. It is empty where the statement is no plain
// insertion.
func repeated(statement string, rows int) string {
	const values = "VALUES "
	at := strings.Index(statement, values)
	if at < 0 {
		return ""
	}
	head, rest := statement[:at+len(values)], statement[at+len(values):]
	end := tupleEnd(rest)
	tuple, tail := rest[:end], rest[end:]
	width := len(parameter.FindAllString(tuple, -1))
	if end == 0 || parameter.MatchString(tail) {
		return ""
	}
	tuples := make([]string, rows)
	for i := range tuples {
		tuples[i] = parameter.ReplaceAllStringFunc(tuple, func(p string) string {
			n, _ := strconv.Atoi(p[1:])
			return "$" + strconv.Itoa(i*width+n)
		})
	}
	return head + strings.Join(tuples, ", ") + tail
}

// tupleEnd is where the parenthesis closes with which a text begins; 0 when there is none.
func tupleEnd(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			if i == 0 {
				return 0
			}
			return i + 1
		}
	}
	return 0
}

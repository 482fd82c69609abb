package composite

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a number or a name of a formula; anything else stands for itself, character by character.
var token = regexp.MustCompile(`^(?:(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*)`)

// reserved are the names that the grammar of CEL keeps for itself.
var reserved = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace", "null", "package", "return",
	"true", "var", "void", "while",
}

// syntax says what is wrong with a formula that the parser refuses: where, what was expected and what stands there.
func syntax(formula string) string {
	// open are the columns of parentheses that are not closed; operand tells that a number, a name or a parenthesis must come.
	var open []int
	operand := true
	for at := 0; at < len(formula); {
		r, size := utf8.DecodeRuneInString(formula[at:])
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		column := utf8.RuneCountInString(formula[:at]) + 1
		t := token.FindString(formula[at:])
		switch {
		case t != "" && operand:
			if what := misread(t); what != "" {
				return fmt.Sprintf("column %d: %s", column, what)
			}
			operand = false
		case t == "" && operand && r == '-':
		case t == "" && operand && r == '(':
			open = append(open, column)
		case t == "" && !operand && strings.ContainsRune("+-*/", r):
			operand = true
		case t == "" && !operand && r == ')' && len(open) > 0:
			open = open[:len(open)-1]
		case r == ')' && len(open) == 0:
			return fmt.Sprintf("column %d: ) closes nothing", column)
		default:
			if t == "" {
				t = string(r)
			}
			return fmt.Sprintf("column %d: expected %s, not %s", column, expected(operand, open), quoted(t))
		}
		at += max(len(t), size)
	}
	switch {
	case operand:
		return fmt.Sprintf("column %d: expected %s, not the end", utf8.RuneCountInString(formula)+1, expected(true, open))
	case len(open) > 0:
		return fmt.Sprintf("column %d: the ( is not closed", open[len(open)-1])
	}
	return fmt.Sprintf("it may hold numbers, names of terms, + - * / and up to %d parentheses within each other only", maxFormulaDepth)
}

// expected is what may come next.
func expected(operand bool, open []int) string {
	switch {
	case operand:
		return "a number, a term or ("
	case len(open) > 0:
		return "+ - * / or )"
	}
	return "+ - * / or the end"
}

// quoted is what stands somewhere, in quotes where it could not be told from the sentence.
func quoted(t string) string {
	if strings.ContainsAny(t, "+-*/()") {
		return t
	}
	return strconv.Quote(t)
}

// misread says why a number or a name cannot be taken; empty when it can.
func misread(t string) string {
	if slices.Contains(reserved, t) {
		return strconv.Quote(t) + " is a word of the grammar: call the term otherwise"
	}
	if c := t[0]; c != '.' && (c < '0' || c > '9') {
		return ""
	}
	_, err := strconv.ParseFloat(t, 64)
	if err == nil && !strings.ContainsAny(t, ".eE") {
		_, err = strconv.ParseInt(t, 10, 64)
	}
	if err != nil {
		return t + " is too great for a number"
	}
	return ""
}

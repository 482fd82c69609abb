package postgres

import (
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/search"
)

// dialect searches with vectors of lexemes, which are our own stems: none of PostgreSQL's dictionaries has a say.
type dialect struct{}

// InsertTerms implements relational.Dialect.
func (dialect) InsertTerms() string {
	return `INSERT INTO comment_terms (organization, seq, terms) VALUES ($1, $2, CAST($3::text AS tsvector))`
}

// DeleteTerms implements relational.Dialect.
func (dialect) DeleteTerms() string {
	return `DELETE FROM comment_terms WHERE organization = $1 AND seq = $2`
}

const (
	// readingGap keeps phrases from beginning in one reading and ending in the other.
	readingGap = 2
	// lastPosition is the last place that a vector can tell.
	lastPosition = 16383
)

// EncodeTerms implements relational.Dialect.
func (dialect) EncodeTerms(terms string) []any {
	var out strings.Builder
	at := 0
	for reading := range strings.SplitSeq(terms, search.Separator) {
		for stem := range strings.FieldsSeq(reading) {
			at++
			out.WriteString(lexeme(stem))
			out.WriteByte(':')
			out.WriteString(strconv.Itoa(min(at, lastPosition)))
			out.WriteByte(' ')
		}
		at += readingGap
	}
	return []any{out.String()}
}

// lexeme is a stem as vectors and queries are written.
func lexeme(stem string) string {
	if stem == "" {
		// It may not be empty, and no stem is a space.
		stem = " "
	}
	return `'` + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(stem) + `'`
}

// Matching implements relational.Dialect.
func (dialect) Matching(words *search.Query, arg func(any) string) string {
	const holds = `EXISTS (SELECT 1 FROM comment_terms w WHERE w.organization = c.organization AND w.seq = c.seq AND w.terms @@ `
	var conditions []string
	if len(words.All) > 0 {
		conditions = append(conditions, holds+query(expression(words.All, " & "), arg)+`)`)
	}
	if len(words.None) > 0 {
		conditions = append(conditions, `NOT `+holds+query(expression(words.None, " | "), arg)+`)`)
	}
	return strings.Join(conditions, " AND ")
}

// Rank implements relational.Dialect.
func (dialect) Rank(words *search.Query, arg func(any) string) (join, condition, rank string) {
	return ` JOIN comment_terms f ON f.organization = c.organization AND f.seq = c.seq`, "", `-ts_rank(f.terms, ` + query(expression(words.All, " & "), arg) + `)`
}

// query is a parameter that is a query.
func query(text string, arg func(any) string) string {
	return `CAST(` + arg(text) + `::text AS tsquery)`
}

// expression is phrases in the language of queries.
func expression(phrases []search.Phrase, operator string) string {
	all := make([]string, len(phrases))
	for i, p := range phrases {
		readings := make([]string, len(p))
		for j, stems := range p {
			lexemes := make([]string, len(stems))
			for k, stem := range stems {
				lexemes[k] = lexeme(stem)
			}
			readings[j] = "(" + strings.Join(lexemes, " <-> ") + ")"
		}
		all[i] = "(" + strings.Join(readings, " | ") + ")"
	}
	return strings.Join(all, operator)
}

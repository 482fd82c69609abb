package sqlite

import (
	"strings"

	"github.com/otklik/otklik/services/comment/internal/search"
)

// dialect searches with FTS5.
type dialect struct{}

// InsertTerms implements relational.Dialect.
func (dialect) InsertTerms() string {
	return `INSERT INTO comment_terms (organization, rowid, terms, others) VALUES ($1, $2, $3, $4)`
}

// DeleteTerms implements relational.Dialect.
func (dialect) DeleteTerms() string { return `DELETE FROM comment_terms WHERE $1 <> '' AND rowid = $2` }

// EncodeTerms implements relational.Dialect.
func (dialect) EncodeTerms(terms string) []any {
	first, second, _ := strings.Cut(terms, search.Separator)
	return []any{first, second}
}

// Matching implements relational.Dialect.
func (dialect) Matching(words *search.Query, arg func(any) string) string {
	var conditions []string
	if len(words.All) > 0 {
		conditions = append(conditions, `c.seq IN (SELECT rowid FROM comment_terms WHERE comment_terms MATCH `+arg(expression(words.All, " AND "))+`)`)
	}
	if len(words.None) > 0 {
		conditions = append(conditions, `c.seq NOT IN (SELECT rowid FROM comment_terms WHERE comment_terms MATCH `+arg(expression(words.None, " OR "))+`)`)
	}
	return strings.Join(conditions, " AND ")
}

// Rank implements relational.Dialect.
func (dialect) Rank(words *search.Query, arg func(any) string) (join, condition, rank string) {
	// The limit keeps the search a table of its own: else it may be run again for each comment of the slice.
	const fits = ` JOIN (SELECT rowid AS seq, rank AS fit FROM comment_terms WHERE comment_terms MATCH `
	return fits + arg(expression(words.All, " AND ")) + ` LIMIT -1) f ON f.seq = c.seq`, "", `f.fit`
}

// expression is phrases in FTS5's language.
func expression(phrases []search.Phrase, operator string) string {
	all := make([]string, len(phrases))
	for i, p := range phrases {
		readings := make([]string, len(p))
		for j, stems := range p {
			readings[j] = `"` + strings.ReplaceAll(strings.Join(stems, " "), `"`, `""`) + `"`
		}
		all[i] = "(" + strings.Join(readings, " OR ") + ")"
	}
	return strings.Join(all, operator)
}

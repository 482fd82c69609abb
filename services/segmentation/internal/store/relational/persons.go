package relational

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// personTable is a table of what is kept about contacts. It has the columns organization, contact (empty where it is not known) and person (the pseudonym by
// which a row came; NULL for none), and an index over (organization, contact), which may leave out rows without.
type personTable struct {
	// table is its name, kind what its rows are called in exports and receipts. Tables may share a kind.
	table, kind string
	// What an export says of a row, as SQL expressions over the table: name is the resource name, time the time in microseconds (empty: not known), content
	// what is kept, as JSON (empty: no more than the name and what saidOf names), sealed and key what is kept under a key of a person (empty: nothing).
	name, time, content, sealed, key string
	// byPerson tells that it has an index over (organization, person), which may leave out rows without: it tells whose a pseudonym is, and may have rows without
	// a contact.
	byPerson bool
	// other is a column that names a further contact of whom a row tells, with an index over (organization, other); empty: there is none.
	other string
	// counted tells that its rows are counted from those of other tables: they go when a contact is merged into another, and afterMove makes them anew.
	counted bool
	// erase removes the rows that fit a condition on the table, for tables whose rows are part of sums; nil: they are deleted. args are those of the
	// condition, the organisation first. It tells how many there were.
	erase func(ctx context.Context, w *writing, organization, condition string, args []any) (int64, error)
	// move gives rows that fit a condition to another contact, for tables where that can get into the way of what the other one has; nil: they are updated.
	move func(ctx context.Context, w *writing, organization, to, condition string, args []any) error
}

// personTables are the tables of what is kept about contacts. What verticals keep is named here, too.
func personTables() []personTable {
	return append([]personTable{
		{table: "timeline", kind: "timeline_entries", name: "resource", time: "time", content: "body"},
		{table: "outbox", kind: "events", name: "resource", time: "time", content: "body"},
		{table: "answers", kind: answersKind, name: "'surveys/' || survey || '/responses/' || response", time: "count_time"},
		membershipsTable(),
		interviewTable(),
		recoveryTable(),
		{table: "dead_letters", kind: "dead_letters", name: "'segmentationDeadLetters/' || CAST(id AS text)", time: "create_time", byPerson: true},
		purchasesTable(), churnsTable(),
	}, slices.Concat(contactTables(), casePersonTables())...)
}

// afterMove brings up to date what is counted of contacts, after rows were moved between them or erased. It is called in the same transaction.
func afterMove() []func(ctx context.Context, w *writing, organization string, contacts []string) error {
	return []func(ctx context.Context, w *writing, organization string, contacts []string) error{recountContacts}
}

// ofContact is the condition on rows about a contact. That it is none lets indexes be used that leave out rows without.
const ofContact = `organization = $1 AND contact = $2 AND contact <> ''`

// moved calls afterMove.
func (w *writing) moved(ctx context.Context, organization string, contacts []string) error {
	for _, count := range afterMove() {
		if err := count(ctx, w, organization, contacts); err != nil {
			return err
		}
	}
	return nil
}

// moveAll gives everything of a contact to another one.
func (w *writing) moveAll(ctx context.Context, organization, from, to string) error {
	for _, t := range personTables() {
		if t.counted {
			if _, err := w.Exec(ctx, `DELETE FROM `+t.table+` WHERE `+ofContact, organization, from); err != nil {
				return err
			}
			continue
		}
		if err := t.give(ctx, w, organization, to, ofContact, []any{organization, from}); err != nil {
			return err
		}
	}
	return w.moved(ctx, organization, []string{from, to})
}

// movePerson gives what came to a contact by a pseudonym to another one.
func (w *writing) movePerson(ctx context.Context, organization, from, to string, person []byte) error {
	for _, t := range personTables() {
		if t.counted {
			continue
		}
		if err := t.give(ctx, w, organization, to, ofContact+" AND person = $3", []any{organization, from, person}); err != nil {
			return err
		}
	}
	return w.moved(ctx, organization, []string{from, to})
}

// give gives rows that fit a condition to a contact.
func (t personTable) give(ctx context.Context, w *writing, organization, to, condition string, args []any) error {
	if t.move != nil {
		return t.move(ctx, w, organization, to, condition, args)
	}
	_, err := w.Exec(ctx, `UPDATE `+t.table+` SET contact = $`+strconv.Itoa(len(args)+1)+` WHERE `+condition, append(slices.Clone(args), to)...)
	return err
}

// remove removes rows that fit a condition.
func (t personTable) remove(ctx context.Context, w *writing, organization, condition string, args []any) (int64, error) {
	if t.erase != nil {
		return t.erase(ctx, w, organization, condition, args)
	}
	return w.Exec(ctx, `DELETE FROM `+t.table+` WHERE `+condition, args...)
}

// contactsOf are the contacts that have something of a pseudonym, and those that were merged into them: some of what is kept stays with these.
func contactsOf(ctx context.Context, r relational.Reader, organization string, person []byte) ([]string, error) {
	var parts []string
	for _, t := range personTables() {
		if !t.byPerson {
			continue
		}
		parts = append(parts, `SELECT contact FROM `+t.table+` WHERE organization = $1 AND person = $2 AND contact <> ''`)
	}
	// A union leaves out what is there twice.
	return relational.List(ctx, r, relational.Value[string], `WITH RECURSIVE whose (contact) AS (SELECT contact FROM (`+strings.Join(parts, ` UNION `)+`) AS known
UNION SELECT c.contact FROM contacts AS c JOIN whose ON c.merged_into = whose.contact AND c.merged_into <> '' WHERE c.organization = $1)
SELECT contact FROM whose ORDER BY 1`, organization, person)
}

// where is a condition on the rows of a personTable.
type where struct {
	condition string
	args      []any
}

// about are the conditions on rows about a person of these contacts; a row fulfils one at most. They are looked for one by one: a database without
// statistics would rather read all of an organisation than look for several.
func (t personTable) about(organization string, person []byte, contacts []string) (out []where) {
	if t.byPerson {
		// That the contact is put together keeps it from being what is searched by: rows without one are many.
		out = append(out, where{`organization = $1 AND person = $2 AND contact || '' = ''`, []any{organization, person}})
	}
	for _, c := range contacts {
		out = append(out, where{ofContact, []any{organization, c}})
	}
	if t.other == "" {
		return out
	}
	// Those that tell of two of these contacts are found by the first already.
	for _, c := range contacts {
		w := where{`organization = $1 AND ` + t.other + ` = $2`, []any{organization, c}}
		for _, found := range contacts {
			w.args = append(w.args, found)
			w.condition += ` AND contact <> $` + strconv.Itoa(len(w.args))
		}
		out = append(out, w)
	}
	return out
}

// ListPerson implements store.Persons.
func (s *Store) ListPerson(ctx context.Context, organization string, person []byte) (out []store.PersonRecord, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		contacts, err := contactsOf(ctx, r, organization, person)
		if err != nil {
			return err
		}
		declared, err := declarations(ctx, r, organization)
		if err != nil {
			return err
		}
		for _, t := range personTables() {
			for _, w := range t.about(organization, person, contacts) {
				records, err := t.list(ctx, r, declared, w)
				if err != nil {
					return err
				}
				out = append(out, records...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("list what is kept of a person", err)
	}
	return out, nil
}

// list lists what an export says of rows that fit a condition.
func (t personTable) list(ctx context.Context, r relational.Reader, declared map[uint32]attribute.Definition, w where) ([]store.PersonRecord, error) {
	columns, names := saidOf(t.table), ""
	for _, c := range columns {
		names += ", " + c.column
	}
	return relational.List(ctx, r, func(row relational.Scanner) (store.PersonRecord, error) {
		p := store.PersonRecord{Kind: t.kind}
		var at *int64
		values := make([]any, len(columns))
		into := []any{&p.Name, &p.Contact, &at, &p.Content, &p.Sealed, &p.Key}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := row.Scan(into...); err != nil {
			return p, err
		}
		p.Time = relational.FromNull(at)
		var err error
		p.Content, err = tell(declared, columns, values, p.Content)
		return p, err
	}, `SELECT `+t.name+`, contact, `+orElse(t.time, "CAST(NULL AS bigint)")+`, `+orElse(t.content, "NULL")+`, `+orElse(t.sealed, "NULL")+`, `+
		orElse(t.key, "''")+names+` FROM `+t.table+` WHERE `+w.condition+` ORDER BY 3, 1`, w.args...)
}

func orElse(expression, other string) string {
	if expression == "" {
		return other
	}
	return expression
}

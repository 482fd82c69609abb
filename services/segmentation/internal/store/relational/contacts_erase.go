package relational

import "context"

// contactTables are the tables of the directory that hold what is kept about persons.
func contactTables() []personTable {
	// What moves with identities is what was moved by them, and not the history of moves, nor the contacts themselves.
	stay := func(context.Context, *writing, string, string, string, []any) error { return nil }
	return []personTable{
		{
			table: "contacts", kind: "contacts", name: "'contacts/' || contact", time: "create_time", sealed: "sealed", key: "key", move: stay, erase: eraseContacts,
		},
		{table: "identities", kind: "identities", name: "'contacts/' || contact", time: "claim_time", sealed: "sealed", key: "key", byPerson: true},
		{table: "contact_moves", kind: "contact_moves", name: "'contactMoves/' || CAST(id AS text)", time: "time", move: stay},
	}
}

// eraseContacts removes contacts with those that were merged into them.
func eraseContacts(ctx context.Context, w *writing, _, condition string, args []any) (int64, error) {
	return w.Exec(ctx, `WITH RECURSIVE gone (contact) AS (SELECT contact FROM contacts WHERE `+condition+`
UNION SELECT c.contact FROM contacts AS c JOIN gone ON c.merged_into = gone.contact AND c.merged_into <> '' WHERE c.organization = $1)
DELETE FROM contacts WHERE organization = $1 AND contact IN (SELECT contact FROM gone)`, args...)
}

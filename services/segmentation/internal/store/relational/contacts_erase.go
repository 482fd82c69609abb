package relational

import "context"

// contactTables are the tables of the directory that hold what is kept about persons.
func contactTables() []personTable {
	// What moves with identities is what was moved by them, and not the history of moves, nor the contacts themselves.
	stay := func(context.Context, *writing, string, string, string, []any) error { return nil }
	return []personTable{
		{table: "contacts", kind: "contacts", name: "'contacts/' || contact", time: "create_time", sealed: "sealed", key: "key", move: stay},
		{table: "identities", kind: "identities", name: "'contacts/' || contact", time: "claim_time", sealed: "sealed", key: "key", byPerson: true},
		{table: "contact_moves", kind: "contact_moves", name: "'contactMoves/' || CAST(id AS text)", time: "time", move: stay},
	}
}

package relational

import (
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// contactTables are the tables of the directory that hold what is kept about persons.
func contactTables() []personTable {
	// What moves with identities is what was moved by them, and not the history of moves, nor the contacts themselves.
	stay := func(context.Context, *writing, string, string, string, []any) error { return nil }
	return []personTable{
		{table: "contacts", kind: "contacts", name: "'contacts/' || contact", time: "create_time", sealed: "sealed", key: "key", move: stay},
		{table: "identities", kind: "identities", name: "'contacts/' || contact", time: "claim_time", sealed: "sealed", key: "key", byPerson: true},
		{table: "contact_moves", kind: "contact_moves", name: "'contactMoves/' || CAST(id AS text)", time: "time", other: "from_contact", move: stay},
	}
}

// sqlMovesNaming asks an index each for the moves to and from a contact.
const sqlMovesNaming = `SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND contact = $2
UNION ALL SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND from_contact = $2 AND contact <> $2`

// forgetMoves takes contacts that are erased out of what others keep of merges and splits: timelines name them, and later moves their pseudonyms. The moves
// that name the contacts themselves go with what is kept of these.
func (w *writing) forgetMoves(ctx context.Context, organization, erasure string, person []byte, contacts []string) error {
	known, err := identitiesOf(ctx, w, organization, contacts)
	if err != nil {
		return err
	}
	gone := map[string]bool{string(person): true}
	for _, list := range known {
		for _, i := range list {
			gone[string(i.Person)] = true
		}
	}
	// Whoever was merged with somebody was perhaps merged further.
	queue, met, seen := slices.Clone(contacts), map[string]bool{}, map[int64]bool{}
	for len(queue) > 0 {
		contact := queue[0]
		queue = queue[1:]
		if met[contact] {
			continue
		}
		met[contact] = true
		moves, err := relational.List(ctx, w, scanMove, sqlMovesNaming, organization, contact)
		if err != nil {
			return err
		}
		for _, m := range moves {
			queue = append(queue, m.From, m.To)
			if seen[m.ID] {
				continue
			}
			seen[m.ID] = true
			if slices.Contains(contacts, m.From) || slices.Contains(contacts, m.To) {
				err = w.forgetMove(ctx, organization, erasure, m)
			} else {
				err = w.stripMove(ctx, organization, m, gone)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetMove takes a move out of timelines.
func (w *writing) forgetMove(ctx context.Context, organization, erasure string, m directory.Move) error {
	for _, resource := range moveResources(m.ID) {
		n, err := w.Exec(ctx, sqlForget, organization, int64(timeline.MergeKind), resource)
		if err != nil {
			return err
		}
		if err := w.countErased(ctx, organization, erasure, entriesKind, n); err != nil {
			return err
		}
	}
	return nil
}

// stripMove takes pseudonyms out of what is kept of a move, and what the move filled in where that is of no more use.
func (w *writing) stripMove(ctx context.Context, organization string, m directory.Move, gone map[string]bool) error {
	left := slices.DeleteFunc(slices.Clone(m.Persons), func(p []byte) bool { return gone[string(p)] })
	if len(left) == len(m.Persons) {
		return nil
	}
	m.Persons = left
	if m.UndoneBy != 0 {
		m.Filled, m.Joined = directory.Filled{}, nil
	}
	body, err := encodeMove(m)
	if err != nil {
		return err
	}
	_, err = w.Exec(ctx, `UPDATE contact_moves SET body = $3 WHERE organization = $1 AND id = $2`, organization, m.ID, body)
	return err
}

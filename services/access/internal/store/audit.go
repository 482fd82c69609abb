package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/otklik/otklik/services/access/internal/audit"
)

// Audit keeps the audit log: a chain of entries for each organisation. There is no way to change or remove an entry.
type Audit interface {
	// AppendAudit puts entries at the ends of the chains of their organisations, those of one organisation in their order, all or none, and returns
	// their sequences in the order of the entries. Entries are clean (audit.Entry.Clean); sequence and hashes are made here. Concurrent calls,
	// of several processes too, make one chain without gaps. Calls that come together share a commit.
	AppendAudit(ctx context.Context, entries []audit.Entry) ([]int64, error)
	// ListAudit returns entries in the order of their sequences, or the opposite.
	ListAudit(ctx context.Context, q AuditQuery) ([]audit.Entry, error)
	// AuditHead returns the recorded end of an organisation's chain.
	AuditHead(ctx context.Context, organization string) (audit.Head, error)
}

// AuditQuery asks for entries.
type AuditQuery struct {
	Organization string
	// After and Before bound the sequence; both are excluded. 0 means no bound.
	After, Before int64
	// Newest tells that the newest are wanted first.
	Newest bool
	// From and To bound the time: From is included, To is not. Zero means open.
	From, To time.Time
	// Actor, unless it is empty, is who did it.
	Actor string
	// Method, unless it is empty, is the whole name of the method or what stands after its last slash.
	Method string
	// Resource, unless it is empty, is what was acted on, or what lies above it.
	Resource string
	// Formerly, unless it is empty, is how entries of earlier versions name Resource: those are found too.
	Formerly string
	// Outcome, unless it is 0, is what became of it.
	Outcome audit.Outcome
	// Limit is the greatest number of entries.
	Limit int
}

// Bounds are what backends compare with: sequences, both excluded, and times as ToNano makes them, the second excluded. What is open has a bound
// that nothing exceeds.
func (q AuditQuery) Bounds() (after, before, from, to int64) {
	after, before, from, to = q.After, q.Before, math.MinInt64, math.MaxInt64
	if before == 0 {
		before = math.MaxInt64
	}
	if !q.From.IsZero() {
		from = ToNano(q.From)
	}
	if !q.To.IsZero() {
		to = ToNano(q.To)
	}
	return after, before, from, to
}

// ByOrganization tells which of the entries belong to which organisation, by their places.
func ByOrganization(entries []audit.Entry) map[string][]int {
	places := map[string][]int{}
	for i, e := range entries {
		places[e.Organization] = append(places[e.Organization], i)
	}
	return places
}

// AuditColumns are the columns of an entry as ScanAudit reads them.
const AuditColumns = `organization, sequence, time, actor, actor_name, method, permission, resource, client_address, request_id, outcome, code, start, previous_hash, hash`

// ScanAudit reads an entry.
func ScanAudit(row Scanner) (audit.Entry, error) {
	var e audit.Entry
	var nano int64
	var outcome int16
	var previous, hash []byte
	err := row.Scan(&e.Organization, &e.Sequence, &nano, &e.Actor, &e.ActorName, &e.Method, &e.Permission, &e.Resource, &e.ClientAddress, &e.RequestID,
		&outcome, &e.Code, &e.Start, &previous, &hash)
	if err != nil {
		return audit.Entry{}, fmt.Errorf("read audit entry: %w", err)
	}
	e.Time, e.Outcome = FromNano(nano), audit.Outcome(outcome)
	copy(e.Previous[:], previous)
	copy(e.Hash[:], hash)
	return e, nil
}

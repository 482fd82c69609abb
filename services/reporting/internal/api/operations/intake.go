package operations

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/tablefile"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// atOnce is how many records are stored in a transaction.
	atOnce = 1000
	// mostTold is how many reasons of refusals are told.
	mostTold = 1000
	// mostRecords is how many records an import has at most: of each is remembered that it came.
	mostRecords = 2_000_000
)

// item is a record of an import.
type item struct {
	operation.Record
	// row counts records or rows from 1, line is that of the file.
	row, line int64
	// rows is how many rows of a table the record takes.
	rows int64
	// problems are what is wrong with it by itself.
	problems []operation.Problem
}

// intake takes in the records of a call, in batches.
type intake struct {
	server       *Server
	organization string
	dry          bool
	// zone is where days begin.
	zone   *time.Location
	now    time.Time
	places *places
	// seen are the keys that came before.
	seen  map[[sha256.Size / 2]byte]struct{}
	batch []item
	done  *reportingv1.OperationImport
	// told hears what became of each record, if it is not nil.
	told func(i item, change store.OperationChange, problems []operation.Problem)
}

func (s *Server) newIntake(organization string, dry bool, zone *time.Location) *intake {
	return &intake{
		server: s, organization: organization, dry: dry, zone: zone, now: s.Now(), places: newPlaces(s.Segmentation),
		seen: map[[sha256.Size / 2]byte]struct{}{}, done: &reportingv1.OperationImport{DryRun: dry},
	}
}

// add takes in a record. What is wrong with it is told; errors are those of the whole.
func (in *intake) add(ctx context.Context, i item) error {
	if in.done.ReceivedCount += i.rows; in.done.GetReceivedCount() > mostRecords {
		return fault.Refuse(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_STREAM_INVALID,
			fmt.Sprintf("more than %d records come at once: divide them; those before are stored", mostRecords))
	}
	if len(i.problems) == 0 {
		i.problems = i.Check(in.now, in.zone)
	}
	if len(i.problems) == 0 {
		i.Record = i.Prepared(operation.DayOf(i.Start.In(in.zone)))
		sum := sha256.Sum256([]byte(fmt.Sprint(i.Kind, "\x00", i.Key)))
		key := [sha256.Size / 2]byte(sum[:])
		if _, twice := in.seen[key]; twice {
			i.problems = []operation.Problem{{
				Field: "id", Reason: operation.Repeated,
				Text: "a record before it says something of the same (the same identifier, or the same location, device, employee and time): keep the one that is right",
			}}
		}
		in.seen[key] = struct{}{}
	}
	if in.batch = append(in.batch, i); len(in.batch) >= atOnce {
		return in.flush(ctx)
	}
	return nil
}

// flush stores what waits.
func (in *intake) flush(ctx context.Context) error {
	var sound []operation.Record
	for _, i := range in.batch {
		if len(i.problems) == 0 {
			sound = append(sound, i.Record)
		}
	}
	if err := in.places.learn(ctx, sound); err != nil {
		return err
	}
	sound = sound[:0]
	for n := range in.batch {
		i := &in.batch[n]
		if len(i.problems) == 0 {
			i.problems = in.places.check(i.Record)
		}
		if len(i.problems) == 0 {
			sound = append(sound, i.Record)
		}
	}
	var outcomes []store.OperationOutcome
	if len(sound) > 0 {
		var err error
		if outcomes, err = in.server.Store.PutOperations(ctx, in.organization, sound, in.now, in.dry); err != nil {
			return err
		}
	}
	for _, i := range in.batch {
		var change store.OperationChange
		if len(i.problems) == 0 {
			change = outcomes[0].Change
			if outcomes[0].Problem != nil {
				i.problems = []operation.Problem{*outcomes[0].Problem}
			}
			outcomes = outcomes[1:]
		}
		in.count(i, change)
		if in.told != nil {
			in.told(i, change, i.problems)
		}
	}
	in.batch = in.batch[:0]
	return nil
}

func (in *intake) count(i item, change store.OperationChange) {
	if !tablefile.Count(in.done, change) {
		in.done.RefusedCount++
	}
	if len(in.done.GetRefusals()) < mostTold {
		in.done.Refusals = append(in.done.Refusals, refusalsOf(i)...)
	}
}

// end stores what is left, and tells what became of all.
func (in *intake) end(ctx context.Context) (*reportingv1.OperationImport, error) {
	if err := in.flush(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(in.done.GetRefusals(), func(a, b *reportingv1.OperationRefusal) int { return cmp.Compare(a.GetRow(), b.GetRow()) })
	in.done.Refusals = in.done.GetRefusals()[:min(len(in.done.GetRefusals()), mostTold)]
	return in.done, nil
}

func refusalsOf(i item) (out []*reportingv1.OperationRefusal) {
	for _, p := range i.problems {
		out = append(out, &reportingv1.OperationRefusal{Row: i.row, Line: i.line, Field: p.Field, Reason: string(p.Reason), Description: p.Text})
	}
	return out
}

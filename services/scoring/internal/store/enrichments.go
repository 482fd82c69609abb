package store

import (
	"context"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Enrichments keeps what other services have found out about responses: beside the ledgers, so that a response that is added later takes it from
// there, whether it comes from the change log or from a rebuild. Facts hold a copy of it, which Enrich brings up to date.
type Enrichments interface {
	// Enriched tells how far the logs of enrichments are applied.
	Enriched(ctx context.Context) (Enriched, error)

	// Enrichments returns what is known of responses of an organisation; those of which nothing is known are left out.
	Enrichments(ctx context.Context, organization string, responses []Response) (map[Response]fact.Enrichment, error)

	// Responses returns the records of responses that a ledger holds; others are left out, and so are those that were stored before stores knew the
	// positions of identifiers: they are found after a rebuild.
	Responses(ctx context.Context, l Ledger, responses []Response) (map[Response]Record, error)

	// EnrichmentsAfter calls fn with what was stored of an organisation's responses by batches after one of a number, in the order of numbers, as it
	// was when the call began. What has become of nothing is among it, but not what was forgotten. It ends with the first error of fn and returns it.
	EnrichmentsAfter(ctx context.Context, organization string, number int64, fn func(NumberedEnrichment) error) error

	// Enrich stores enrichments and what they change in live ledgers, all of it or nothing when an error is returned - but for an error of the storage
	// at the very end, after which only Enriched tells. ErrConflict when the log of the source is not applied up to From, or when the live ledgers are not
	// where they are to be. A batch that has anything but positions raises the version of each partition by one, so that what was made from what was known before
	// conflicts; Follow returns what it adds to cells as of the first partition.
	Enrich(ctx context.Context, b EnrichmentBatch) error
}

// Response names a response of a survey.
type Response struct {
	Survey, ID string
}

// Source is a service that finds out something about responses, and has a log of it.
type Source uint8

// Sources. The numbers are stored; they never change their meaning.
const (
	// Comments is the comment service.
	Comments Source = iota
	// Segmentation is the segmentation service.
	Segmentation
	// Sources is how many there are.
	Sources = int(iota)
)

// Enriched tells how far the logs of enrichments are applied.
type Enriched struct {
	// Positions are those of the last events applied, by source, 0 before the first.
	Positions [Sources]int64
	// Number counts the batches stored, of all sources together.
	Number int64
}

// NumberedEnrichment is what is known of a response, with the number of the batch by which it was stored.
type NumberedEnrichment struct {
	Response
	Number     int64
	Enrichment fact.Enrichment
}

// EnrichmentBatch is what is stored at a time.
type EnrichmentBatch struct {
	// Source is whose log it is of.
	Source Source
	// From and To are positions of that log before and after it. To may lie before From: then the log is read again.
	From, To int64
	// At is where the live ledgers must be: its epoch and versions are compared. Of no meaning when only positions change.
	At Marks
	// Changes are what is known now, of each organisation.
	Changes []EnrichmentChanges
}

// EnrichmentChanges are those of one organisation.
type EnrichmentChanges struct {
	// Known is what is known of responses from now on. Nothing is kept as such, for those who have taken a copy of what was known before.
	Known map[Response]fact.Enrichment
	// Forgotten are responses of which nothing is kept.
	Forgotten []Response
	// Ledger is what changes in the organisation's live ledger, whose name it holds in any case: Replaced and Cells, and nothing else.
	Ledger Changes
}

// MovesOnly tells whether a batch has nothing but positions.
func (b *EnrichmentBatch) MovesOnly() bool {
	for i := range b.Changes {
		c := &b.Changes[i]
		if len(c.Known)+len(c.Forgotten)+len(c.Ledger.Replaced)+len(c.Ledger.Cells) > 0 {
			return false
		}
	}
	return true
}

// DigestOfResponse is that of the record of a response.
func DigestOfResponse(r Response, room []byte) (Digest, []byte) {
	return digest('f', r.Survey, r.ID, room)
}

package postgres

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// bodies are rows of responses or of refusals, by column.
type bodies struct {
	organizations []string
	generations   []int64
	surveys       []string
	positions     []int64
	received      []time.Time
	bodies        [][]byte
}

// identified is where the record of an identifier is.
type identified struct {
	digest   store.Digest
	position int64
}

// rows are the records that a batch adds, by table and column.
type rows struct {
	facts, refusals bodies
	identifiers     struct {
		organizations []string
		generations   []int64
		places        []identified
	}
	respondents struct {
		organizations []string
		generations   []int64
		surveys       []string
	}
}

// rowsOf makes rows of the records of changes to ledgers of the generations.
func rowsOf(changes []*store.Changes, generations []int64) (*rows, error) {
	n := 0
	for _, c := range changes {
		n += len(c.Records)
	}
	r := &rows{}
	r.identifiers.organizations = make([]string, 0, n)
	r.identifiers.generations = make([]int64, 0, n)
	r.identifiers.places = make([]identified, 0, n)
	var room []byte
	for i, c := range changes {
		first := len(r.identifiers.places)
		for _, record := range c.Records {
			var d store.Digest
			d, room = store.DigestOf(record, room)
			r.identifiers.organizations = append(r.identifiers.organizations, c.Ledger.Organization)
			r.identifiers.generations = append(r.identifiers.generations, generations[i])
			r.identifiers.places = append(r.identifiers.places, identified{d, record.Position})
			if err := r.addBody(c.Ledger.Organization, generations[i], record); err != nil {
				return nil, err
			}
		}
		// Of two transactions that add the same identifiers one waits for the other, but not each for the other.
		slices.SortFunc(r.identifiers.places[first:], func(a, b identified) int { return bytes.Compare(a.digest[:], b.digest[:]) })
		r.noteRespondents(c, generations[i])
	}
	return r, nil
}

// addBody adds the row of a record.
func (r *rows) addBody(organization string, generation int64, record store.Record) error {
	t := &r.facts
	var body []byte
	var received time.Time
	var err error
	if record.Fact != nil {
		received = record.Fact.ReceiveTime
		body, err = record.Fact.AppendBinary(make([]byte, 0, 192))
	} else {
		t = &r.refusals
		received = record.Refusal.ReceiveTime
		body, err = record.Refusal.AppendBinary(make([]byte, 0, 128))
	}
	if err != nil {
		return fmt.Errorf("encode record at %d: %w", record.Position, err)
	}
	t.organizations = append(t.organizations, organization)
	t.generations = append(t.generations, generation)
	t.surveys = append(t.surveys, record.Survey())
	t.positions = append(t.positions, record.Position)
	t.received = append(t.received, received)
	t.bodies = append(t.bodies, body)
	return nil
}

// noteRespondents notes the surveys of which a response names its respondent.
func (r *rows) noteRespondents(c *store.Changes, generation int64) {
	var surveys []string
	for _, record := range c.Records {
		if f := record.Fact; f != nil && f.Respondent != "" && !slices.Contains(surveys, f.Survey) {
			surveys = append(surveys, f.Survey)
		}
	}
	slices.Sort(surveys)
	for _, survey := range surveys {
		r.respondents.organizations = append(r.respondents.organizations, c.Ledger.Organization)
		r.respondents.generations = append(r.respondents.generations, generation)
		r.respondents.surveys = append(r.respondents.surveys, survey)
	}
}

// add adds the rows to a flight. A record that is stored already fails it.
func (r *rows) add(f *flight) {
	if i := r.identifiers; len(i.places) > 0 {
		digests, positions := make([]store.Digest, len(i.places)), make([]int64, len(i.places))
		for n, p := range i.places {
			digests[n], positions[n] = p.digest, p.position
		}
		f.add(`INSERT INTO identifiers (organization, generation, digest, position) SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::bigint[])`,
			i.organizations, i.generations, digests, positions)
	}
	r.facts.add(f, "facts")
	r.refusals.add(f, "refusals")
	if n := r.respondents; len(n.surveys) > 0 {
		f.add(`INSERT INTO respondents (organization, generation, survey) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
			ON CONFLICT (organization, generation, survey) DO NOTHING`, n.organizations, n.generations, n.surveys)
	}
}

func (b *bodies) add(f *flight, table string) {
	if len(b.bodies) == 0 {
		return
	}
	f.add(`INSERT INTO `+table+` (organization, generation, survey, position, received, body)
		SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[], $6::bytea[])`,
		b.organizations, b.generations, b.surveys, b.positions, b.received, b.bodies)
}

package api

import (
	"context"
	"log/slog"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// markBatch is how many submissions are marked in one transaction.
const markBatch = 500

// markUnmarked notes whom the submissions of earlier versions are about, once for each: until then whoever looks for a person looks through all of
// them, which takes longer than a call may as soon as there are millions. Those that cannot be read stay as they are.
func (s *Server) markUnmarked(ctx context.Context) error {
	q := store.PersonQuery{Page: store.Page{Limit: markBatch, Bytes: pageBytes}}
	for {
		records, err := s.store.ListAllUnmarked(ctx, q)
		if err != nil || len(records) == 0 {
			return err
		}
		marks := make(map[string][]store.Mark)
		for _, r := range records {
			q.Organization, q.After = r.Organization, r.Position
			f, err := findIn(r)
			if err != nil {
				s.log.WarnContext(ctx, "a submission cannot be read: persons are not found in it", slog.Int64("position", r.Position), slog.Any("error", err))
				continue
			}
			person, err := s.personIn(ctx, f)
			if err != nil {
				return err
			}
			marks[r.Organization] = append(marks[r.Organization], store.Mark{Position: r.Position, Person: person})
		}
		for organization, all := range marks {
			if err := s.store.Mark(ctx, organization, all); err != nil {
				return err
			}
		}
		if err := pause.For(ctx, retentionPause); err != nil {
			return err
		}
	}
}

// personIn is whom a submission is about that is not marked; nil when it is about nobody.
func (s *Server) personIn(ctx context.Context, f found) ([]byte, error) {
	respondent := f.respondent()
	if respondent != "" && f.parts.takenOut {
		if b, ok := seal.ParsePseudonym(respondent); ok {
			return b, nil
		}
	}
	who, err := s.subject(ctx, f.record.Organization, f.record.Survey, respondent, f.invitation())
	return who.bytes, err
}

package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	feedColumns   = `organization, id, owner, key, create_time, body`
	sqlFeedTaken  = `SELECT 1 FROM calendar_feeds WHERE organization = $1 AND (id = $2 OR key = $3)`
	sqlCountFeeds = `SELECT count(*) FROM calendar_feeds WHERE organization = $1 AND owner = $2`
	sqlInsertFeed = `INSERT INTO calendar_feeds (` + feedColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlFeedByKey  = `SELECT ` + feedColumns + ` FROM calendar_feeds WHERE organization = $1 AND key = $2`
	sqlFeedOf     = `SELECT ` + feedColumns + ` FROM calendar_feeds WHERE organization = $1 AND owner = $2 AND id = $3`
	sqlFeedsOf    = `SELECT ` + feedColumns + ` FROM calendar_feeds WHERE organization = $1 AND owner = $2 ORDER BY create_time DESC, id DESC LIMIT $3 OFFSET $4`
	sqlDeleteFeed = `DELETE FROM calendar_feeds WHERE organization = $1 AND id = $2`
)

func scanFeed(row relational.Scanner) (f store.CalendarFeed, err error) {
	var created int64
	var body []byte
	if err = row.Scan(&f.Organization, &f.ID, &f.Owner, &f.Key, &created, &body); err != nil {
		return store.CalendarFeed{}, err
	}
	f.CreateTime = relational.FromMicro(created)
	return f, decode(body, &f)
}

// CreateCalendarFeed implements store.Calendars.
func (s *Store) CreateCalendarFeed(ctx context.Context, f store.CalendarFeed, most int) error {
	body, err := encode(f)
	if err != nil {
		return err
	}
	return s.write(ctx, "create calendar feed", func(ctx context.Context, w *writing) error {
		if taken, err := relational.Exists(ctx, w, sqlFeedTaken, f.Organization, f.ID, f.Key); err != nil || taken {
			return orExists(err)
		}
		if n, err := relational.One(ctx, w, relational.Value[int64], sqlCountFeeds, f.Organization, f.Owner); err != nil {
			return err
		} else if n >= int64(most) {
			return store.ErrTooMany
		}
		_, err := w.Exec(ctx, sqlInsertFeed, f.Organization, f.ID, f.Owner, f.Key, relational.ToMicro(f.CreateTime), body)
		return err
	})
}

// FindCalendarFeed implements store.Calendars.
func (s *Store) FindCalendarFeed(ctx context.Context, organization, key string) (store.CalendarFeed, error) {
	f, err := relational.One(ctx, s.db, scanFeed, sqlFeedByKey, organization, key)
	return f, s.db.Explain("find calendar feed", notFound(err))
}

// ListCalendarFeeds implements store.Calendars.
func (s *Store) ListCalendarFeeds(ctx context.Context, organization, owner string, offset, limit int) ([]store.CalendarFeed, bool, error) {
	all, err := relational.List(ctx, s.db, scanFeed, sqlFeedsOf, organization, owner, limit+1, offset)
	if err != nil {
		return nil, false, s.db.Explain("list calendar feeds", err)
	}
	out, more := relational.Page(all, limit)
	return out, more, nil
}

// DeleteCalendarFeed implements store.Calendars.
func (s *Store) DeleteCalendarFeed(ctx context.Context, organization, owner, id string) (f store.CalendarFeed, err error) {
	err = s.write(ctx, "delete calendar feed", func(ctx context.Context, w *writing) error {
		if f, err = relational.One(ctx, w, scanFeed, sqlFeedOf, organization, owner, id); err != nil {
			return notFound(err)
		}
		_, err = w.Exec(ctx, sqlDeleteFeed, organization, id)
		return err
	})
	return f, err
}

package ingest

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/comment/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Replay analyses a response that was set aside. Errors: store.ErrNotFound; *Unfit when it still cannot be analysed; others may not come again.
func (f *Follower) Replay(ctx context.Context, organization string, id int64) (store.DeadLetter, error) {
	letter, err := f.o.Store.GetDeadLetter(ctx, organization, id)
	if err != nil {
		return letter, err
	}
	e := &surveyv1.Event{}
	if err := proto.Unmarshal(letter.Event, e); err != nil {
		return letter, &Unfit{Reason: "what was kept of it cannot be decoded"}
	}
	c := converter{
		originals: f.o.Originals, catalog: f.o.Catalog, analyst: f.o.NewAnalyst(), aspects: f.o.Aspects, now: f.o.Now, own: map[string]OwnAspects{},
	}
	keys, err := c.keysOf(ctx, []*surveyv1.Event{e})
	if err != nil {
		return letter, err
	}
	r, err := c.response(ctx, keys, e)
	if err != nil {
		return letter, err
	}
	if err := f.o.Store.ReplayDeadLetter(ctx, organization, id, r); err != nil {
		return letter, fmt.Errorf("replay dead letter %d: %w", id, err)
	}
	return letter, nil
}

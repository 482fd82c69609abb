package segmentation

import (
	"slices"
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/ingest"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"
)

// parts are what followers and chores are made of.
type parts struct {
	config   Config
	deps     Deps
	store    store.Store
	keeper   *seal.Keeper
	location *time.Location
	mailing
	catalog  *surveys.Catalog
	lights   *ingest.Lights
	segments *ingest.Segments
}

// followers are what is followed by the process that leads, each by itself.
func (p parts) followers() []follow.Follower {
	return slices.Concat(p.caseFollowers(), p.interviewFollowers(), []follow.Follower{
		p.lights.Follow(p.deps.Survey), p.segments.Follow(p.deps.Survey), follow.Timeline(p.deps.Survey, p.store, p.deps.Logger),
		follow.TimelineComments(p.deps.Comment, p.store),
	})
}

// chores are what the process that leads does from time to time, each by itself.
func (p parts) chores() []chore.Chore {
	return slices.Concat(p.caseChores(), p.digestChores(), p.imports(), p.segmentChores(), []chore.Chore{
		{What: "counting lights", Every: time.Second, Do: p.lights.Count},
		{What: "forgetting what was told long ago", Every: sweepInterval, Do: (&ingest.Told{Store: p.store, Now: p.deps.Now}).Sweep},
	})
}

package segmentation

import (
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/ingest"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// cases opens cases.
func (p parts) cases() *ingest.Cases {
	return &ingest.Cases{Store: p.store, Revisions: p.catalog, Comments: commentv1.NewCommentServiceClient(p.deps.Comment), Now: p.deps.Now}
}

// caseFollowers follow what opens cases.
func (p parts) caseFollowers() []follow.Follower {
	c := p.cases()
	return []follow.Follower{c.Responses(p.deps.Survey), c.Said(p.deps.Comment), c.Alerts(p.deps.Scoring), c.Lights()}
}

// caseChores are what time does to cases.
func (p parts) caseChores() []chore.Chore {
	c := p.cases()
	return []chore.Chore{
		{What: "looking for cases that are due", Every: time.Second, Do: c.Tick},
		{What: "looking at comments that came before their responses", Every: time.Second, Do: c.Sight},
		{What: "forgetting circumstances of responses", Every: time.Hour, Do: c.Tidy},
	}
}

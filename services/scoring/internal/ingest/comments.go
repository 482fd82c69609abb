package ingest

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// Comments is the comment service's log of what comments of responses say, behind a connection.
func Comments(conn grpc.ClientConnInterface) Findings[*commentv1.Event] {
	client := commentv1.NewEventFeedServiceClient(conn)
	return Findings[*commentv1.Event]{
		source: store.Comments, about: "comments", find: ofComments,
		open: func(ctx context.Context, after int64) (eventlog.Stream[*commentv1.Event], error) {
			s, err := client.StreamEvents(ctx, &commentv1.StreamEventsRequest{AfterPosition: after})
			if err != nil {
				return nil, err
			}
			return eventlog.Received(s), nil
		},
	}
}

// ofComments reads an event.
func ofComments(e *commentv1.Event) (finding, verdict) {
	r, ok := responseOf(e.GetResponse())
	if !ok {
		return finding{}, odd
	}
	var sentiment fact.Polarity
	var themes []fact.Theme
	if !e.GetRemoved() {
		sentiment = polarityOf(e.GetSentiment())
		for _, a := range e.GetAspects() {
			if theme := strings.TrimPrefix(a.GetAspect(), aspectPrefix); theme != "" {
				themes = append(themes, fact.Theme{ID: theme, Polarity: polarityOf(a.GetSentiment())})
			}
		}
	}
	slices.SortStableFunc(themes, func(a, b fact.Theme) int { return strings.Compare(a.ID, b.ID) })
	themes = slices.CompactFunc(themes, func(a, b fact.Theme) bool { return a.ID == b.ID })
	return finding{r, func(known *fact.Enrichment) { known.Sentiment, known.Themes = sentiment, themes }}, found
}

// responseOf reads the name of a response.
func responseOf(name string) (store.Response, bool) {
	survey, id, err := surveys.ParseItem(name, "responses")
	return store.Response{Survey: survey, ID: id}, err == nil
}

// aspectPrefix begins the resource names of aspects.
const aspectPrefix = "aspects/"

// polarityOf converts a sentiment. The numbers are equal; a test holds them together. One that a later version has added is none.
func polarityOf(s commentv1.Sentiment) fact.Polarity {
	if s < 0 || s > commentv1.Sentiment_SENTIMENT_MIXED {
		return fact.NoPolarity
	}
	return fact.Polarity(s)
}

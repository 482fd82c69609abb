package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// leaderCases are about who leads.
func leaderCases() []testCase {
	return []testCase{{"OneLeads", oneLeads}, {"LeadsInTurn", leadsInTurn}}
}

func oneLeads(t *testing.T, open Open) {
	s := opened(t, open)
	must(t, "lead", s.Lead(t.Context(), "a", noon, noon.Add(time.Minute)))
	want(t, "lead while another does", s.Lead(t.Context(), "b", noon.Add(time.Second), noon.Add(time.Hour)), store.ErrLost)
	must(t, "go on", s.Lead(t.Context(), "a", noon.Add(time.Second), noon.Add(2*time.Minute)))
	want(t, "lead before the end", s.Lead(t.Context(), "b", noon.Add(time.Minute), noon.Add(time.Hour)), store.ErrLost)
	must(t, "lead after the end", s.Lead(t.Context(), "b", noon.Add(2*time.Minute), noon.Add(time.Hour)))
	want(t, "go on after it was lost", s.Lead(t.Context(), "a", noon.Add(2*time.Minute), noon.Add(time.Hour)), store.ErrLost)
}

func leadsInTurn(t *testing.T, open Open) {
	s := opened(t, open)
	must(t, "lead", s.Lead(t.Context(), "a", noon, noon.Add(time.Hour)))
	must(t, "step down for another", s.StepDown(t.Context(), "b"))
	want(t, "lead", s.Lead(t.Context(), "b", noon, noon.Add(time.Hour)), store.ErrLost)
	must(t, "step down", s.StepDown(t.Context(), "a"))
	must(t, "lead", s.Lead(t.Context(), "b", noon, noon.Add(time.Hour)))
}

// followerCases are about how far followers have come.
func followerCases() []testCase {
	return []testCase{{"FollowersMove", followersMove}, {"FollowersAreApart", followersAreApart}}
}

func followersMove(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	want(t, "move from where it is not", s.MoveFollower(ctx, "lights", 3, 5), store.ErrLost)
	must(t, "begin", s.MoveFollower(ctx, "lights", 0, 5))
	want(t, "begin again", s.MoveFollower(ctx, "lights", 0, 6), store.ErrLost)
	must(t, "go on", s.MoveFollower(ctx, "lights", 5, 9))
	must(t, "apply beside", s.MoveFollower(ctx, "lights", store.Unmoved, store.Unmoved))
	must(t, "start over", s.MoveFollower(ctx, "lights", 9, 0))
	must(t, "go on", s.MoveFollower(ctx, "lights", 0, 4))
	position, err := s.FollowerPosition(ctx, "lights")
	equal(t, "position", got(t, position, err), 4)
}

func followersAreApart(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	must(t, "begin", s.MoveFollower(ctx, "lights", 0, 5))
	position, err := s.FollowerPosition(ctx, "cases")
	equal(t, "position", got(t, position, err), 0)
	must(t, "begin", s.MoveFollower(ctx, "cases", 0, 2))
	position, err = s.FollowerPosition(ctx, "lights")
	equal(t, "position", got(t, position, err), 5)
}

// Package recovery rules what is asked after a case was closed, and says how many customers are content again.
package recovery

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/stat"
)

// State is how far a recovery has come. The numbers are stored: they never change.
type State uint8

// The states of recoveries. Whether one is due or has expired is told by the time: see At.
const (
	Waiting State = iota + 1
	Due
	Invited
	Answered
	Expired
	Cancelled
)

// Defaults of policies.
const (
	DefaultWait = 14 * 24 * time.Hour
	DefaultCut  = 8
)

// Policy is what is asked.
type Policy struct {
	Organization string `json:"-"`
	// Survey is what is asked; empty: nothing is.
	Survey string `json:"survey"`
	// Delay is how long after the closing is asked, Wait how long an answer is waited for then.
	Delay time.Duration `json:"delay"`
	Wait  time.Duration `json:"wait"`
	// Question is by which recovery is judged; empty: the mean of all scores.
	Question string `json:"question,omitempty"`
	// Cut is the score on 1..10 from which a contact is recovered.
	Cut        float64   `json:"cut"`
	CreateTime time.Time `json:"create_time"`
	UpdateTime time.Time `json:"update_time"`
	Version    int64     `json:"-"`
}

// Recovery is what is asked after the closing of a case, and what came of it.
type Recovery struct {
	Organization, Case, Contact string
	// Person is the pseudonym of the contact by which the case came; nil for none.
	Person []byte
	// Survey, Question and Cut are the policy's when the case was closed.
	Survey, Question string
	Cut              float64
	// State is Waiting, Invited, Answered or Cancelled as it is kept.
	State State
	// CloseTime is when the case was closed, DueTime when the contact is to be invited, ExpireTime until when an answer is waited for.
	CloseTime, DueTime, ExpireTime time.Time
	// InviteTime is zero until the contact was invited.
	InviteTime time.Time
	// Response is the answer, `surveys/{survey}/responses/{response}`; empty before.
	Response string
	// Score is that of the answer; nil where it has none.
	Score *float64
	// Colour is the contact's light when the case was closed, 0 for none.
	Colour uint8
}

// Of is the recovery of a case that was closed under a policy; false when nothing is asked.
func Of(p Policy, organization, id, contact string, person []byte, closed time.Time) (Recovery, bool) {
	if p.Survey == "" || contact == "" {
		return Recovery{}, false
	}
	due := closed.Add(p.Delay)
	return Recovery{
		Organization: organization, Case: id, Contact: contact, Person: person, Survey: p.Survey, Question: p.Question, Cut: p.Cut, State: Waiting,
		CloseTime: closed, DueTime: due, ExpireTime: due.Add(p.Wait),
	}, true
}

// At is how far a recovery has come at a time.
func (r Recovery) At(now time.Time) State {
	switch {
	case r.State == Answered || r.State == Cancelled:
		return r.State
	case !now.Before(r.ExpireTime):
		return Expired
	case r.State == Waiting && !now.Before(r.DueTime):
		return Due
	}
	return r.State
}

// Recovered tells whether the answer's score reached the cut; false where there is no score.
func (r Recovery) Recovered() (recovered, known bool) {
	if r.State != Answered || r.Score == nil {
		return false, false
	}
	return *r.Score >= r.Cut, true
}

// invitations begin with this, so that answers to them are recognised.
const invitationPrefix = "recovery-"

// longestInvitation is how long the identifier of an invitation may be.
const longestInvitation = 64

// Invitation is the identifier of an invitation after a case, which the response names. The nonce tells apart several after one case; it has no dot.
func Invitation(id, nonce string) (string, error) {
	out := invitationPrefix + id + "." + nonce
	if len(out) > longestInvitation {
		return "", fmt.Errorf("name invitation: it would be longer than %d bytes", longestInvitation)
	}
	return out, nil
}

// CaseOf is the case after which an invitation was made; false when it is another invitation.
func CaseOf(invitation string) (string, bool) {
	rest, ok := strings.CutPrefix(invitation, invitationPrefix)
	end := strings.LastIndexByte(rest, '.')
	if !ok || end <= 0 {
		return "", false
	}
	return rest[:end], true
}

// Scored is a score of an answer on 1..10.
type Scored struct {
	Question string
	Value    float64
}

// Judge is the score by which an answer is judged: that of the question, or the mean of all; nil where there is none.
func Judge(question string, scores []Scored) *float64 {
	var sum, n float64
	for _, s := range scores {
		if question == "" || s.Question == question {
			sum, n = sum+s.Value, n+1
		}
	}
	if n == 0 {
		return nil
	}
	mean := sum / n
	return &mean
}

// Counts are what a rate is made of.
type Counts struct {
	// Cases counts cases after which was asked, Invited those of them that were invited, Answered those of these that answered with a score, Recovered those of these
	// whose score reached the cut, ByLight those of the answered whose contact's light is better than when the case was closed.
	Cases, Invited, Answered, Recovered, ByLight int64
}

// Level is the confidence level of the rate's interval.
const Level = 0.95

// Rate is recovered over answered with its Wilson interval; false when nobody answered.
func (c Counts) Rate() (rate float64, interval stat.Interval, ok bool, err error) {
	p := stat.Proportion{Hits: float64(c.Recovered), N: float64(c.Answered)}
	interval, err = p.Wilson(Level)
	if errors.Is(err, stat.ErrUndefined) {
		return 0, stat.Interval{}, false, nil
	}
	if err != nil {
		return 0, stat.Interval{}, false, fmt.Errorf("count recovery rate: %w", err)
	}
	return p.Estimate(), interval, true, nil
}

// ResponseRate is answered over invited; false when nobody was invited.
func (c Counts) ResponseRate() (float64, bool) {
	if c.Invited == 0 {
		return 0, false
	}
	return float64(c.Answered) / float64(c.Invited), true
}

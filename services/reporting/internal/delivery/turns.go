package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

const (
	// atOnce is how many organisations are seen to at the same time.
	atOnce = 4
	// turn is how many deliveries of an organisation are tried before others have their turn.
	turn = 20
	// mostKept is how many organisations' files are kept between their turns: they lie in memory. Others' are made anew in each turn.
	mostKept = 32
)

// turns deals out who is seen to: each organisation by one worker at a time, so that what one has waiting holds up no other.
type turns struct {
	*Deliverer
	// making are the reports made last, by organisation, as long as more of it is due: recipients of one run that wait for another turn get what was made.
	making map[string]*making
	busy   map[string]bool
	// order counts the turns, last is the number of that which an organisation had last.
	order int
	last  map[string]int
	// lost are organisations of which nothing can be claimed: they wait for the next time.
	lost  map[string]bool
	ended chan ended
	errs  []error
}

// ended is what became of a turn.
type ended struct {
	organization string
	// lost tells that nothing could be claimed.
	lost bool
	err  error
}

// tryAll tries the deliveries that are due. One of which nothing can be noted is due again when its claim ends.
func (d *Deliverer) tryAll(ctx context.Context) error {
	t := &turns{Deliverer: d, making: map[string]*making{}, busy: map[string]bool{}, last: map[string]int{}, lost: map[string]bool{}, ended: make(chan ended, atOnce)}
	for ctx.Err() == nil {
		next, err := t.next(ctx)
		if err != nil {
			t.errs = append(t.errs, err)
			break
		}
		switch {
		case next != "" && len(t.busy) < atOnce:
			t.begin(ctx, next)
		case len(t.busy) == 0:
			return errors.Join(t.errs...)
		default:
			t.wait()
		}
	}
	for len(t.busy) > 0 {
		t.wait()
	}
	return errors.Join(t.errs...)
}

// next is the organisation whose turn it is: of those that wait and that nobody sees to, the one that had none yet, or whose last one is longest ago. Empty when
// there is none.
func (t *turns) next(ctx context.Context) (string, error) {
	waiting, err := t.Store.WaitingForReports(ctx, t.Now())
	if err != nil {
		return "", err
	}
	t.forget(waiting)
	found := ""
	for _, organization := range waiting {
		if !t.busy[organization] && !t.lost[organization] && (found == "" || t.last[organization] < t.last[found]) {
			found = organization
		}
	}
	return found, nil
}

// forget drops the files of organisations of which nothing is due any more.
func (t *turns) forget(waiting []string) {
	due := make(map[string]bool, len(waiting))
	for _, organization := range waiting {
		due[organization] = !t.lost[organization]
	}
	maps.DeleteFunc(t.making, func(organization string, _ *making) bool { return !due[organization] && !t.busy[organization] })
}

// begin lets an organisation have its turn.
func (t *turns) begin(ctx context.Context, organization string) {
	t.order++
	t.busy[organization], t.last[organization] = true, t.order
	made := t.making[organization]
	if made == nil {
		made = &making{deliverer: t.Deliverer}
		if len(t.making) < mostKept {
			t.making[organization] = made
		}
	}
	go func() {
		lost, err := t.tryTurn(ctx, organization, made)
		t.ended <- ended{organization, lost, err}
	}()
}

// wait waits for the end of a turn.
func (t *turns) wait() {
	e := <-t.ended
	delete(t.busy, e.organization)
	t.lost[e.organization] = e.lost
	if e.err != nil {
		t.errs = append(t.errs, e.err)
	}
}

// tryTurn tries the deliveries of an organisation that are due, as many as a turn has. lost tells that they cannot be claimed.
func (d *Deliverer) tryTurn(ctx context.Context, organization string, made *making) (lost bool, err error) {
	var errs []error
	for range turn {
		now := d.Now()
		// One at a time: making those before it takes nothing off its claim.
		claimed, err := d.Store.ClaimReports(ctx, organization, now, now.Add(claim), 1)
		if err != nil {
			return true, errors.Join(append(errs, err)...)
		}
		if len(claimed) == 0 {
			break
		}
		if err := d.try(ctx, claimed[0], made); err != nil {
			errs = append(errs, fmt.Errorf("send report of %s of %s: %w", claimed[0].Schedule, organization, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return false, errors.Join(errs...)
}

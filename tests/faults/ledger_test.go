package faults

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// fate is what a client knows of something that it sent.
type fate int

const (
	// unknown: the connection broke before an answer came.
	unknown fate = iota
	// acknowledged: the server said that it is stored.
	acknowledged
	// refused: the server said that it is not stored.
	refused
)

// entry is one thing sent: a response or a refusal.
type entry struct {
	response *surveyv1.Response
	refusal  *surveyv1.Refusal
	fate     fate
}

// ledger holds everything that was sent, by name. Safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	entries map[string]*entry
	// doubtful are the names whose fate is unknown; clients repeat some of them.
	doubtful []string
}

func newLedger() *ledger { return &ledger{entries: make(map[string]*entry)} }

// send notes that something is about to be sent.
func (l *ledger) send(name string, e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[name] = e
}

// settle notes what became of it. An acknowledgement is for ever.
func (l *ledger) settle(name string, f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[name]
	if e.fate == acknowledged {
		return
	}
	e.fate = f
	if f == unknown {
		l.doubtful = append(l.doubtful, name)
	}
}

// takeDoubtful returns one of the names whose fate is unknown, for a client to repeat; false when there is none.
func (l *ledger) takeDoubtful() (string, *entry, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.doubtful) > 0 {
		name := l.doubtful[len(l.doubtful)-1]
		l.doubtful = l.doubtful[:len(l.doubtful)-1]
		if e := l.entries[name]; e.fate == unknown {
			return name, e, true
		}
	}
	return "", nil, false
}

// counts tells how many were acknowledged, refused and left in doubt.
func (l *ledger) counts() (acked, denied, doubt int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		switch e.fate {
		case acknowledged:
			acked++
		case refused:
			denied++
		default:
			doubt++
		}
	}
	return acked, denied, doubt
}

// audit compares what is stored with what was sent: everything acknowledged is there, nothing refused is, nothing was made up, and each holds
// what was sent.
func (l *ledger) audit(s *stored) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, e := range l.entries {
		var found bool
		var same bool
		if e.response != nil {
			var got *surveyv1.Response
			got, found = s.responses[name]
			same = found && sameResponse(got, e.response)
		} else {
			var got *surveyv1.Refusal
			got, found = s.refusals[name]
			same = found && sameRefusal(got, e.refusal)
		}
		switch {
		case e.fate == acknowledged && !found:
			return fmt.Errorf("%s was acknowledged and is not stored", name)
		case e.fate == refused && found:
			return fmt.Errorf("%s was refused and is stored", name)
		case found && !same:
			return fmt.Errorf("%s is stored with other content", name)
		}
	}
	if len(s.twice) > 0 {
		return fmt.Errorf("%s is stored twice", s.twice[0])
	}
	for name := range s.responses {
		if _, ok := l.entries[name]; !ok {
			return fmt.Errorf("%s is stored and was never sent", name)
		}
	}
	for name := range s.refusals {
		if _, ok := l.entries[name]; !ok {
			return fmt.Errorf("%s is stored and was never sent", name)
		}
	}
	return nil
}

// losses counts what was acknowledged and is not stored.
func (l *ledger) losses(s *stored) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := 0
	for name, e := range l.entries {
		if e.fate == acknowledged && s.responses[name] == nil && s.refusals[name] == nil {
			lost++
		}
	}
	return lost
}

func sameResponse(got, sent *surveyv1.Response) bool {
	bare := proto.CloneOf(got)
	bare.Name, bare.Revision, bare.ReceiveTime, bare.CountTime, bare.Flags = "", "", nil, nil, nil
	return proto.Equal(bare, sent)
}

func sameRefusal(got, sent *surveyv1.Refusal) bool {
	bare := proto.CloneOf(got)
	bare.Name, bare.ReceiveTime, bare.CountTime = "", nil, nil
	return proto.Equal(bare, sent)
}

package redislog

import (
	"sync"
)

// desk is where readers find the streams that are open and streams find the tip. Safe for concurrent use.
type desk[E any] struct {
	mu      sync.Mutex
	streams []*stream[E]
	tip     tip
	// generation counts the tips that were read.
	generation int64
	// news nudges whoever reads the tip.
	news chan struct{}
}

func newDesk[E any](partitions int) *desk[E] {
	return &desk[E]{streams: make([]*stream[E], partitions), news: make(chan struct{}, 1)}
}

// open makes a stream the one of its partition.
func (d *desk[E]) open(s *stream[E]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams[s.partition] = s
	if d.generation > 0 {
		s.tipped(mark{position: d.tip.position, asOf: d.tip.asOf, last: d.tip.last[s.partition], generation: d.generation})
	}
	d.nudge()
}

// close takes a stream away if it is still the one of its partition; nil is whichever it is.
func (d *desk[E]) close(partition int, s *stream[E]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s == nil || d.streams[partition] == s {
		d.streams[partition] = nil
	}
}

// stream is the open stream of a partition, or nil.
func (d *desk[E]) stream(partition int) *stream[E] {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.streams[partition]
}

// idle tells whether no stream is open.
func (d *desk[E]) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.streams {
		if s != nil {
			return false
		}
	}
	return true
}

// generationNow is that of the newest tip.
func (d *desk[E]) generationNow() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.generation
}

// tipped hands a tip to all streams.
func (d *desk[E]) tipped(t tip) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.generation++
	d.tip = t
	for p, s := range d.streams {
		if s != nil {
			s.tipped(mark{position: t.position, asOf: t.asOf, last: t.last[p], generation: d.generation})
		}
	}
}

// nudge asks for the tip to be read soon.
func (d *desk[E]) nudge() {
	select {
	case d.news <- struct{}{}:
	default:
	}
}

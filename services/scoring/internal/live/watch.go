package live

// Topic tells of changes of one survey's counts. Close it when they are of interest no more.
type Topic struct {
	board   *Board
	name    topic
	users   int
	changed chan struct{}
}

// Watch begins to tell of changes of a survey's counts.
func (b *Board) Watch(organization, survey string) *Topic {
	b.watching.Lock()
	defer b.watching.Unlock()
	name := topic{organization, survey}
	t := b.topics[name]
	if t == nil {
		t = &Topic{board: b, name: name, changed: make(chan struct{})}
		b.topics[name] = t
	}
	t.users++
	return t
}

// Changed returns a channel that is closed at the next change. Get it before looking at the counts: then no change is missed.
func (t *Topic) Changed() <-chan struct{} {
	t.board.watching.Lock()
	defer t.board.watching.Unlock()
	return t.changed
}

// Close ends one use of the topic, that of one call of Watch.
func (t *Topic) Close() {
	t.board.watching.Lock()
	defer t.board.watching.Unlock()
	t.users--
	if t.users == 0 {
		delete(t.board.topics, t.name)
	}
}

// signal wakes all who wait; the caller holds the lock.
func (t *Topic) signal() {
	close(t.changed)
	t.changed = make(chan struct{})
}

func (b *Board) wake(organization string, surveys []string) {
	b.watching.Lock()
	defer b.watching.Unlock()
	if len(b.topics) == 0 {
		return
	}
	for _, s := range surveys {
		if t := b.topics[topic{organization, s}]; t != nil {
			t.signal()
		}
	}
}

func (b *Board) wakeAll() {
	b.watching.Lock()
	defer b.watching.Unlock()
	for _, t := range b.topics {
		t.signal()
	}
}

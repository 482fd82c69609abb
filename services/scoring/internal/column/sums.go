package column

// sum adds up numbers and their squares with twice the precision, so that the result does not show the order in which rows were added: the same rows
// give the same score on every replica, however they lie in blocks.
type sum struct {
	total, squares twofold
}

// twofold is the unevaluated sum of two numbers.
type twofold struct{ high, low float64 }

func (t *twofold) add(x float64) {
	s := t.high + x
	b := s - t.high
	t.low += (t.high - (s - b)) + (x - b)
	t.high = s
}

func (t *twofold) merge(other twofold) {
	t.add(other.high)
	t.low += other.low
}

func (t twofold) value() float64 { return t.high + t.low }

func (s *sum) add(w float64) {
	s.total.add(w)
	s.squares.add(w * w)
}

func (s *sum) merge(other sum) {
	s.total.merge(other.total)
	s.squares.merge(other.squares)
}

func (s *sum) weight() Weight { return Weight{Sum: s.total.value(), Squares: s.squares.value()} }

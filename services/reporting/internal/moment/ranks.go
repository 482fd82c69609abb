package moment

import "math"

// mostValues is the greatest number of different answers to a question that ranks are kept of.
const mostValues = 256

// jointCounts count the joint answers to each two questions.
type jointCounts struct {
	k int
	// values are the different answers to each question in the order met; nil once they are too many.
	values  [][]float64
	tooMany []bool
	// tables hold the counts of pair p: the code of the first answer is the row.
	tables [][][]int64
	codes  []int
}

func newJointCounts(k int) *jointCounts {
	return &jointCounts{k: k, values: make([][]float64, k), tooMany: make([]bool, k), tables: make([][][]int64, k*(k+1)/2), codes: make([]int, k)}
}

// add counts a response that answered the questions `observed`.
func (j *jointCounts) add(values []float64, observed []int) {
	for _, i := range observed {
		j.codes[i] = j.code(i, values[i])
	}
	for a, i := range observed {
		if j.codes[i] < 0 {
			continue
		}
		for _, other := range observed[a+1:] {
			if c := j.codes[other]; c >= 0 {
				j.count(at(j.k, i, other), j.codes[i], c, 1)
			}
		}
	}
}

// code numbers the answers to a question; negative where they are too many.
func (j *jointCounts) code(question int, value float64) int {
	if j.tooMany[question] {
		return -1
	}
	for c, v := range j.values[question] {
		if v == value {
			return c
		}
	}
	if len(j.values[question]) == mostValues {
		j.tooMany[question] = true
		return -1
	}
	j.values[question] = append(j.values[question], value)
	return len(j.values[question]) - 1
}

func (j *jointCounts) count(pair, first, second int, n int64) {
	for len(j.tables[pair]) <= first {
		j.tables[pair] = append(j.tables[pair], nil)
	}
	row := j.tables[pair][first]
	for len(row) <= second {
		row = append(row, 0)
	}
	row[second] += n
	j.tables[pair][first] = row
}

// plus are the counts of both.
func (j *jointCounts) plus(other *jointCounts) *jointCounts {
	sum := newJointCounts(j.k)
	for _, part := range []*jointCounts{j, other} {
		for i := range j.k {
			sum.tooMany[i] = sum.tooMany[i] || part.tooMany[i]
		}
		for first := range j.k {
			for second := first + 1; second < j.k; second++ {
				pair := at(j.k, first, second)
				for a, row := range part.tables[pair] {
					for b, n := range row {
						if n == 0 {
							continue
						}
						x, y := sum.code(first, part.values[first][a]), sum.code(second, part.values[second][b])
						if x >= 0 && y >= 0 {
							sum.count(pair, x, y, n)
						}
					}
				}
			}
		}
	}
	return sum
}

// Spearman is the correlation of the ranks of the answers to two questions among the responses that answer both, ties sharing the mean rank, from -1
// to 1 (Spearman 1904); n is their number. It is not known (false) where only sums are, where a question has more than 256 different answers, or where
// one of the two does not vary.
func (s *Sample) Spearman(i, j int) (rho float64, n int64, ok bool) {
	if s.ranks == nil || i == j || s.ranks.tooMany[i] || s.ranks.tooMany[j] {
		return 0, 0, false
	}
	first, second := min(i, j), max(i, j)
	table := s.ranks.tables[at(len(s.Questions), first, second)]
	rows, columns := make([]int64, len(s.ranks.values[first])), make([]int64, len(s.ranks.values[second]))
	for a, row := range table {
		for b, count := range row {
			rows[a] += count
			columns[b] += count
			n += count
		}
	}
	x, y := midRanks(s.ranks.values[first], rows), midRanks(s.ranks.values[second], columns)
	// Ranks are centred at their mean, so that nothing cancels.
	mean := (float64(n) + 1) / 2
	var xx, yy, xy float64
	for a, row := range table {
		for b, count := range row {
			u, v, c := x[a]-mean, y[b]-mean, float64(count)
			xx += c * u * u
			yy += c * v * v
			xy += c * u * v
		}
	}
	if !(xx > 0) || !(yy > 0) {
		return 0, n, false
	}
	return min(1, max(-1, xy/math.Sqrt(xx*yy))), n, true
}

// HasRanks tells that single answers were counted, so that Spearman knows ranks.
func (s *Sample) HasRanks() bool { return s.ranks != nil }

// midRanks are the mean ranks of values that were given a number of times each.
func midRanks(values []float64, counts []int64) []float64 {
	ranks := make([]float64, len(values))
	for a, v := range values {
		var below int64
		for b, w := range values {
			if w < v {
				below += counts[b]
			}
		}
		ranks[a] = float64(below) + (float64(counts[a])+1)/2
	}
	return ranks
}

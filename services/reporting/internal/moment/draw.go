package moment

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// LeastGroups is the least number of random groups with responses that draws are made from: fewer tell next to nothing of how estimates vary.
const LeastGroups = 10

// Draw is the moments of another sample of the same respondents.
type Draw struct {
	// Mean and SD are on the scales of the questions.
	Mean, SD []float64
	// Correlation is positive semi-definite with ones on the diagonal; nil where the sample holds levels only.
	Correlation [][]float64
	// Repaired tells that the correlations of the pairs contradicted each other, as in Sample.
	Repaired bool
}

// source gives the moments with group g counted times[g] times, for the groups that hold responses; false where they are not determined. It is safe
// for concurrent use.
type source interface {
	draw(times []float64) (Draw, bool)
	// left gives what is determined, not repaired.
	left(times []float64) Left
}

// Resample draws as many groups as there are, with replacement, the given number of times (bootstrap of clusters of respondents; Davison and Hinkley
// 1997, §3.8), and hands each draw with its number to each. Draws in which a question or a pair does not vary, or nobody answered it, are left
// out. The draws depend on the seed only. each is called from several goroutines at once. Nothing is drawn from fewer than LeastGroups groups. The only
// error is that of ctx, at whose end no further draw is begun.
func (s *Sample) Resample(ctx context.Context, draws int, seed uint64, each func(number int, d Draw)) error {
	if s.Groups < LeastGroups {
		return ctx.Err()
	}
	return parallel(ctx, draws, func(number int) {
		random := rand.New(rand.NewPCG(seed, uint64(number))) //nolint:gosec // Draws are repeated from their seed; nothing is secret.
		times := make([]float64, s.Groups)
		for range times {
			times[random.IntN(len(times))]++
		}
		if d, ok := s.resampled.draw(times); ok {
			each(number, d)
		}
	})
}

// LeaveOneOut hands the moments without each group of respondents to each, with the number of the group from 0 to Groups - 1, as Resample does.
// Estimates from them are for stat.Jackknife. Nothing is left out of fewer than LeastGroups groups.
func (s *Sample) LeaveOneOut(ctx context.Context, each func(group int, d Draw)) error {
	if s.Groups < LeastGroups {
		return ctx.Err()
	}
	return parallel(ctx, s.Groups, func(group int) {
		times := ones(s.Groups)
		times[group] = 0
		if d, ok := s.resampled.draw(times); ok {
			each(group, d)
		}
	})
}

// parallel calls f with each number below n, until ctx ends, whose error it returns.
func parallel(ctx context.Context, n int, f func(number int)) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for ctx.Err() == nil {
				number := int(next.Add(1)) - 1
				if number >= n {
					return
				}
				f(number)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

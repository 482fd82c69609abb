package stat_test

import (
	"errors"
	"math"
	"testing"

	"github.com/otklik/otklik/libs/stat"
)

func TestImpossibleArgumentsAreRefused(t *testing.T) {
	good := stat.ShareDifference{Plus: 1, Minus: 1, N: 3}
	nan := math.NaN()
	second := func(_ any, err error) error { return err }
	for name, c := range map[string]struct{ err, want error }{
		"level 0":       {second(good.AdjustedWald(0)), stat.ErrArgument},
		"level 1":       {second(good.Wald(1)), stat.ErrArgument},
		"level nan":     {second(good.TrinomialT(nan)), stat.ErrArgument},
		"counts":        {second(stat.ShareDifference{Plus: 2, Minus: 2, N: 3}.Wald(0.95)), stat.ErrArgument},
		"negative":      {second(stat.ShareDifference{Plus: -1, N: 3}.Wald(0.95)), stat.ErrArgument},
		"empty":         {second(stat.ShareDifference{}.AdjustedWald(0.95)), stat.ErrUndefined},
		"one":           {second(stat.ShareDifference{Plus: 1, N: 1}.TrinomialT(0.95)), stat.ErrUndefined},
		"hits":          {second(stat.Proportion{Hits: 4, N: 3}.Wilson(0.95)), stat.ErrArgument},
		"no sample":     {second(stat.Proportion{}.Wilson(0.95)), stat.ErrUndefined},
		"newcombe":      {second(stat.Newcombe(stat.Proportion{Hits: 1, N: 2}, stat.Proportion{}, 0.95)), stat.ErrUndefined},
		"pooled":        {second(stat.PooledZ(stat.Proportion{N: 2}, stat.Proportion{N: 2})), stat.ErrUndefined},
		"mean of one":   {second(stat.Moments{N: 1, Mean: 2}.Interval(0.95)), stat.ErrUndefined},
		"no variance":   {second(stat.Moments{N: 9, Mean: 2}.Interval(0.95)), stat.ErrUndefined},
		"variance":      {second(stat.Moments{N: 9, Variance: -1}.Interval(0.95)), stat.ErrArgument},
		"welch":         {second(stat.Welch(stat.Moments{N: 1}, stat.Moments{N: 5, Variance: 1}, 0.95)), stat.ErrUndefined},
		"compare":       {second(stat.CompareShareDifferences(good, stat.ShareDifference{}, 0.95)), stat.ErrUndefined},
		"means":         {second(stat.CompareMeans(stat.Mean{StandardError: 1}, stat.Mean{StandardError: 1, DF: 3}, 0.95)), stat.ErrArgument},
		"no clusters":   {second(stat.ClusteredMean(nil)), stat.ErrUndefined},
		"one cluster":   {second(stat.ClusteredMean([]stat.Cluster{{Sum: 1, Size: 1, Times: 1}})), stat.ErrUndefined},
		"empty cluster": {second(stat.ClusteredMean([]stat.Cluster{{Sum: 1, Size: 0, Times: 1}})), stat.ErrArgument},
		"weights":       {second(stat.WeightedMean([]float64{1}, nil)), stat.ErrArgument},
		"p-value":       {second(stat.BenjaminiHochberg([]float64{0.5, nan})), stat.ErrArgument},
		"quantile":      {second(nil, isNaN(stat.NormalQuantile(1), stat.TQuantile(0, 3), stat.TQuantile(0.5, 0), stat.TCDF(0, -1))), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.err, c.want)
		}
	}
}

func isNaN(xs ...float64) error {
	for _, x := range xs {
		if !math.IsNaN(x) {
			return errors.New("not NaN")
		}
	}
	return nil
}

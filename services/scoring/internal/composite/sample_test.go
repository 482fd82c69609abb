package composite

import (
	"reflect"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestTotalChangesNoSample: samples may be used again, whichever of them have moments or questions.
func TestTotalChangesNoSample(t *testing.T) {
	t.Parallel()
	make3 := func() []Sample {
		samples := make([]Sample, 4)
		for i := range samples {
			if i != 1 {
				samples[i].Moments = NewMoments(1)
				samples[i].Moments.Count([]float64{float64(i)}, 1)
			}
			if i > 0 {
				c := Counted{Question: metric.Question{ID: "q", Scale: question.Scale1To5}}
				c.Data.Choice = &metric.Choice{Answered: 1, Options: map[string]int64{"a": int64(i)}}
				c.Data.Weighted = &metric.Weighted{
					Answers: []metric.WeightedBin{{Value: 100, Weight: metric.Weight{Sum: 1, Squares: 1}}}, Options: map[string]metric.Weight{"a": {Sum: 1}},
				}
				if err := c.Data.Answers.Add(int64(100*i), 1); err != nil {
					t.Fatal(err)
				}
				samples[i].Questions = []Counted{c}
			}
		}
		return samples
	}
	samples := make3()
	sum := total(samples)
	if !reflect.DeepEqual(samples, make3()) {
		t.Errorf("samples have changed: %+v", samples)
	}
	if sum.Moments.N[0] != 3 || sum.Moments.Sum[0] != 5 || len(sum.Questions) != 1 || sum.Questions[0].Data.Answers.N() != 3 {
		t.Errorf("total %+v", sum)
	}
	if d := sum.Questions[0].Data; d.Choice.Options["a"] != 6 || d.Weighted.Answers[0].Sum != 3 || d.Weighted.Options["a"].Sum != 3 {
		t.Errorf("total %+v", d)
	}
	both := samples[1].Add(samples[2])
	if !reflect.DeepEqual(samples, make3()) || both.Questions[0].Data.Answers.N() != 2 || both.Moments.N[0] != 1 {
		t.Errorf("sum of two: %+v", both)
	}
}

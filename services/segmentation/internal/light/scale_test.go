package light_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		scale light.Scale
		value float64
		want  float64
	}{
		{light.Scale{Min: 1, Max: 5}, 1, 1}, {light.Scale{Min: 1, Max: 5}, 5, 10}, {light.Scale{Min: 1, Max: 5}, 3, 5.5}, {light.Scale{Min: 0, Max: 10}, 10, 10},
		{light.Scale{Min: 0, Max: 10}, 5, 5.5}, {light.Scale{Min: 1, Max: 10}, 7, 7}, {light.Scale{Min: 1, Max: 7, Effort: true}, 7, 1},
		{light.Scale{Min: 1, Max: 7, Effort: true}, 2, 8.5}, {light.Scale{Min: -5, Max: 5}, 0, 5.5},
	} {
		if v, err := c.scale.Place(c.value); err != nil || !near(v.Score(), c.want) {
			t.Errorf("%v on %+v is %v, %v; want %v", c.value, c.scale, v.Score(), err, c.want)
		}
	}
	for _, off := range []float64{0, 5.01, -1} {
		if _, err := (light.Scale{Min: 1, Max: 5}).Place(off); err == nil {
			t.Errorf("%v is placed on 1-5", off)
		}
	}
}

func TestAnswersArePackedExactly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := drawRow(rt, 1).Answers
		got, err := light.Unpack(light.Pack(want))
		if err != nil || !slices.Equal(got, want) {
			rt.Fatalf("%v unpacks to %v, %v", want, got, err)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add(light.Pack([]light.Answer{{Question: "q", Value: 3}}))
	f.Add([]byte{200, 1})
	f.Fuzz(func(t *testing.T, packed []byte) {
		answers, err := light.Unpack(packed)
		if err != nil {
			return
		}
		again, err := light.Unpack(light.Pack(answers))
		if err != nil || !slices.Equal(again, answers) {
			t.Errorf("%v becomes %v, %v", answers, again, err)
		}
	})
}

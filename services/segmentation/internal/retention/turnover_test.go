package retention

import (
	"math"
	"testing"
)

func TestTellStaff(t *testing.T) {
	t.Parallel()
	got, err := TellStaff(question(), []Place{
		{Score: 3, Leavers: 6, PersonYears: 10}, {Score: 4, Leavers: 4, PersonYears: 10}, {Score: 6, Leavers: 3, PersonYears: 10}, {Score: 9, Leavers: 1, PersonYears: 20},
	})
	if err != nil {
		t.Fatal(err)
	}
	red := got.Bands[Red]
	if red.Locations != 2 || red.Leavers != 10 || !near(red.Rate, 0.5) || !near(red.MeanScore, 3.5) {
		t.Errorf("red is %+v", red)
	}
	if i := red.Interval; i == nil || math.Abs(i.Low-4.7953887/20) > 1e-6 || math.Abs(i.High-18.3903560/20) > 1e-6 {
		t.Errorf("interval %v", i)
	}
	if got.All.Locations != 4 || got.All.Leavers != 14 || !near(got.All.PersonYears, 50) {
		t.Errorf("all is %+v", got.All)
	}
	if c := got.Correlation; c == nil || c.N != 4 || c.Estimate > -0.9 || !(c.Interval.Low <= c.Estimate && c.Estimate <= c.Interval.High) || c.P <= 0 || c.P >= 0.2 {
		t.Errorf("correlation %+v", c)
	}
	if got.Point == nil || got.Point.Estimate >= 0 {
		t.Errorf("slope %+v", got.Point)
	}
}

func TestTellStaffOfFew(t *testing.T) {
	t.Parallel()
	got, err := TellStaff(question(), []Place{{Score: 3, Leavers: 0, PersonYears: 10}})
	if err != nil || got.Correlation != nil || got.Point != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if i := got.Bands[Red].Interval; i == nil || i.Low != 0 || i.High < 0.36 {
		t.Errorf("nobody left, %v", i)
	}
	if got.Bands[Green].Interval != nil || !math.IsNaN(got.Bands[Green].Rate) {
		t.Errorf("green is %+v", got.Bands[Green])
	}
}

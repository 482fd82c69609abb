package harness

import "strconv"

// Part is a kind of process of a suite.
type Part string

// The parts. All is the only one where the suite is one process; the others make it up where it runs apart.
const (
	All          Part = "all"
	Survey       Part = "survey"
	Scoring      Part = "scoring"
	Access       Part = "access"
	Comment      Part = "comment"
	Segmentation Part = "segmentation"
	Reporting    Part = "reporting"
	Gateway      Part = "gateway"
	// bench stores nothing and is only measured against.
	bench Part = "bench-baseline"
)

// Replica names one process of a suite: the one of a part that has the number, from 0.
type Replica struct {
	Part   Part
	Number int
}

// String is the replica's name, for example survey-0; it is also the name of the instance.
func (r Replica) String() string { return string(r.Part) + "-" + strconv.Itoa(r.Number) }

package harness

// Layout says which processes make up the suite, and what they store in.
type Layout int

const (
	// AllInOne is `otklik all` on SQLite: one process, calls between services in process.
	AllInOne Layout = iota
	// Apart is `otklik access`, `otklik survey`, `otklik scoring`, `otklik comment`, `otklik segmentation`, `otklik reporting` and
	// `otklik gateway`, on PostgreSQL and Redis: processes that speak over TCP.
	Apart
	// Cluster is Apart with a Redis Cluster of six nodes.
	Cluster
	// AllServed is `otklik all` on PostgreSQL, and Redis if there is one.
	AllServed
	// Baseline is `otklik bench-baseline`: the gateway and the chain of `otklik all` in front of a handler that stores nothing. Only for
	// measurements.
	Baseline
	// BaselineApart is the same with a gateway in a process of its own.
	BaselineApart
)

// String is the layout's name in the names of tests.
func (l Layout) String() string {
	switch l {
	case Apart:
		return "apart"
	case Cluster:
		return "cluster"
	case AllServed:
		return "all-served"
	case Baseline:
		return "baseline"
	case BaselineApart:
		return "baseline-apart"
	default:
		return "all-in-one"
	}
}

// Layouts are those that the suite's promises hold on, for tests that run on each.
func Layouts() []Layout { return []Layout{AllInOne, Apart, Cluster} }

// served tells whether the services store in PostgreSQL and Redis.
func (l Layout) served() bool { return l == Apart || l == Cluster || l == AllServed }

// apart tells whether each part is a process of its own.
func (l Layout) apart() bool { return l == Apart || l == Cluster || l == BaselineApart }

// parts are the kinds of processes in the order in which they start.
func (l Layout) parts() []Part {
	switch l {
	case Apart, Cluster:
		return []Part{Access, Survey, Scoring, Comment, Segmentation, Reporting, Gateway}
	case Baseline:
		return []Part{bench}
	case BaselineApart:
		return []Part{bench, Gateway}
	default:
		return []Part{All}
	}
}

// host is the part whose process a part runs in.
func (l Layout) host(part Part) Part {
	switch {
	case l == Apart || l == Cluster || part == Gateway && l == BaselineApart:
		return part
	default:
		return l.parts()[0]
	}
}

package rfm

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/testkit"
)

// recount is the fifth of a value by its definition: the ranks of all that are equal, their mean, and in which fifth that lies.
func recount(values []float64, v float64) int {
	below, equal := 0, 0
	for _, other := range values {
		if other < v {
			below++
		} else if other == v {
			equal++
		}
	}
	midRank := float64(below) + float64(equal+1)/2
	return 1 + min(int(math.Floor(5*(midRank-0.5)/float64(len(values))+1e-12)), 4)
}

func TestPlacesEqualTheirDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-5, 20), func(n int) float64 { return float64(n) }), 1, 80).Draw(t, "values")
		cuts := CutsOf(slices.Clone(values))
		if !slices.IsSorted(cuts[:]) {
			t.Fatalf("cuts %v", cuts)
		}
		for _, v := range values {
			if got, want := cuts.Place(v), recount(values, v); got != want {
				t.Fatalf("%v of %v: place %d, counted %d", v, values, got, want)
			}
		}
	})
}

func TestFifthsOfDistinctValuesAreEqual(t *testing.T) {
	var values []float64
	for i := range 1000 {
		values = append(values, float64(i*7%1000))
	}
	cuts := CutsOf(slices.Clone(values))
	counts := map[int]int{}
	for _, v := range values {
		counts[cuts.Place(v)]++
	}
	for place := 1; place <= 5; place++ {
		if counts[place] != 200 {
			t.Errorf("%d in fifth %d, want 200", counts[place], place)
		}
	}
	if all := CutsOf([]float64{3, 3, 3, 3}); all.Place(3) != 3 {
		t.Errorf("all equal: %d, want the middle", all.Place(3))
	}
	if none := CutsOf(nil); none.Place(3) != 1 {
		t.Errorf("without values: %d", none.Place(3))
	}
}

// The purchases of CDNOW's customers, counted here again.
func TestCDNOWEqualsARecount(t *testing.T) {
	customers := cdnow(t)
	table := Of(customers)
	var days, counts, sums []float64
	for _, c := range customers {
		days, counts, sums = append(days, float64(Day(c.Last))), append(counts, float64(c.Frequency)), append(sums, c.Monetary)
	}
	cells := map[Place]int{}
	for i, c := range customers {
		got, want := table.Place(c), Place{recount(days, days[i]), recount(counts, counts[i]), recount(sums, sums[i])}
		if got != want {
			t.Fatalf("customer %d %+v is at %+v, counted %+v", i, c, got, want)
		}
		cells[got]++
	}
	best, lost := cells[Place{5, 5, 5}], 0
	for p, n := range cells {
		if p.Recency == 1 {
			lost += n
		}
	}
	t.Logf("%d customers; the best in all: %d; the longest away: %d", len(customers), best, lost)
	if best == 0 || lost == 0 {
		t.Error("nobody is best, or nobody is away")
	}
}

func cdnow(t *testing.T) []Customer {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, "cdnow/cdnow_even.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows := csv.NewReader(z)
	if _, err := rows.Read(); err != nil {
		t.Fatal(err)
	}
	byID, order, purchases := map[string]*Customer{}, []string(nil), 0
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.Parse("20060102", row[2])
		if err != nil {
			t.Fatal(err)
		}
		sales, err := strconv.ParseFloat(row[4], 64)
		if err != nil {
			t.Fatal(err)
		}
		purchases++
		c := byID[row[0]]
		if c == nil {
			c = &Customer{}
			byID[row[0]], order = c, append(order, row[0])
		}
		if day.After(c.Last) {
			c.Last = day
		}
		c.Frequency++
		// Cents are exact, dollars are not.
		c.Monetary += math.Round(sales * 100)
	}
	if purchases != 3341 {
		t.Fatalf("%d purchases, want 3,341", purchases)
	}
	var out []Customer
	for _, id := range order {
		out = append(out, *byID[id])
	}
	return out
}

func TestCutsAreKept(t *testing.T) {
	cuts := CutsOf([]float64{1, 1, 1, 2})
	raw, err := json.Marshal(cuts)
	if err != nil {
		t.Fatal(err)
	}
	var again Cuts
	if err := json.Unmarshal(raw, &again); err != nil || again != cuts {
		t.Errorf("%s is %v, want %v: %v", raw, again, cuts, err)
	}
}

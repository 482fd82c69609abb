package operation

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/money"
)

const (
	// identityShare is by which part of the revenue the product of traffic, conversion and check may differ from it.
	identityShare = 0.005
	// conversionRounding is by how much a conversion may be rounded: half of a tenth of a percent.
	conversionRounding = 0.0005
	// oneReceipt is by how much a number of receipts may differ beside.
	oneReceipt = 0.5
)

// Stated is what a table of sales says beside its numbers.
type Stated struct {
	// Conversion is receipts by visitors, from 0 to 1, Check the mean amount of a receipt in minor units; nil where it is not stated.
	Conversion, Check *float64
}

// CheckIdentity tells whether what is stated of sales contradicts itself: revenue is traffic times conversion times check, and receipts are traffic times
// conversion. Who states less is believed.
func (r Record) CheckIdentity(s Stated) []Problem {
	var c checks
	if s.Conversion != nil && !(*s.Conversion >= 0 && *s.Conversion <= 1) {
		c.add("conversion", OutOfRange, "must lie between 0 and 1, or 0 % and 100 %")
	}
	if s.Check != nil && !(math.Abs(*s.Check) <= money.Most) {
		c.add("average_check", OutOfRange, "must be 10,000,000,000,000 minor units at most")
	}
	if len(c.found) > 0 || !r.CountsVisitors || s.Conversion == nil {
		return c.found
	}
	traffic := float64(r.Visitors)
	if buyers := traffic * *s.Conversion; math.Abs(float64(r.Receipts)-buyers) > traffic*conversionRounding+oneReceipt {
		c.add("conversion", Inconsistent, fmt.Sprintf("traffic × conversion is %.1f, and receipts are %d: the difference is %+.1f; correct the number that is wrong, or leave conversion out",
			buyers, r.Receipts, float64(r.Receipts)-buyers))
	}
	if s.Check == nil {
		return c.found
	}
	product := traffic * *s.Conversion * *s.Check
	allowed := identityShare*math.Abs(float64(r.Revenue)) + math.Abs(traffic**s.Check)*conversionRounding + 1
	if diff := float64(r.Revenue) - product; math.Abs(diff) > allowed {
		c.add("revenue", Inconsistent, fmt.Sprintf("traffic × conversion × average check is %s, and revenue is %s: the difference is %s, more than the %s that rounding explains; correct the number that is wrong",
			money.Format(product, r.Currency), money.Format(float64(r.Revenue), r.Currency), money.Format(diff, r.Currency), money.Format(allowed, r.Currency)))
	}
	return c.found
}

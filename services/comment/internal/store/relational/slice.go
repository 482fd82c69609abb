package relational

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// columns are those of the table comments that hold a key of the context.
var columns = map[store.Key]string{
	store.ByTouchpoint:     "c.touchpoint",
	store.ByChannel:        "c.channel",
	store.ByLocation:       "c.location",
	store.ByAnswerLanguage: "c.answer_language",
	store.ByRegion:         "c.region",
	store.ByCompany:        "c.company",
}

// dimensions are the columns of the dimensions of store.Units.
var dimensions = map[string]string{"location": "c.location", "region": "c.region", "company": "c.company"}

// conditions are those of a query, with its parameters.
type conditions struct {
	text strings.Builder
	args []any
}

// arg adds a parameter and returns its name.
func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

// and adds a condition.
func (c *conditions) and(condition string) {
	if c.text.Len() > 0 {
		c.text.WriteString(" AND ")
	}
	c.text.WriteString(condition)
}

// equal adds that a column has a value, unless the value is empty.
func (c *conditions) equal(column, v string) {
	if v != "" {
		c.and(column + " = " + c.arg(v))
	}
}

// slice adds the conditions of a slice on the comment c.
func (c *conditions) slice(d Dialect, s store.Slice) {
	c.and("c.organization = " + c.arg(s.Organization))
	c.equal("c.survey", s.Survey)
	c.equal("c.question", s.Question)
	if !s.Start.IsZero() {
		c.and("c.count_time >= " + c.arg(relational.ToMicro(s.Start)))
	}
	if !s.End.IsZero() {
		c.and("c.count_time < " + c.arg(relational.ToMicro(s.End)))
	}
	c.equal("c.touchpoint", s.Touchpoint)
	c.equal("c.channel", s.Channel)
	c.equal("c.location", s.Location)
	c.equal("c.region", s.Region)
	c.equal("c.company", s.Company)
	if s.Language != store.NoLanguage {
		c.and("c.language = " + c.arg(int64(s.Language)))
	}
	if s.Sentiment != store.NoSentiment {
		c.and("c.sentiment = " + c.arg(int64(s.Sentiment)))
	}
	if s.Aspect != "" || s.AspectSentiment != store.NoSentiment {
		c.and("EXISTS (SELECT 1 FROM comment_aspects m WHERE m.organization = c.organization AND m.seq = c.seq" + c.mention("m", s) + ")")
	}
	c.units(s.Units)
	if s.Words != nil && len(s.Words.All)+len(s.Words.None) > 0 {
		c.and(d.Matching(s.Words, c.arg))
	}
}

// mention is the slice's condition on a row of comment_aspects.
func (c *conditions) mention(table string, s store.Slice) string {
	var text string
	if s.Aspect != "" {
		text += " AND " + table + ".aspect = " + c.arg(s.Aspect)
	}
	if s.AspectSentiment != store.NoSentiment {
		text += " AND " + table + ".sentiment = " + c.arg(int64(s.AspectSentiment))
	}
	return text + c.notPending(table, s.Organization)
}

// units adds that the comment c has a value in one of the dimensions.
func (c *conditions) units(units store.Units) {
	if len(units) == 0 {
		return
	}
	var alternatives []string
	for _, name := range slices.Sorted(keys(units)) {
		column, known := dimensions[name]
		var in []string
		if len(units[name]) > mostListed && known {
			alternatives = append(alternatives, column+" IN ("+c.keysOf(units[name])+")")
			continue
		}
		for _, v := range units[name] {
			if known && v != "" {
				in = append(in, c.arg(v))
			}
		}
		if len(in) > 0 {
			alternatives = append(alternatives, column+" IN ("+strings.Join(in, ", ")+")")
		}
	}
	if len(alternatives) == 0 {
		alternatives = []string{"1 = 0"}
	}
	c.and("(" + strings.Join(alternatives, " OR ") + ")")
}

// mostListed is how many values are parameters of their own: callers may have 20,000 units, and statements 32,766 parameters at most.
const mostListed = 100

// keysOf is a list of texts as the keys of one parameter of JSON, which both databases read alike. What is empty is left out.
func (c *conditions) keysOf(values []string) string {
	object := make(map[string]int, len(values))
	for _, v := range values {
		if v != "" {
			object[v] = 1
		}
	}
	// Maps of texts to numbers never fail to be encoded.
	body, _ := json.Marshal(object)
	return "SELECT key FROM json_each(" + c.arg(string(body)) + ")"
}

// within tells whether a comment with these circumstances has a value in one of the dimensions.
func within(c store.Context, units store.Units) bool {
	if len(units) == 0 {
		return true
	}
	for name, in := range map[string]string{"location": c.Location, "region": c.Region, "company": c.Company} {
		if in != "" && slices.Contains(units[name], in) {
			return true
		}
	}
	return false
}

// Package membership says who belongs to which segments: it knows what rules may ask of an organisation's contacts, loads them into columns, compares them with
// the rules when either changes, and answers what could be a segment.
package membership

import (
	"math"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Fields are what rules may ask of an organisation's contacts, and where it stands in their schema.
type Fields struct {
	Schema *segment.Schema
	// contact and company are the places of declared attributes, by the numbers of their declarations.
	contact, company map[uint32]field
	lightOfContact, lightOfCompany, mean, answers, last, meanOfCompany,
	recency, frequency, monetary, fifthRecency, fifthFrequency, fifthMonetary int
}

type field struct {
	at int
	is attribute.Type
}

// types are the types of declared attributes in rules.
var types = map[attribute.Type]segment.Type{
	attribute.String: segment.Text, attribute.Enum: segment.Text, attribute.Number: segment.Number, attribute.Bool: segment.Flag, attribute.Date: segment.Time,
}

// FieldsOf are the fields of an organisation that declares attributes.
func FieldsOf(declared []attribute.Definition) (*Fields, error) {
	f := &Fields{contact: map[uint32]field{}, company: map[uint32]field{}}
	groups := map[attribute.Kind]struct {
		name string
		of   map[uint32]field
	}{attribute.Contact: {segment.ContactGroup, f.contact}, attribute.Company: {segment.CompanyGroup, f.company}}
	var attributes []segment.Attribute
	for _, d := range declared {
		if g, ok := groups[d.Kind]; ok {
			g.of[d.Number] = field{at: len(segment.BuiltIn()) + len(attributes), is: d.Type}
			attributes = append(attributes, segment.Attribute{Name: g.name + "." + d.Key, Type: types[d.Type], Options: d.Options})
		}
	}
	var err error
	if f.Schema, err = segment.NewSchema(attributes); err != nil {
		return nil, err
	}
	for name, at := range map[string]*int{
		segment.LightContact: &f.lightOfContact, segment.LightCompany: &f.lightOfCompany, segment.ScoreMean: &f.mean, segment.ScoreAnswers: &f.answers,
		segment.ScoreLast: &f.last, segment.ScoreCompany: &f.meanOfCompany, segment.PurchaseRecency: &f.recency, segment.PurchaseCount: &f.frequency,
		segment.PurchaseSum: &f.monetary, segment.RFMRecency: &f.fifthRecency, segment.RFMFrequency: &f.fifthFrequency, segment.RFMMonetary: &f.fifthMonetary,
	} {
		*at, _ = f.Schema.Lookup(name)
	}
	return f, nil
}

// taker takes what is known of a contact. *population.Builder is one.
type taker interface {
	Text(at int, v string)
	Number(at int, v float64)
	Flag(at int, v bool)
	Time(at int, v time.Time)
}

// attributes states the values of declared attributes.
func attributes(to taker, of map[uint32]field, packed attribute.Packed) {
	for number, v := range packed.All() {
		f, declared := of[number]
		if !declared || f.is != v.Type {
			continue
		}
		switch types[v.Type] {
		case segment.Text:
			to.Text(f.at, v.Text)
		case segment.Number:
			to.Number(f.at, v.Number)
		case segment.Flag:
			to.Flag(f.at, v.Number != 0)
		case segment.Time:
			to.Time(f.at, v.Day())
		}
	}
}

// lights states what is known of scores.
func (f *Fields) lights(to taker, contact, company store.LightSummary) {
	if contact.Colour != light.NoColour {
		to.Text(f.lightOfContact, strings.ToUpper(contact.Colour.String()))
	}
	if contact.Answers > 0 {
		to.Number(f.mean, contact.Mean)
		to.Number(f.answers, float64(contact.Answers))
	}
	if !contact.Last.IsZero() {
		to.Time(f.last, contact.Last)
	}
	if company.Colour != light.NoColour {
		to.Text(f.lightOfCompany, strings.ToUpper(company.Colour.String()))
	}
	if company.Answers > 0 {
		to.Number(f.meanOfCompany, company.Mean)
	}
}

// purchases states what is known of purchases, on the day of now.
func (f *Fields) purchases(to taker, bought store.PurchaseSum, table store.RFMTable, now time.Time) {
	if bought.Purchases == 0 {
		return
	}
	c := customer(bought, table.Currency)
	to.Number(f.recency, float64(rfm.Day(now)-rfm.Day(c.Last)))
	to.Number(f.frequency, float64(c.Frequency))
	to.Number(f.monetary, c.Monetary)
	if table.Customers == 0 {
		return
	}
	place := table.Table.Place(c)
	to.Number(f.fifthRecency, float64(place.Recency))
	to.Number(f.fifthFrequency, float64(place.Frequency))
	to.Number(f.fifthMonetary, float64(place.Monetary))
}

// customer is what a contact bought, in units of the currency.
func customer(s store.PurchaseSum, currency string) rfm.Customer {
	return rfm.Customer{Last: s.Last, Frequency: s.Purchases, Monetary: float64(s.Amount) / math.Pow10(money.Digits(currency))}
}

// row is what is known of one contact: by the places of the schema, nil where it is not known.
type row []any

// Value implements segment.Row.
func (r row) Value(at int) (any, bool) { return r[at], r[at] != nil }

// Text implements taker, as do the others.
func (r row) Text(at int, v string)    { r[at] = v }
func (r row) Number(at int, v float64) { r[at] = v }
func (r row) Flag(at int, v bool)      { r[at] = v }
func (r row) Time(at int, v time.Time) { r[at] = v.UTC() }

// Row is a contact as rules see it.
func (f *Fields) Row(c *store.ContactFacts, table store.RFMTable, now time.Time) segment.Row {
	r := make(row, len(f.Schema.Attributes()))
	attributes(r, f.contact, c.Attributes)
	attributes(r, f.company, c.CompanyAttributes)
	f.lights(r, c.Light, c.CompanyLight)
	f.purchases(r, c.Purchases, table, now)
	return r
}

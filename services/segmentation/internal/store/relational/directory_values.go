package relational

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
)

// valueAttribute is the attribute of companies that says what they are worth, where nobody names another one.
const valueAttribute = "value"

// namesAtOnce is how many things are looked for in one query.
const namesAtOnce = 64

// inNames runs a query whose text ends with `IN (` for parts of names, the last of a part repeated so that there are two statements for all numbers of names: one
// for many, and one for a single name, which is most often asked for. before are the parameters that come before those of the names.
func inNames[T, N any](ctx context.Context, r relational.Reader, scan func(relational.Scanner) (T, error), query string, before []any, names []N) (out []T, err error) {
	return inNamesBy(ctx, r, scan, query, "", before, names)
}

// inNamesBy is inNames for a query that goes on after the names.
func inNamesBy[T, N any](ctx context.Context, r relational.Reader, scan func(relational.Scanner) (T, error), query, end string, before []any, names []N) (out []T, err error) {
	for part := range slices.Chunk(names, namesAtOnce) {
		size := namesAtOnce
		if len(part) == 1 {
			size = 1
		}
		args, marks := slices.Clone(before), make([]string, size)
		for i := range marks {
			args = append(args, part[min(i, len(part)-1)])
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		found, err := relational.List(ctx, r, scan, query+strings.Join(marks, ", ")+`)`+end, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// numberOf finds the declaration of an attribute that is a number; 0 when there is none.
func numberOf(ctx context.Context, r relational.Reader, organization string, kind attribute.Kind, key string) (uint32, error) {
	d, err := relational.One(ctx, r, scanAttribute, sqlSelectAttribute, organization, int64(kind), key)
	if errors.Is(err, relational.ErrNoRow) || err == nil && d.Type != attribute.Number {
		return 0, nil
	}
	return d.Number, err
}

// companyValue is what a company is worth by its attribute `value`; 0 when that is not known.
func companyValue(ctx context.Context, r relational.Reader, organization, company string) (float64, error) {
	values, err := companyValues(ctx, r, organization, []string{company}, valueAttribute)
	return values[company], err
}

// companyValues are what companies are worth by an attribute that is a number; those of which that is not known are missing.
func companyValues(ctx context.Context, r relational.Reader, organization string, ids []string, key string) (map[string]float64, error) {
	out := map[string]float64{}
	number, err := numberOf(ctx, r, organization, attribute.Company, key)
	if err != nil || number == 0 {
		return out, err
	}
	_, err = inNames(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var id string
		var packed []byte
		err = row.Scan(&id, &packed)
		if v, ok := attribute.Packed(packed).Get(number); ok {
			out[id] = v.Number
		}
		return none, err
	}, `SELECT id, attributes FROM units WHERE organization = $1 AND kind = $2 AND id IN (`, []any{organization, int64(attribute.Company)}, ids)
	return out, err
}

// home is where a contact belongs by the directory, and what it is worth.
type home struct {
	Company, Location, Region string
	Value                     float64
}

const sqlContactHomes = `SELECT c.contact, c.company, c.location, COALESCE(u.parent, ''), c.attributes FROM contacts AS c
LEFT JOIN units AS u ON u.organization = c.organization AND u.kind = $2 AND u.id = c.location WHERE c.organization = $1 AND c.contact IN (`

// contactHomes are where contacts belong, and what they are worth by an attribute that is a number; 0 when that is not known.
func contactHomes(ctx context.Context, r relational.Reader, organization string, ids []string, key string) (map[string]home, error) {
	out := map[string]home{}
	number, err := numberOf(ctx, r, organization, attribute.Contact, key)
	if err != nil {
		return out, err
	}
	_, err = inNames(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var id string
		var h home
		var packed []byte
		err = row.Scan(&id, &h.Company, &h.Location, &h.Region, &packed)
		if v, ok := attribute.Packed(packed).Get(number); ok && number != 0 {
			h.Value = v.Number
		}
		out[id] = h
		return none, err
	}, sqlContactHomes, []any{organization, int64(attribute.Location)}, ids)
	return out, err
}

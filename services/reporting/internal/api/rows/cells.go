package rows

import (
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/export"

	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// cell makes a cell of a row.
type cell[T any] func(T) export.Cell

// columns are the cells of rows by the names of their columns.
type columns[T any] map[string]cell[T]

// filler writes the cells of a row.
type filler[T any] struct {
	cells []export.Cell
	of    []cell[T]
}

// filler finds the cells of the columns chosen; other has those whose names are not fixed.
func (c columns[T]) filler(chosen []string, other func(name string) cell[T]) *filler[T] {
	out := &filler[T]{cells: make([]export.Cell, len(chosen)), of: make([]cell[T], len(chosen))}
	for i, name := range chosen {
		of, ok := c[name]
		if !ok && other != nil {
			of = other(name)
		}
		if of == nil {
			of = func(T) export.Cell { return export.Cell{} }
		}
		out.of[i] = of
	}
	return out
}

// fill returns the cells of a row, until it is called again.
func (f *filler[T]) fill(row T) []export.Cell {
	for i, of := range f.of {
		f.cells[i] = of(row)
	}
	return f.cells
}

func text(s string) export.Cell { return export.Cell{Text: s} }

func number[N int32 | int64 | float64](n N) export.Cell {
	return export.Cell{Number: float64(n), Numeric: true}
}

// perhaps is a number, where it is stated.
func perhaps[N int32 | int64 | float64](n *N) export.Cell {
	if n == nil {
		return export.Cell{}
	}
	return number(*n)
}

func moment(t *timestamppb.Timestamp) export.Cell {
	if t == nil {
		return export.Cell{}
	}
	return text(t.AsTime().UTC().Format(time.RFC3339Nano))
}

func seconds(d *durationpb.Duration) export.Cell {
	if d == nil {
		return export.Cell{}
	}
	return number(d.AsDuration().Seconds())
}

func truth(b bool) export.Cell {
	if b {
		return text("true")
	}
	return text("false")
}

func list(values []string) export.Cell { return text(strings.Join(values, separator)) }

// word is the name of a value of an enum, in small letters; nothing for one that is not stated.
func word(prefix, name string) export.Cell {
	name = strings.TrimPrefix(name, prefix)
	if name == "UNSPECIFIED" {
		return export.Cell{}
	}
	return text(strings.ToLower(name))
}

// name is the name of a value of an enum as scores have it; nothing for one that is not stated.
func name(prefix, of string) export.Cell {
	of = strings.TrimPrefix(of, prefix)
	if of == "UNSPECIFIED" {
		return export.Cell{}
	}
	return text(of)
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// object is a map as a JSON object; nothing for an empty one.
func object[V any](values map[string]V) export.Cell {
	if len(values) == 0 {
		return export.Cell{}
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return export.Cell{}
	}
	return text(string(encoded))
}

// plainValue is a value as JSON has it.
func plainValue(v *structpb.Value) export.Cell {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return text(k.StringValue)
	case *structpb.Value_NumberValue:
		return number(k.NumberValue)
	case *structpb.Value_BoolValue:
		return truth(k.BoolValue)
	case nil, *structpb.Value_NullValue:
		return export.Cell{}
	}
	encoded, err := json.Marshal(v.AsInterface())
	if err != nil {
		return export.Cell{}
	}
	return text(string(encoded))
}

// inContext are the columns of what came about in a context.
func inContext[T any](all columns[T], of func(T) *typev1.Context) columns[T] {
	for column, value := range map[string]func(*typev1.Context) string{
		"touchpoint": (*typev1.Context).GetTouchpoint, "channel": (*typev1.Context).GetChannel, "location": (*typev1.Context).GetLocation,
		"region": (*typev1.Context).GetRegion, "company": (*typev1.Context).GetCompany, "employee": (*typev1.Context).GetEmployee,
	} {
		all[column] = func(row T) export.Cell { return text(value(of(row))) }
	}
	all["attributes"] = func(row T) export.Cell { return object(of(row).GetAttributes()) }
	return all
}

// attribute makes the cells of single attributes; nil for other columns.
func attribute[T any](of func(T) *typev1.Context) func(column string) cell[T] {
	return func(column string) cell[T] {
		key, ok := strings.CutPrefix(column, export.AttributePrefix)
		if !ok {
			return nil
		}
		return func(row T) export.Cell { return text(of(row).GetAttributes()[key]) }
	}
}

package sheet

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/near"
)

// Column is a field that rows may have.
type Column struct {
	// Field is its name; one that ends with `.` stands for all that begin so.
	Field string
	// Alias is another name for the same; empty for none.
	Alias string
	// Required tells that a table without it is refused.
	Required bool
	// Exact tells that capitals and underscores make another field.
	Exact bool
}

// Layout is which field is in which column of a table.
type Layout struct {
	At map[string]int
	// Ignored names the columns that hold no field.
	Ignored []string
}

// Row is what the fields of a record hold; a field that no column holds is empty.
func (l Layout) Row(rec Record) func(field string) string {
	return func(field string) string {
		if at, ok := l.At[field]; ok {
			return rec.Cells[at]
		}
		return ""
	}
}

// Fields finds the fields of a table by its header; mapping says which field a column holds that has another name. Columns that hold no field are refused, unless
// they are to be ignored: a name that is misspelt would be lost in silence. Errors tell what is wrong with the header or the mapping.
func Fields(header []string, known []Column, mapping map[string]string, ignoreUnknown bool) (Layout, error) {
	out := Layout{At: map[string]int{}}
	for name := range mapping {
		if !slices.Contains(header, name) {
			return out, errors.New("the header lacks a column that the mapping names: " + name)
		}
	}
	var unknown []string
	for i, name := range header {
		field, mapped := mapping[name]
		if !mapped {
			field = name
		}
		is := FieldOf(field, known)
		if is == "" {
			if mapped {
				return out, errors.New("the mapping names a field that there is not: " + field + guess(field, known))
			}
			if name == "" {
				name = "the " + strconv.Itoa(i+1) + ". column, which has no name"
			}
			out.Ignored = append(out.Ignored, name)
			unknown = append(unknown, name+guess(field, known))
			continue
		}
		if _, twice := out.At[is]; twice {
			return out, errors.New("two columns hold the field " + is)
		}
		out.At[is] = i
	}
	for _, c := range known {
		if _, there := out.At[c.Field]; c.Required && !there {
			return out, errors.New("no column holds the field " + c.Field + ", which is required: name it so, or map a column to it" + alsoUnknown(unknown))
		}
	}
	if len(unknown) > 0 && !ignoreUnknown {
		return out, errors.New("columns hold no field: " + strings.Join(unknown, ", ") + "; rename them, map them to fields, or say that unknown columns are ignored")
	}
	return out, nil
}

// alsoUnknown names columns that hold no field, behind what else is wrong with a header.
func alsoUnknown(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; these hold none: " + strings.Join(names, ", ")
}

// guess is what is said of the field that somebody meant.
func guess(name string, known []Column) string {
	var names []string
	for _, c := range known {
		names = append(names, c.Field)
		if c.Alias != "" {
			names = append(names, c.Alias)
		}
	}
	if nearest := near.Name(name, names); nearest != "" {
		return " (did you mean " + nearest + "?)"
	}
	return ""
}

// FieldOf is the field of a name; empty when there is none.
func FieldOf(name string, known []Column) string {
	for _, c := range known {
		if c.Field == name || c.Alias == name && c.Alias != "" {
			return c.Field
		}
	}
	// Tables are also made of what the API answers (displayName), and by hand (Display_Name). Keys of attributes are told apart by what is left out here.
	for _, c := range known {
		if !c.Exact && (alike(c.Field, name) || alike(c.Alias, name)) {
			return c.Field
		}
	}
	for _, c := range known {
		if strings.HasSuffix(c.Field, ".") && strings.HasPrefix(name, c.Field) && len(name) > len(c.Field) {
			return name
		}
	}
	return ""
}

// alike tells whether two names are the same but for capitals and underscores.
func alike(a, b string) bool {
	return a != "" && strings.EqualFold(strings.ReplaceAll(a, "_", ""), strings.ReplaceAll(b, "_", ""))
}

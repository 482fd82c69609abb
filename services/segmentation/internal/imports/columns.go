package imports

import (
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Column is a field that rows may have.
type Column struct {
	// Field is its name; one that ends with `.` stands for all that begin so.
	Field string
	// Alias is another name for the same; empty for none.
	Alias string
	// Required tells that a table without it is refused.
	Required bool
}

// columns is which field is in which column of a table.
type columns struct {
	at map[string]int
	// ignored names the columns that hold no field.
	ignored []string
}

// layout finds the fields of a table. Columns that hold none are refused, unless they are to be ignored: a name that is misspelt would be lost in silence.
// Errors: *FileError.
func layout(header []string, settings store.ImportSettings, known []Column) (columns, error) {
	out := columns{at: map[string]int{}}
	for name := range settings.Mapping {
		if !slices.Contains(header, name) {
			return out, &FileError{"the header lacks a column that the mapping names: " + name}
		}
	}
	var unknown []string
	for i, name := range header {
		field, mapped := settings.Mapping[name]
		if !mapped {
			field = name
		}
		is := fieldOf(field, known)
		if is == "" {
			if mapped {
				return out, &FileError{"the mapping names a field that there is not: " + field + guess(field, known)}
			}
			if name == "" {
				name = "the " + strconv.Itoa(i+1) + ". column, which has no name"
			}
			out.ignored = append(out.ignored, name)
			unknown = append(unknown, name+guess(field, known))
			continue
		}
		if _, twice := out.at[is]; twice {
			return out, &FileError{"two columns hold the field " + is}
		}
		out.at[is] = i
	}
	for _, c := range known {
		if _, there := out.at[c.Field]; c.Required && !there {
			return out, &FileError{"no column holds the field " + c.Field + ", which is required: name it so, or map a column to it" + alsoUnknown(unknown)}
		}
	}
	if len(unknown) > 0 && !settings.IgnoreUnknown {
		return out, &FileError{"columns hold no field: " + strings.Join(unknown, ", ") + "; rename them, map them to fields, or say that unknown columns are ignored"}
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

// fieldOf is the field of a name; empty when there is none.
func fieldOf(name string, known []Column) string {
	for _, c := range known {
		if c.Field == name || c.Alias == name && c.Alias != "" {
			return c.Field
		}
	}
	// Tables are also made of what the API answers (displayName), and by hand (Display_Name). Keys of attributes are told apart by what is left out here.
	for _, c := range known {
		if !strings.HasPrefix(c.Field, attributesPrefix) && (alike(c.Field, name) || alike(c.Alias, name)) {
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

package rpcerr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ReasonOf is the reason that a value of a service's enum ErrorReason stands for: its name without the prefix that enums have.
func ReasonOf(value fmt.Stringer) string {
	return strings.TrimPrefix(value.String(), "ERROR_REASON_")
}

// Under puts the fields of an *Error, and its message, which begins with a field, below the field `parent`. Other errors pass.
func Under(parent string, err error) error {
	var known *Error
	if !errors.As(err, &known) {
		return err
	}
	below := *known
	below.Fields = slices.Clone(known.Fields)
	for i := range below.Fields {
		below.Fields[i].Field = parent + "." + below.Fields[i].Field
	}
	below.Message = parent + "." + known.Message
	return &below
}

// Package exit turns errors of commands into exit codes and into words for people, or into the API's error shape for scripts.
package exit

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// The exit codes of all commands.
const (
	// OK: done.
	OK = 0
	// Failure: something went wrong on this side, for example a file that cannot be written.
	Failure = 1
	// Usage: the command line, a mapping file or a profile file is wrong; nothing was sent.
	Usage = 2
	// Refused: the server refused the call.
	Refused = 3
	// Unreachable: the server cannot be reached, is overloaded or did not answer in time; try again later.
	Unreachable = 4
	// Incomplete: the command did its work, but some rows were refused.
	Incomplete = 5
	// Interrupted: the command was told to stop.
	Interrupted = 130
)

// Error is an error with an exit code.
type Error struct {
	// Code is the exit code; 0 lets the cause decide.
	Code int
	// Err is the cause.
	Err error
	// Advice says what to do; may be empty.
	Advice string
	// JSON asks for the API's error shape in place of words.
	JSON bool
}

// Error is the cause's text.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Usagef makes an error about how the command was called.
func Usagef(format string, args ...any) error {
	return &Error{Code: Usage, Err: fmt.Errorf(format, args...)}
}

// Code is the exit code for an error of a command.
func Code(err error) int {
	if err == nil {
		return OK
	}
	for inner := err; ; {
		var e *Error
		if !errors.As(inner, &e) {
			break
		}
		if e.Code != 0 {
			return e.Code
		}
		inner = e.Err
	}
	if _, ok := rpcerr.FromError(err); ok {
		switch rpcerr.Code(err) {
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
			return Unreachable
		case codes.Canceled:
			return Interrupted
		default:
			return Refused
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.Is(err, context.DeadlineExceeded):
		return Unreachable
	default:
		return Failure
	}
}

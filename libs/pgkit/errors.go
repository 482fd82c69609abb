package pgkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Advice to callers: a full disk is mended by people, a lost connection by a restart or a failover.
const (
	fullRetryAfter        = 5 * time.Second
	unavailableRetryAfter = 2 * time.Second
)

// The errors that stores may rely on. They are *rpcerr.Error (UNAVAILABLE with retry advice), so that a service may pass them on wrapped.
var (
	// ErrUnavailable tells that the server cannot be reached, is starting or stopping, or takes no more connections. An error of a commit leaves
	// open whether it was written.
	ErrUnavailable error = rpcerr.New(codes.Unavailable, "STORAGE_UNAVAILABLE", "the storage cannot be reached", rpcerr.WithRetryAfter(unavailableRetryAfter))
	// ErrFull tells that there is no room on the server's disk. Nothing of the transaction was written.
	ErrFull error = rpcerr.New(codes.Unavailable, "STORAGE_FULL", "the storage is full", rpcerr.WithRetryAfter(fullRetryAfter))
	// ErrBusy tells that others were in the way for too long, or that the transaction met another one and was undone.
	ErrBusy error = rpcerr.New(codes.Unavailable, "STORAGE_BUSY", "the storage is busy")
	// ErrClosed tells that the pool was closed.
	ErrClosed error = rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down")
)

// SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	codeUniqueViolation        = "23505"
	codeDiskFull               = "53100"
	codeTooManyConnections     = "53300"
	codeSerializationFailure   = "40001"
	codeDeadlock               = "40P01"
	codeLockNotAvailable       = "55P03"
	codeQueryCanceled          = "57014"
	codeReadOnly               = "25006"
	codeIdleInTransaction      = "25P03"
	codeInvalidPassword        = "28P01"
	codeInvalidAuthorization   = "28000"
	codeNoDatabase             = "3D000"
	codeInsufficientPrivilege  = "42501"
	codeUndefinedTable         = "42P01"
	codeCheckViolation         = "23514"
	codeDuplicateTable         = "42P07"
	codeCannotConnectNow       = "57P03"
	codeTransactionResolution  = "08007"
	classConnection            = "08"
	classInsufficientResources = "53"
	classOperatorIntervention  = "57"
	classSystemError           = "58"
)

// Code is the SQLSTATE of an error of the server, or empty.
func Code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// IsUniqueViolation tells whether err says that a row with the same primary key or unique columns exists.
func IsUniqueViolation(err error) bool { return Code(err) == codeUniqueViolation }

// Translate adds ErrUnavailable, ErrFull, ErrBusy or ErrClosed to the chain of a driver's error that means it; other errors, the ends of
// contexts among them, and nil pass unchanged.
func Translate(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{ErrUnavailable, ErrFull, ErrBusy, ErrClosed} {
		if errors.Is(err, known) {
			return err
		}
	}
	if known := classify(err); known != nil {
		return fmt.Errorf("%w: %w", known, err)
	}
	return err
}

// classify returns what a driver's error means, nil when it is none that callers could wait for.
func classify(err error) error {
	if code := Code(err); code != "" {
		return classifyCode(code)
	}
	var connect *pgconn.ConnectError
	isConnect := errors.As(err, &connect)
	switch {
	case errors.Is(err, puddle.ErrClosedPool):
		return ErrClosed
	case errors.Is(err, context.Canceled):
		return nil
	case isConnect:
		// The time to make a connection has an end of its own.
		return ErrUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return nil
	case isLostConnection(err):
		return ErrUnavailable
	case errors.Is(err, pgx.ErrTxCommitRollback):
		// A statement of the transaction had failed and nobody looked.
		return nil
	}
	return nil
}

func classifyCode(code string) error {
	switch code {
	case codeDiskFull:
		return ErrFull
	case codeSerializationFailure, codeDeadlock, codeLockNotAvailable:
		return ErrBusy
	case codeQueryCanceled:
		// The statement's own time limit: the driver tells of the end of a context otherwise.
		return ErrBusy
	case codeReadOnly, codeIdleInTransaction, codeInvalidPassword, codeInvalidAuthorization, codeNoDatabase:
		// A failover is under way, the transaction was ended, or the database has become another one than at the start.
		return ErrUnavailable
	}
	switch code[:2] {
	case classConnection, classInsufficientResources, classOperatorIntervention, classSystemError:
		return ErrUnavailable
	}
	return nil
}

// isLostConnection tells whether a connection was lost or had been lost.
func isLostConnection(err error) bool {
	var network net.Error
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &network) ||
		strings.Contains(err.Error(), "conn closed")
}

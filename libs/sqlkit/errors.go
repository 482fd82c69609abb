package sqlkit

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/otklik/otklik/libs/rpcerr"
)

// fullRetryAfter is the advice to callers when the disk is full: room is made by people, not in milliseconds.
const fullRetryAfter = 5 * time.Second

// The errors that stores may rely on. They are *rpcerr.Error (UNAVAILABLE with retry advice), so that a service may pass them on wrapped.
var (
	// ErrFull tells that there is no room on the disk. Nothing of the transaction was written; it may be tried again when there is room.
	ErrFull error = rpcerr.New(codes.Unavailable, "STORAGE_FULL", "the storage is full", rpcerr.WithRetryAfter(fullRetryAfter))
	// ErrBusy tells that another process held a lock for longer than the busy timeout.
	ErrBusy error = rpcerr.New(codes.Unavailable, "STORAGE_BUSY", "the storage is busy")
	// ErrClosed tells that the batcher was closed before the operation could run.
	ErrClosed error = rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down")
)

// Translate adds ErrFull or ErrBusy to the chain of a driver's error that means it; other errors, and nil, pass unchanged.
func Translate(err error) error {
	if err == nil || errors.Is(err, ErrFull) || errors.Is(err, ErrBusy) {
		return err
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch code := e.Code(); {
		// Growing the shared-memory file of the WAL fails with IOERR_SHMSIZE when there is no room; all other writes give FULL.
		case code&0xff == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE:
			return fmt.Errorf("%w: %w", ErrFull, err)
		case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// IsUniqueViolation tells whether err says that a row with the same primary key or unique columns exists.
func IsUniqueViolation(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code()
	return code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_ROWID
}

// breaksTransaction tells whether SQLite may have undone the whole transaction together with the statement that gave err
// (https://www.sqlite.org/lang_transaction.html, "response to errors within a transaction").
func breaksTransaction(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return true
	}
	return false
}

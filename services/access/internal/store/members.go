package store

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/access/internal/member"
)

// The errors of Members.
var (
	// ErrLastAdministrator tells that nobody would be left who may manage members.
	ErrLastAdministrator = errors.New("the last administrator")
	// ErrSubjectTaken and ErrEmailTaken tell that another member of the organisation has the subject or the address.
	ErrSubjectTaken = errors.New("another member has the subject")
	ErrEmailTaken   = errors.New("another member has the address")
)

// Members keeps members. Addresses are compared by member.EmailKey.
type Members interface {
	// CreateMember stores a new member under version 1. Errors: ErrExists, ErrSubjectTaken, ErrEmailTaken.
	CreateMember(ctx context.Context, m Member) (Member, error)
	// GetMember returns a member. Errors: ErrNotFound.
	GetMember(ctx context.Context, organization, id string) (Member, error)
	// ListMembers returns members, those created last first, and whether there are more.
	ListMembers(ctx context.Context, q Query) (members []Member, more bool, err error)
	// UpdateMember stores Member of a member over the version m.Version and returns it with the next version. Sessions of one that is disabled
	// or becomes somebody else, by another subject, are forgotten. Errors: ErrNotFound, ErrChanged, ErrSubjectTaken, ErrEmailTaken; ErrLastAdministrator when m was the last administrator and is none
	// any more.
	UpdateMember(ctx context.Context, m Member) (Member, error)
	// DeleteMember deletes a member with the sessions. Errors: ErrNotFound; ErrLastAdministrator when it is the last administrator and there are other
	// members.
	DeleteMember(ctx context.Context, organization, id string) error
	// FindSubject returns the member of a subject. Errors: ErrNotFound.
	FindSubject(ctx context.Context, organization, subject string) (Member, error)
	// BindSubject gives the member of an address who has no subject yet this one, with the display name if there is none, and notes the log-in. Errors: ErrNotFound,
	// also when the member of the address has a subject or is disabled; ErrSubjectTaken.
	BindSubject(ctx context.Context, in Binding) (Member, error)
	// NoteLogin notes when a member logged in, if that is later than what is known. That there is no such member changes nothing.
	NoteLogin(ctx context.Context, organization, id string, at time.Time) error
}

// Member is a member as it is kept.
type Member struct {
	Organization, ID string
	member.Member
	// Version counts the changes from 1; that somebody logged in is none.
	Version int64
	// LastLoginTime is zero when there was none.
	CreateTime, LastLoginTime time.Time
}

// Binding is somebody's first log-in.
type Binding struct {
	Organization, Subject, Email, DisplayName string
	Time                                      time.Time
}

// Bind is the member as the log-in leaves it. Errors: ErrNotFound when the member has a subject or is disabled.
func (in Binding) Bind(m Member) (Member, error) {
	if m.Subject != "" || m.Disabled {
		return Member{}, ErrNotFound
	}
	m.Subject = in.Subject
	if m.DisplayName == "" {
		m.DisplayName = in.DisplayName
	}
	return m, nil
}

// OtherMembers answers, for a transaction, what there is among the members of an organisation other than the one that it changes.
type OtherMembers interface {
	// Any tells whether there are others, Administrator whether one of them may manage members.
	Any(ctx context.Context) (bool, error)
	Administrator(ctx context.Context) (bool, error)
	// Subject and Email tell whether another has the subject or the address, which is as member.EmailKey makes it.
	Subject(ctx context.Context, subject string) (bool, error)
	Email(ctx context.Context, key string) (bool, error)
}

// CheckTaken refuses a member whose subject or address another one has. Errors: ErrSubjectTaken, ErrEmailTaken.
func CheckTaken(ctx context.Context, m Member, others OtherMembers) error {
	for _, c := range []struct {
		has   func(context.Context, string) (bool, error)
		value string
		err   error
	}{{others.Subject, m.Subject, ErrSubjectTaken}, {others.Email, member.EmailKey(m.Email), ErrEmailTaken}} {
		if c.value == "" {
			continue
		}
		if taken, err := c.has(ctx, c.value); err != nil {
			return err
		} else if taken {
			return c.err
		}
	}
	return nil
}

// CheckUpdate refuses a change of the member before to m. Errors: ErrChanged, ErrLastAdministrator, ErrSubjectTaken, ErrEmailTaken.
func CheckUpdate(ctx context.Context, before, m Member, others OtherMembers) error {
	if before.Version != m.Version {
		return ErrChanged
	}
	if before.Administers() && !m.Administers() {
		if other, err := others.Administrator(ctx); err != nil {
			return err
		} else if !other {
			return ErrLastAdministrator
		}
	}
	return CheckTaken(ctx, m, others)
}

// CheckDelete refuses to leave other members without an administrator. Errors: ErrLastAdministrator.
func CheckDelete(ctx context.Context, m Member, others OtherMembers) error {
	if !m.Administers() {
		return nil
	}
	if other, err := others.Administrator(ctx); err != nil || other {
		return err
	}
	if left, err := others.Any(ctx); err != nil {
		return err
	} else if left {
		return ErrLastAdministrator
	}
	return nil
}

package shares

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Link makes a link of a schedule as the caller of ctx, on whose behalf its report is made, and returns its name and the address of its page.
func (s *Server) Link(ctx context.Context, one share.Share) (name, address string, err error) {
	if s.PublicURL == "" {
		return "", "", fault.Refuse(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_DELIVERY_INVALID,
			"no address of the app is configured, to which a link could lead: set reporting.public_url")
	}
	now := s.Now().UTC().Truncate(time.Microsecond)
	one.ID, one.CreateTime, one.ExpireTime = newID(), now, now.Add(share.Usual)
	if err := s.Reports.CheckShared(ctx, s.asked(one, "")); err != nil {
		return "", "", err
	}
	secret, err := s.Make(ctx, &one)
	if err != nil {
		return "", "", err
	}
	return collection + one.ID, s.Address(secret), nil
}

// Unlink ends a link. That there is none changes nothing.
func (s *Server) Unlink(ctx context.Context, organization, name string) error {
	one, err := s.Store.GetShare(ctx, organization, strings.TrimPrefix(name, collection))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return storeError(err)
	}
	return s.end(ctx, one)
}

// EndMailed ends the links that schedules mailed to a recipient.
func (s *Server) EndMailed(ctx context.Context, organization, recipient string) error {
	mailed, err := s.Store.MailedShares(ctx, organization, recipient)
	if err != nil {
		return storeError(err)
	}
	var errs []error
	for _, one := range mailed {
		errs = append(errs, s.end(ctx, one))
	}
	return errors.Join(errs...)
}

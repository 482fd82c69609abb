package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// Quota is how much an organisation may store; 0 is unlimited.
type Quota struct {
	Submissions, Bytes int64
}

const (
	// usageFresh is how long a usage that was read is taken for what is stored.
	usageFresh = 5 * time.Second
	// maxUsages bounds the usages in memory; beyond, they are read again.
	maxUsages = 10_000
)

// quotas hold organisations to what they may store.
type quotas struct {
	store    store.Usages
	now      func() time.Time
	standard Quota
	of       map[string]Quota

	mu    sync.Mutex
	known map[string]knownUsage
}

type knownUsage struct {
	store.Usage
	since time.Time
}

// quota is that of an organisation.
func (q *quotas) quota(organization string) Quota {
	if own, ok := q.of[organization]; ok {
		return own
	}
	return q.standard
}

// check refuses what an organisation has no room for, as of a few seconds ago.
func (q *quotas) check(ctx context.Context, organization string) error {
	limit := q.quota(organization)
	if limit == (Quota{}) {
		return nil
	}
	usage, err := q.usage(ctx, organization)
	if errors.Is(err, store.ErrOutdated) {
		return nil // nothing is counted before the schema is brought up to date
	}
	if err != nil {
		return storeError(err)
	}
	var what string
	switch {
	case limit.Submissions > 0 && usage.Submissions >= limit.Submissions:
		what = fmt.Sprintf("%d of %d submissions are stored", usage.Submissions, limit.Submissions)
	case limit.Bytes > 0 && usage.Bytes >= limit.Bytes:
		what = fmt.Sprintf("%d of %d bytes are stored", usage.Bytes, limit.Bytes)
	default:
		return nil
	}
	return refuse(codes.ResourceExhausted, surveyv1.ErrorReason_ERROR_REASON_QUOTA_EXCEEDED, "the organisation stores as much as it may: "+what,
		rpcerr.WithQuota("organization:"+organization, what), rpcerr.WithRetryAfter(quotaRetryAfter))
}

// quotaRetryAfter is when it is worth while to try again: somebody has to make room.
const quotaRetryAfter = time.Minute

func (q *quotas) usage(ctx context.Context, organization string) (store.Usage, error) {
	q.mu.Lock()
	known, ok := q.known[organization]
	q.mu.Unlock()
	now := q.now()
	if ok && now.Sub(known.since) < usageFresh {
		return known.Usage, nil
	}
	usage, err := q.store.GetUsage(ctx, organization)
	if err != nil {
		return store.Usage{}, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.known) >= maxUsages {
		clear(q.known)
	}
	q.known[organization] = knownUsage{usage, now}
	return usage, nil
}

// GetUsage tells how much the organisation stores and how much it may.
func (s *surveyServer) GetUsage(ctx context.Context, _ *surveyv1.GetUsageRequest) (*surveyv1.GetUsageResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	usage, err := s.store.GetUsage(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	limit := s.quotas.quota(org)
	return &surveyv1.GetUsageResponse{
		Submissions: usage.Submissions, SubmissionBytes: usage.Bytes, MaxSubmissions: limit.Submissions, MaxSubmissionBytes: limit.Bytes,
	}, nil
}

package access

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/vault"
)

// rotateInterval is how often the service looks for keys that are wrapped by an old key-encryption key.
const rotateInterval = time.Hour

// leaseOfInvitations is how many keys for those who are invited are leased ahead: far fewer than of those who answer.
const leaseOfInvitations = 100

// persons is what the service does with what is personal: the vault of keys, and those who keep something of persons.
type persons struct {
	vault       *vault.Vault
	keeper      *seal.Keeper
	respondents *vault.Respondents
	holders     []erasure.Holder
	// directory knows by what else persons are known; nil where there is none.
	directory erasure.Directory
	erasures  *erasure.Runner
	// hooks are told when somebody was erased; their secrets are sealed by the same key-encryption keys.
	hooks *hooks
	log   *slog.Logger
	// outdated is how many keys were wrapped by an old key-encryption key when that was last counted.
	outdated atomic.Int64
	// unobserve ends the instruments.
	unobserve func() error
}

// newPersons opens the vault. Nothing is left open when it fails.
func newPersons(ctx context.Context, config Config, deps Deps, db backend) (*persons, error) {
	v, ring, err := openVault(ctx, config, deps, db)
	if err != nil {
		return nil, err
	}
	p := &persons{vault: v, log: deps.Logger}
	if p.hooks, err = newHooks(config.Webhooks, deps, db, ring, v); err != nil {
		return nil, err
	}
	if p.unobserve, err = p.observe(deps.Meters, db, deps.Now); err != nil {
		return nil, err
	}
	p.keeper = seal.NewKeeper(v, seal.KeeperOptions{Lease: leaseOfInvitations, Now: deps.Now})
	p.respondents = vault.NewRespondents(p.keeper)
	// The order counts: what the survey service removes is what scoring follows.
	if deps.Survey != nil {
		p.holders = append(p.holders, api.SurveyHolder(deps.Survey))
	}
	if deps.Scoring != nil {
		p.holders = append(p.holders, api.ScoringHolder(deps.Scoring))
	}
	if deps.Comment != nil {
		p.holders = append(p.holders, api.CommentHolder(deps.Comment))
	}
	if deps.Segmentation != nil {
		p.holders = append(p.holders, api.SegmentationHolder(deps.Segmentation))
		p.directory = api.Directory(deps.Segmentation)
	}
	p.holders = append(p.holders, api.OwnHolder(db, p.keeper, p.respondents, deps.Now))
	owner := deps.Instance
	if owner == "" {
		owner = rand.Text()
	}
	p.erasures = erasure.NewRunner(erasure.RunnerOptions{
		Queue: db, Holders: p.holders, Directory: p.directory, Erased: p.hooks.erased, Owner: owner, Logger: deps.Logger, Now: deps.Now,
	})
	return p, nil
}

// run erases persons and wraps keys anew until ctx ends.
func (p *persons) run(ctx context.Context) {
	var group sync.WaitGroup
	group.Go(func() { p.erasures.Run(ctx) })
	group.Go(func() {
		for {
			p.rotate(ctx)
			if pause.For(ctx, rotateInterval) != nil {
				return
			}
		}
	})
	group.Wait()
}

// rotate wraps keys by the first key-encryption key and tells what is left.
func (p *persons) rotate(ctx context.Context) {
	p.count(ctx)
	n, err := p.vault.Rotate(ctx)
	secrets, failed := p.hooks.rotation.Rotate(ctx)
	n, err = n+secrets, errors.Join(err, failed)
	left := p.count(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.log.ErrorContext(ctx, "keys cannot be wrapped by the first key-encryption key; trying again in an hour", slog.Int("wrapped", n),
			slog.Any("left", left), slog.Any("error", err))
	case n > 0 || len(left) > 0:
		p.log.InfoContext(ctx, "keys were wrapped by the first key-encryption key; one of which none is left can be taken out of access.vault.keys",
			slog.Int("wrapped", n), slog.Any("left", left))
	}
}

// count counts the keys that are wrapped by others than the first key-encryption key.
func (p *persons) count(ctx context.Context) map[string]int64 {
	left, err := p.outdatedKeys(ctx)
	if err != nil {
		return nil
	}
	var sum int64
	for _, n := range slices.Sorted(maps.Values(left)) {
		sum += n
	}
	p.outdated.Store(sum)
	return left
}

// close ends what leases keys ahead.
func (p *persons) close() error { return errors.Join(p.unobserve(), p.keeper.Close()) }

// OutdatedKeys counts the keys, and secrets of webhooks, that each key-encryption key but the first wraps, without those of which there are none: what is
// not named can be taken out of the configuration.
func (s *Service) OutdatedKeys(ctx context.Context) (map[string]int64, error) {
	return s.persons.outdatedKeys(ctx)
}

func (p *persons) outdatedKeys(ctx context.Context) (map[string]int64, error) {
	left, err := p.vault.Outdated(ctx)
	if err != nil {
		return nil, err
	}
	secrets, err := p.hooks.rotation.Outdated(ctx)
	if err != nil {
		return nil, err
	}
	for kek, n := range secrets {
		left[kek] += n
	}
	return left, nil
}

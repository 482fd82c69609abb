package sqlite

import (
	"context"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

// CreateDelegation implements store.Delegations.
func (s *Store) CreateDelegation(ctx context.Context, d store.Delegation) error {
	return s.update(ctx, "create delegation", func(ctx context.Context, tx *sqlkit.Tx) error {
		switch d.Kind {
		case store.DelegatedMember:
			m, err := scanMember(tx.QueryRowContext(ctx, sqlSelectMember, d.Organization, d.Owner))
			if err != nil {
				return err
			}
			if m.Disabled {
				return store.ErrNotFound
			}
		case store.DelegatedKey:
			k, err := scanKey(tx.QueryRowContext(ctx, sqlSelectKey, d.Organization, d.Owner))
			if err != nil {
				return err
			}
			if !k.RevokeTime.IsZero() {
				return store.ErrNotFound
			}
		}
		return insertSecret(ctx, tx, d.Organization, d.Kind, d.Owner, store.Secret{Digest: d.Digest, Hint: d.For, CreateTime: d.CreateTime}, d.ExpireTime)
	})
}

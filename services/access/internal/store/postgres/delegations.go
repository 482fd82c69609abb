package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
)

// The key stays as it is until the delegation is there: who revokes it afterwards finds the delegation.
const sqlHoldKey = sqlSelectKey + ` FOR SHARE`

// CreateDelegation implements store.Delegations.
func (s *Store) CreateDelegation(ctx context.Context, d store.Delegation) error {
	return s.update(ctx, "create delegation", func(ctx context.Context, tx pgx.Tx) error {
		switch d.Kind {
		case store.DelegatedMember:
			m, err := scanMember(tx.QueryRow(ctx, sqlHoldMember, d.Organization, d.Owner))
			if err != nil {
				return err
			}
			if m.Disabled {
				return store.ErrNotFound
			}
		case store.DelegatedKey:
			k, err := scanKey(tx.QueryRow(ctx, sqlHoldKey, d.Organization, d.Owner))
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

// kinds are kinds of secrets as the driver takes them.
func kinds(of ...store.SecretKind) []int16 {
	out := make([]int16, len(of))
	for i, k := range of {
		out[i] = int16(k)
	}
	return out
}

package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	attributeColumns = `kind, key, number, version, body`

	sqlInsertAttribute = `INSERT INTO attributes (organization, ` + attributeColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlSelectAttribute = `SELECT ` + attributeColumns + ` FROM attributes WHERE organization = $1 AND kind = $2 AND key = $3`
	sqlListAttributes  = `SELECT ` + attributeColumns + ` FROM attributes WHERE organization = $1 ORDER BY kind, key`
	sqlCountAttributes = `SELECT count(*) FROM attributes WHERE organization = $1 AND kind = $2`
	sqlUpdateAttribute = `UPDATE attributes SET version = version + 1, body = $5 WHERE organization = $1 AND kind = $2 AND key = $3 AND version = $4`
	sqlDeleteAttribute = `DELETE FROM attributes WHERE organization = $1 AND kind = $2 AND key = $3`
)

// attributeNumbers numbers declarations of attributes.
const attributeNumbers counter = "attributes"

// attributeBody is what is kept of a declaration beside what it is found by.
type attributeBody struct {
	Type                     attribute.Type
	DisplayName, Description string
	Options                  []string
	Created, Updated         int64
}

func scanAttribute(row relational.Scanner) (d attribute.Definition, err error) {
	var kind, number int64
	var body string
	if err := row.Scan(&kind, &d.Key, &number, &d.Version, &body); err != nil {
		return d, err
	}
	var b attributeBody
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return d, fmt.Errorf("decode declaration of %s: %w", d.Key, err)
	}
	d.Kind, d.Number = attribute.Kind(kind), uint32(number) //nolint:gosec // what was stored
	d.Type, d.DisplayName, d.Description, d.Options = b.Type, b.DisplayName, b.Description, b.Options
	d.CreateTime, d.UpdateTime = relational.FromMicro(b.Created), relational.FromMicro(b.Updated)
	return d, nil
}

func bodyOfAttribute(d attribute.Definition) (string, error) {
	b, err := json.Marshal(attributeBody{d.Type, d.DisplayName, d.Description, d.Options, relational.ToMicro(d.CreateTime), relational.ToMicro(d.UpdateTime)})
	return string(b), err
}

// CreateAttribute implements store.Directory.
func (s *Store) CreateAttribute(ctx context.Context, organization string, d attribute.Definition, most int) (attribute.Definition, error) {
	err := s.write(ctx, "create attribute", func(ctx context.Context, w *writing) error {
		switch _, err := relational.One(ctx, w, scanAttribute, sqlSelectAttribute, organization, int64(d.Kind), d.Key); {
		case err == nil:
			return store.ErrExists
		case !errors.Is(err, relational.ErrNoRow):
			return err
		}
		if n, err := relational.One(ctx, w, relational.Value[int64], sqlCountAttributes, organization, int64(d.Kind)); err != nil || n >= int64(most) {
			return errors.Join(err, tooMany(n >= int64(most)))
		}
		d.Number, d.Version = uint32(w.next(attributeNumbers)), 1 //nolint:gosec // nobody declares as many
		body, err := bodyOfAttribute(d)
		if err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlInsertAttribute, organization, int64(d.Kind), d.Key, int64(d.Number), d.Version, body)
		return err
	})
	return d, err
}

func tooMany(are bool) error {
	if are {
		return store.ErrTooMany
	}
	return nil
}

// ListAttributes implements store.Directory.
func (s *Store) ListAttributes(ctx context.Context, organization string) ([]attribute.Definition, error) {
	all, err := relational.List(ctx, s.db, scanAttribute, sqlListAttributes, organization)
	return all, s.db.Explain("list attributes", err)
}

// UpdateAttribute implements store.Directory.
func (s *Store) UpdateAttribute(ctx context.Context, organization string, d attribute.Definition) (attribute.Definition, error) {
	err := s.write(ctx, "update attribute", func(ctx context.Context, w *writing) error {
		before, err := relational.One(ctx, w, scanAttribute, sqlSelectAttribute, organization, int64(d.Kind), d.Key)
		if err != nil {
			return notFound(err)
		}
		if before.Version != d.Version {
			return store.ErrChanged
		}
		body, err := bodyOfAttribute(d)
		if err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlUpdateAttribute, organization, int64(d.Kind), d.Key, d.Version, body)
		return err
	})
	d.Version++
	return d, err
}

// DeleteAttribute implements store.Directory.
func (s *Store) DeleteAttribute(ctx context.Context, organization string, kind attribute.Kind, key string, at time.Time) error {
	return s.write(ctx, "delete attribute", func(ctx context.Context, w *writing) error {
		if err := found(w.Exec(ctx, sqlDeleteAttribute, organization, int64(kind), key)); err != nil {
			return err
		}
		return w.settleDirectory(ctx, organization, at)
	})
}

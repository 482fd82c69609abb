package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlSelectDocument = `SELECT version, body FROM documents WHERE organization = $1 AND name = $2`
	sqlInsertDocument = `INSERT INTO documents (organization, name, version, body) VALUES ($1, $2, 1, $3) ON CONFLICT (organization, name) DO NOTHING`
	sqlUpdateDocument = `UPDATE documents SET version = version + 1, body = $4 WHERE organization = $1 AND name = $2 AND version = $3`
)

// Names of documents of which an organisation has one.
const (
	documentCodeBook       = "interviewCodeBook"
	documentRecoveryPolicy = "recoveryPolicy"
)

// documentGuide names the guide of a survey.
func documentGuide(survey string) string { return "interviewGuides/" + survey }

// document is something that an organisation has one of.
type document struct {
	version int64
	body    []byte
}

func scanDocument(row relational.Scanner) (d document, err error) {
	err = row.Scan(&d.version, &d.body)
	return d, err
}

// readDocument reads a document into a value and returns its version; store.ErrNotFound when there is none.
func readDocument(ctx context.Context, r relational.Reader, organization, name string, into any) (int64, error) {
	d, err := relational.One(ctx, r, scanDocument, sqlSelectDocument, organization, name)
	if err != nil {
		return 0, notFound(err)
	}
	return d.version, decode(d.body, into)
}

// readDocumentOrNone reads a document into a value, which stays as it is when there is none.
func readDocumentOrNone(ctx context.Context, r relational.Reader, organization, name string, into any) error {
	_, err := readDocument(ctx, r, organization, name, into)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// putDocument stores a document over its version, 0 for a new one; store.ErrChanged when it has another.
func (w *writing) putDocument(ctx context.Context, organization, name string, version int64, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	var n int64
	if version == 0 {
		n, err = w.Exec(ctx, sqlInsertDocument, organization, name, body)
	} else {
		n, err = w.Exec(ctx, sqlUpdateDocument, organization, name, version, body)
	}
	if err == nil && n == 0 {
		return store.ErrChanged
	}
	return err
}

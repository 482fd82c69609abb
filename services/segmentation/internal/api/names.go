package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Collections of resource names. Those of a vertical stand in its file.
const (
	contactsCollection  = "contacts/"
	companiesCollection = "companies/"
	locationsCollection = "locations/"
	regionsCollection   = "regions/"
	employeesCollection = "employees/"
	segmentsCollection  = "segments/"
	surveysCollection   = "surveys/"
	lettersCollection   = "segmentationDeadLetters/"
	erasuresCollection  = "erasures/"
)

// named is the resource name of something that may be none.
func named(collection, id string) string {
	if id == "" {
		return ""
	}
	return collection + id
}

// bare is the identifier in the name of something that may be none.
func bare(collection, name string) string { return strings.TrimPrefix(name, collection) }

// parseOwned takes the identifier out of the name of a thing of the caller's organisation, which it returns as well.
func parseOwned(ctx context.Context, field, collection, name string) (org, id string, err error) {
	if org, err = authn.Organization(ctx); err != nil {
		return "", "", err
	}
	id, ok := strings.CutPrefix(name, collection)
	if !ok || id == "" || strings.Contains(id, "/") {
		return "", "", validation.Malformed(field, "NAME_MALFORMED", "must have the form "+collection+"{id}")
	}
	return org, id, nil
}

// unitsOf is what the caller is restricted to.
func unitsOf(ctx context.Context) store.Units {
	p, _ := authn.FromContext(ctx)
	return p.Units
}

// reach is what the caller is restricted to, with the locations that lie in its regions.
func (s *Server) reach(ctx context.Context, org string) (store.Units, error) {
	units, err := s.Store.Reach(ctx, org, unitsOf(ctx))
	return units, storeError(err)
}

// callerID names the credential of the caller.
func callerID(ctx context.Context) string {
	p, _ := authn.FromContext(ctx)
	return p.ID
}

// newID makes an identifier that nobody guesses.
func newID() string { return strings.ToLower(rand.Text()) }

// etag changes with every change; with the time of creation in it, it is not that of something of the same name deleted before.
func etag(created time.Time, version int64) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(created.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(binary.AppendVarint(raw, version))
}

// parseNumber reads a number as it stands in names: one has one form only.
func parseNumber(id string) (int64, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == id
}

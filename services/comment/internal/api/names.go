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
	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// Collections of resource names.
const (
	surveysCollection      = "surveys/"
	commentsSegment        = "/comments/"
	modelsCollection       = "models/"
	aspectsCollection      = "aspects/"
	correctionsCollection  = "corrections/"
	reanalysesCollection   = "reanalyses/"
	lettersCollection      = "commentDeadLetters/"
	entriesCollection      = "registerEntries/"
	testimonialsCollection = "testimonials/"
	erasuresCollection     = "erasures/"
)

// commentName is the resource name of a comment.
func commentName(r store.Ref) string {
	return peers.ResponseName(r.Survey, r.Response) + commentsSegment + r.ID
}

func responseName(survey, response string) string { return peers.ResponseName(survey, response) }

func correctionName(id int64) string { return correctionsCollection + strconv.FormatInt(id, 10) }

func letterName(id int64) string { return lettersCollection + strconv.FormatInt(id, 10) }

// parseComment takes a comment out of its name.
func parseComment(ctx context.Context, field, name string) (store.Ref, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return store.Ref{}, err
	}
	parent, id, found := strings.Cut(name, commentsSegment)
	survey, response, ok := peers.ParseResponse(parent)
	if !found || !ok || id == "" || strings.Contains(id, "/") {
		return store.Ref{}, validation.Malformed(field, "NAME_MALFORMED", "must have the form surveys/{survey}/responses/{response}/comments/{comment}")
	}
	return store.Ref{Organization: org, Survey: survey, Response: response, ID: id}, nil
}

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

func parseNumber(id string) (int64, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && n > 0
}

package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	// changeAttempts is how often a change without an etag is tried again when another change was faster.
	changeAttempts = 10
	// idAttempts is how often a server-made identifier that is taken is replaced: once would do.
	idAttempts = 5
	// hintLength is how much of a secret is told later on.
	hintLength = 4
	// defaultOverlap is how long the secrets before a rotation go on working unless told otherwise.
	defaultOverlap = 24 * time.Hour
)

// newSecret makes a secret and what is kept of it.
func (s *Server) newSecret(prefix string) (string, store.Secret) {
	text := authn.NewSecretWithPrefix(prefix)
	return text, store.Secret{Digest: sha256.Sum256([]byte(text)), Hint: text[len(text)-hintLength:], CreateTime: s.now()}
}

// CreateApiKey creates a key and tells its secret.
func (s *accessServer) CreateApiKey(ctx context.Context, req *accessv1.CreateApiKeyRequest) (*accessv1.CreateApiKeyResponse, error) { //nolint:revive // named in the proto
	org, by, err := giver(ctx)
	if err != nil {
		return nil, err
	}
	key, err := s.keyRecord(by, req.GetApiKey())
	if err != nil {
		return nil, err
	}
	key.Organization, key.ID, key.CreateTime = org, req.GetApiKeyId(), s.now()
	text, secret := s.newSecret(key.Kind.Prefix())
	stored, err := s.createKey(ctx, key, secret)
	if errors.Is(err, store.ErrExists) {
		return nil, refuseField(codes.AlreadyExists, accessv1.ErrorReason_ERROR_REASON_ALREADY_EXISTS, "api_key_id", "is taken; choose another one")
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.CreateApiKeyResponse{ApiKey: keyToProto(stored, s.now()), Secret: text}, nil
}

// keyRecord checks a key that the giver wants there to be.
func (s *Server) keyRecord(by credential.Giver, in *accessv1.ApiKey) (store.Key, error) {
	key := store.Key{Key: keyFromProto(in)}
	var err error
	if key.ExpireTime, err = timeFromProto("api_key.expire_time", in.GetExpireTime()); err != nil {
		return store.Key{}, err
	}
	if err := key.Check(s.roles, by); err != nil {
		return store.Key{}, grantError("api_key", err)
	}
	if key.Kind == credential.Publishable {
		key.Roles = nil
	}
	return key, grantError("api_key", credential.CheckExpiry("expire_time", key.ExpireTime, s.now()))
}

// createKey stores a key, under an identifier made here when it has none.
func (s *Server) createKey(ctx context.Context, key store.Key, secret store.Secret) (store.Key, error) {
	if key.ID != "" {
		return s.store.CreateKey(ctx, key, secret)
	}
	for range idAttempts {
		key.ID = newID(shortID)
		if stored, err := s.store.CreateKey(ctx, key, secret); !errors.Is(err, store.ErrExists) {
			return stored, err
		}
	}
	return store.Key{}, fmt.Errorf("make identifier: %d were taken", idAttempts)
}

// keyError explains an error of a call that names a key.
func keyError(id string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound(accessv1.ErrorReason_ERROR_REASON_API_KEY_NOT_FOUND, "key", keysCollection+id)
	}
	return storeError(err)
}

// GetApiKey returns a key.
func (s *accessServer) GetApiKey(ctx context.Context, req *accessv1.GetApiKeyRequest) (*accessv1.GetApiKeyResponse, error) { //nolint:revive // named in the proto
	org, id, err := parseOwned(ctx, "name", keysCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	key, err := s.store.GetKey(ctx, org, id)
	if err != nil {
		return nil, keyError(id, err)
	}
	return &accessv1.GetApiKeyResponse{ApiKey: keyToProto(key, s.now())}, nil
}

// ListApiKeys lists keys, the newest first.
func (s *accessServer) ListApiKeys(ctx context.Context, req *accessv1.ListApiKeysRequest) (*accessv1.ListApiKeysResponse, error) { //nolint:revive // named in the proto
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openList(accessv1.AccessService_ListApiKeys_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	keys, more, err := s.store.ListKeys(ctx, p.query)
	if err != nil {
		return nil, storeError(err)
	}
	out := &accessv1.ListApiKeysResponse{}
	var last store.Place
	for _, k := range keys {
		out.ApiKeys = append(out.ApiKeys, keyToProto(k, s.now()))
		last = store.Place{CreateTime: k.CreateTime, ID: k.ID}
	}
	out.NextPageToken = s.next(p, more, last)
	return out, nil
}

// mutableKeyFields are the fields of a key that an update may change.
var mutableKeyFields = []string{"display_name", "roles", "surveys", "origins", "rate", "device_rate", "units", "expire_time"}

// UpdateApiKey changes a key.
func (s *accessServer) UpdateApiKey(ctx context.Context, req *accessv1.UpdateApiKeyRequest) (*accessv1.UpdateApiKeyResponse, error) { //nolint:revive // named in the proto
	in := req.GetApiKey()
	// The rules of the protos leave the key of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&accessv1.GetApiKeyRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("api_key", err)
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableKeyFields)
	if err != nil {
		return nil, err
	}
	stored, err := s.changeKey(ctx, "api_key.name", in.GetName(), in.GetEtag(), func(by credential.Giver, current store.Key) (store.Key, error) {
		next, err := s.overlaidKey(by, current, in, fields)
		if err != nil {
			return store.Key{}, err
		}
		return s.store.UpdateKey(ctx, next)
	})
	if err != nil {
		return nil, err
	}
	return &accessv1.UpdateApiKeyResponse{ApiKey: keyToProto(stored, s.now())}, nil
}

// overlaidKey is a key with some fields changed. The result is checked as a whole: who changes a key must be able to give all that it may do.
func (s *Server) overlaidKey(by credential.Giver, current store.Key, in *accessv1.ApiKey, fields []string) (store.Key, error) {
	merged := keyToProto(current, s.now())
	if current.Kind == credential.Publishable {
		merged.Roles = nil
	}
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&accessv1.CreateApiKeyRequest{ApiKey: merged}); err != nil {
		return store.Key{}, err
	}
	if !slices.Contains(fields, "expire_time") {
		// A key that has ended can still be called otherwise.
		merged.ExpireTime = nil
	}
	next, err := s.keyRecord(by, merged)
	if err != nil {
		return store.Key{}, err
	}
	if !slices.Contains(fields, "expire_time") {
		next.ExpireTime = current.ExpireTime
	}
	next.Organization, next.ID, next.Version, next.CreateTime = current.Organization, current.ID, current.Version, current.CreateTime
	return next, nil
}

// changeKey reads a key and lets fn change it. With an etag the key must still have it; without one a change that another overtook is made again on
// what the key is then.
func (s *Server) changeKey(ctx context.Context, field, name, wantEtag string, fn func(credential.Giver, store.Key) (store.Key, error)) (store.Key, error) {
	org, by, err := giver(ctx)
	if err != nil {
		return store.Key{}, err
	}
	id, err := parseName(field, keysCollection, name)
	if err != nil {
		return store.Key{}, err
	}
	for range changeAttempts {
		current, err := s.store.GetKey(ctx, org, id)
		if err != nil {
			return store.Key{}, keyError(id, err)
		}
		if !current.RevokeTime.IsZero() {
			return store.Key{}, refuseField(codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_API_KEY_REVOKED, field,
				"names a key that is revoked: make another one")
		}
		if wantEtag != "" && wantEtag != etag(current.CreateTime, current.Version) {
			return store.Key{}, etagMismatch("api_key.etag")
		}
		stored, err := fn(by, current)
		if err == nil {
			return stored, nil
		}
		if !errors.Is(err, store.ErrChanged) || wantEtag != "" {
			if errors.Is(err, store.ErrChanged) {
				return store.Key{}, etagMismatch("api_key.etag")
			}
			return store.Key{}, keyError(id, err)
		}
	}
	return store.Key{}, etagMismatch("api_key.etag")
}

// RotateApiKey gives a key another secret.
func (s *accessServer) RotateApiKey(ctx context.Context, req *accessv1.RotateApiKeyRequest) (*accessv1.RotateApiKeyResponse, error) { //nolint:revive // named in the proto
	overlap := defaultOverlap
	if req.GetOverlap() != nil {
		overlap = req.GetOverlap().AsDuration()
	}
	var text string
	stored, err := s.changeKey(ctx, "name", req.GetName(), "", func(by credential.Giver, current store.Key) (store.Key, error) {
		// Who gets the secret gets all that the key may do.
		if !by.Covers(s.roles, current.EffectiveRoles(), current.Units) {
			return store.Key{}, refuseField(codes.PermissionDenied, accessv1.ErrorReason_ERROR_REASON_ESCALATION, "name",
				"names a key that may do what the caller may not")
		}
		now := s.now()
		if overlap > 0 && len(working(current.Secrets, now)) >= credential.MaxSecrets {
			return store.Key{}, refuseField(codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_FIELD_INVALID, "overlap",
				fmt.Sprintf("would leave more than %d secrets working: wait for some to end, or end all of them with 0", credential.MaxSecrets))
		}
		var secret store.Secret
		text, secret = s.newSecret(current.Kind.Prefix())
		return s.store.RotateKey(ctx, current.Organization, current.ID, current.Version, secret, now.Add(overlap))
	})
	if err != nil {
		return nil, err
	}
	return &accessv1.RotateApiKeyResponse{ApiKey: keyToProto(stored, s.now()), Secret: text}, nil
}

// RevokeApiKey ends a key for good.
func (s *accessServer) RevokeApiKey(ctx context.Context, req *accessv1.RevokeApiKeyRequest) (*accessv1.RevokeApiKeyResponse, error) { //nolint:revive // named in the proto
	org, id, err := parseOwned(ctx, "name", keysCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	key, err := s.store.RevokeKey(ctx, org, id, s.now())
	if err != nil {
		return nil, keyError(id, err)
	}
	return &accessv1.RevokeApiKeyResponse{ApiKey: keyToProto(key, s.now())}, nil
}

// Package page makes and checks page tokens. A token is opaque to callers, belongs to one method, one organisation and one request (all
// fields but the page fields), and expires. It is not a secret and grants nothing: every page is queried under the caller's own
// organisation, so that a forged token reaches only what the caller may see anyway; the checksum is there to tell damage from mismatch.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/rpcerr"
)

// DefaultTTL is how long a token is good for unless the Codec says otherwise.
const DefaultTTL = 24 * time.Hour

// The errors of Decode. They are *rpcerr.Error (INVALID_ARGUMENT, field page_token) and may be returned to the caller as they are.
var (
	// ErrMalformed tells that the token was not made by this package or was damaged.
	ErrMalformed error = rpcerr.New(codes.InvalidArgument, "PAGE_TOKEN_MALFORMED", "the page token is damaged",
		rpcerr.WithField("page_token", "PAGE_TOKEN_MALFORMED", "must be a next_page_token as it was returned"))
	// ErrMismatch tells that the token belongs to another method, organisation or request.
	ErrMismatch error = rpcerr.New(codes.InvalidArgument, "PAGE_TOKEN_MISMATCH", "the page token belongs to another request",
		rpcerr.WithField("page_token", "PAGE_TOKEN_MISMATCH", "must be used with the same request that it was returned for"))
	// ErrExpired tells that the token is too old.
	ErrExpired error = rpcerr.New(codes.InvalidArgument, "PAGE_TOKEN_EXPIRED", "the page token is too old",
		rpcerr.WithField("page_token", "PAGE_TOKEN_EXPIRED", "has expired; start again without a page token"))
)

// Layout of a token before base64url: version, expiry (Unix seconds, big endian), binding digest, cursor, checksum over all before it.
const (
	version      = 1
	expiryAt     = 1
	digestAt     = expiryAt + 8
	cursorAt     = digestAt + digestBytes
	digestBytes  = 16
	sumBytes     = 8
	minimumBytes = cursorAt + sumBytes
	// maximumText bounds the work that a caller can cause by a huge token, in characters.
	maximumText = 8 << 10
)

// Codec makes and checks tokens. The zero value is ready: DefaultTTL and the wall clock.
type Codec struct {
	// TTL is how long a token is good for; 0 means DefaultTTL.
	TTL time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Encode makes a token that leads to cursor, whatever bytes the store needs to go on. An empty cursor means that there is no next page and
// gives an empty token.
func (c Codec) Encode(binding, cursor []byte) string {
	if len(cursor) == 0 {
		return ""
	}
	ttl := c.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	raw := make([]byte, 0, minimumBytes+len(cursor))
	raw = append(raw, version)
	// Rounded up, so that a token lives at least its TTL.
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.now().Add(ttl+time.Second-1).Unix()))
	digest := sha256.Sum256(binding)
	raw = append(raw, digest[:digestBytes]...)
	raw = append(raw, cursor...)
	sum := sha256.Sum256(raw)
	raw = append(raw, sum[:sumBytes]...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Decode returns the cursor in the token, or nil for an empty token (the first page). Errors: ErrMalformed, ErrMismatch, ErrExpired.
func (c Codec) Decode(binding []byte, token string) ([]byte, error) {
	if token == "" {
		return nil, nil
	}
	if len(token) > maximumText {
		return nil, ErrMalformed
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= minimumBytes || raw[0] != version {
		return nil, ErrMalformed
	}
	body, sum := raw[:len(raw)-sumBytes], raw[len(raw)-sumBytes:]
	if want := sha256.Sum256(body); string(want[:sumBytes]) != string(sum) {
		return nil, ErrMalformed
	}
	if digest := sha256.Sum256(binding); string(body[digestAt:cursorAt]) != string(digest[:digestBytes]) {
		return nil, ErrMismatch
	}
	expiry := binary.BigEndian.Uint64(body[expiryAt:digestAt])
	if expiry > math.MaxInt64 || !c.now().Before(time.Unix(int64(expiry), 0)) {
		return nil, ErrExpired
	}
	return body[cursorAt:], nil
}

func (c Codec) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// Fields of a request that do not take part in its binding: a caller may change the size from page to page.
const (
	tokenField protoreflect.Name = "page_token"
	sizeField  protoreflect.Name = "page_size"
)

// Binding identifies the request that a token belongs to: method is the full method name, org the caller's organisation, and of req
// everything but page_token and page_size counts. req is not changed. A request that cannot be encoded (invalid UTF-8) gives a binding by
// its text form, which no valid request shares.
func Binding(method, org string, req proto.Message) []byte {
	h := sha256.New()
	for _, s := range []string{method, org} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	if req != nil {
		bare := proto.Clone(req)
		fields := bare.ProtoReflect().Descriptor().Fields()
		for _, name := range []protoreflect.Name{tokenField, sizeField} {
			if fd := fields.ByName(name); fd != nil {
				bare.ProtoReflect().Clear(fd)
			}
		}
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare)
		if err != nil {
			b = []byte("unencodable: " + fmt.Sprint(bare))
		}
		h.Write(b)
	}
	return h.Sum(nil)
}

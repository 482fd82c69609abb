package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/member"
)

// SecretKind is what a secret belongs to, as backends keep it: the numbers never change.
type SecretKind int16

// The kinds of secrets.
const (
	SecretOfKey        SecretKind = 1
	SecretOfMember     SecretKind = 2
	SecretOfInvitation SecretKind = 3
	// Those by which a service acts on behalf of a key, a member, or a key of the configuration.
	DelegatedKey    SecretKind = 4
	DelegatedMember SecretKind = 5
	DelegatedStatic SecretKind = 6
)

// EncodeBody is a key's or member's body as backends keep it.
func EncodeBody[T credential.Key | member.Member](body T) (string, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("encode body: %w", err)
	}
	return string(b), nil
}

// DecodeBody reads what EncodeBody wrote.
func DecodeBody[T credential.Key | member.Member](text string, body *T) error {
	if err := json.Unmarshal([]byte(text), body); err != nil {
		return fmt.Errorf("decode body: %w", err)
	}
	return nil
}

// KeyRow is a row of a key.
type KeyRow struct {
	Organization, ID             string
	Version, CreateTime          int64
	ExpireTime, RevokeTime, Used *int64
	Body                         string
}

// Key is the key of the row.
func (r KeyRow) Key() (Key, error) {
	k := Key{
		Organization: r.Organization, ID: r.ID, Version: r.Version, CreateTime: FromNano(r.CreateTime),
		ExpireTime: FromNull(r.ExpireTime), RevokeTime: FromNull(r.RevokeTime), LastUseTime: FromNull(r.Used),
	}
	return k, DecodeBody(r.Body, &k.Key)
}

// Fields are where the columns are read to: organization, id, version, create_time, expire_time, revoke_time, last_use_time, body.
func (r *KeyRow) Fields() []any {
	return []any{&r.Organization, &r.ID, &r.Version, &r.CreateTime, &r.ExpireTime, &r.RevokeTime, &r.Used, &r.Body}
}

// ScanKeySecret reads a secret of a key: owner, hint, create_time, expire_time, last_use_time.
func ScanKeySecret(row Scanner) (owner string, secret KeySecret, err error) {
	var created int64
	var expires, used *int64
	if err := row.Scan(&owner, &secret.Hint, &created, &expires, &used); err != nil {
		return "", KeySecret{}, err
	}
	secret.CreateTime, secret.ExpireTime, secret.LastUseTime = FromNano(created), FromNull(expires), FromNull(used)
	return owner, secret, nil
}

// MemberRow is a row of a member.
type MemberRow struct {
	Organization, ID    string
	Version, CreateTime int64
	LoggedIn            *int64
	Body                string
}

// Member is the member of the row.
func (r MemberRow) Member() (Member, error) {
	m := Member{Organization: r.Organization, ID: r.ID, Version: r.Version, CreateTime: FromNano(r.CreateTime), LastLoginTime: FromNull(r.LoggedIn)}
	return m, DecodeBody(r.Body, &m.Member)
}

// Fields are where the columns are read to: organization, id, version, create_time, last_login_time, body.
func (r *MemberRow) Fields() []any {
	return []any{&r.Organization, &r.ID, &r.Version, &r.CreateTime, &r.LoggedIn, &r.Body}
}

// InvitationRow is a row of an invitation.
type InvitationRow struct {
	Organization, ID, Invitation, Survey string
	Person                               *string
	Respondent                           []byte
	CreateTime, ExpireTime               int64
	RevokeTime                           *int64
}

// Value is the invitation of the row.
func (r InvitationRow) Value() Invitation {
	v := Invitation{
		Organization: r.Organization, ID: r.ID, Invitation: r.Invitation, Survey: r.Survey, Respondent: credential.Sealed{Body: r.Respondent},
		CreateTime: FromNano(r.CreateTime), ExpireTime: FromNano(r.ExpireTime), RevokeTime: FromNull(r.RevokeTime),
	}
	if r.Person != nil {
		v.Respondent.Person = *r.Person
	}
	return v
}

// Fields are where the columns are read to: organization, id, invitation, survey, person, respondent, create_time, expire_time, revoke_time.
func (r *InvitationRow) Fields() []any {
	return []any{&r.Organization, &r.ID, &r.Invitation, &r.Survey, &r.Person, &r.Respondent, &r.CreateTime, &r.ExpireTime, &r.RevokeTime}
}

// ResolvedRow is a row of a secret joined with what it belongs to, of which two of three are missing, or all three.
type ResolvedRow struct {
	Organization, Owner string
	// Hint is that of the secret: of a delegated one it is what it was made for.
	Hint       string
	Kind       SecretKind
	ExpireTime *int64

	KeyVersion, KeyCreated, KeyExpires, KeyRevoked, KeyUsed *int64
	KeyBody                                                 *string
	MemberVersion, MemberCreated, MemberLoggedIn            *int64
	MemberBody                                              *string
	Invitation, Survey, Person                              *string
	Respondent                                              []byte
	InvitationCreated, InvitationExpires, InvitationRevoked *int64
}

// Fields are where the columns are read to: those of the secret (organization, owner, hint, kind, expire_time), of the key (version, create_time,
// expire_time, revoke_time, last_use_time, body), of the member (version, create_time, last_login_time, body) and of the invitation (invitation, survey,
// person, respondent, create_time, expire_time, revoke_time).
func (r *ResolvedRow) Fields() []any {
	return []any{
		&r.Organization, &r.Owner, &r.Hint, &r.Kind, &r.ExpireTime,
		&r.KeyVersion, &r.KeyCreated, &r.KeyExpires, &r.KeyRevoked, &r.KeyUsed, &r.KeyBody,
		&r.MemberVersion, &r.MemberCreated, &r.MemberLoggedIn, &r.MemberBody,
		&r.Invitation, &r.Survey, &r.Person, &r.Respondent, &r.InvitationCreated, &r.InvitationExpires, &r.InvitationRevoked,
	}
}

// Resolved is what the row says. Errors: ErrNotFound when what the secret belonged to is gone.
func (r ResolvedRow) Resolved() (Resolved, error) {
	out := Resolved{ExpireTime: FromNull(r.ExpireTime)}
	if r.Kind == DelegatedKey || r.Kind == DelegatedMember || r.Kind == DelegatedStatic {
		out.For = r.Hint
	}
	switch {
	case r.Kind == DelegatedStatic:
		out.Static = &StaticKey{Organization: r.Organization, ID: r.Owner}
		return out, nil
	case (r.Kind == SecretOfKey || r.Kind == DelegatedKey) && r.KeyBody != nil:
		key, err := KeyRow{
			Organization: r.Organization, ID: r.Owner, Version: *r.KeyVersion, CreateTime: *r.KeyCreated,
			ExpireTime: r.KeyExpires, RevokeTime: r.KeyRevoked, Used: r.KeyUsed, Body: *r.KeyBody,
		}.Key()
		out.Key = &key
		return out, err
	case (r.Kind == SecretOfMember || r.Kind == DelegatedMember) && r.MemberBody != nil:
		m, err := MemberRow{
			Organization: r.Organization, ID: r.Owner, Version: *r.MemberVersion, CreateTime: *r.MemberCreated,
			LoggedIn: r.MemberLoggedIn, Body: *r.MemberBody,
		}.Member()
		out.Member = &m
		return out, err
	case r.Kind == SecretOfInvitation && r.Invitation != nil:
		v := InvitationRow{
			Organization: r.Organization, ID: r.Owner, Invitation: *r.Invitation, Survey: *r.Survey, Person: r.Person, Respondent: r.Respondent,
			CreateTime: *r.InvitationCreated, ExpireTime: *r.InvitationExpires, RevokeTime: r.InvitationRevoked,
		}.Value()
		out.Invitation = &v
		return out, nil
	}
	return Resolved{}, ErrNotFound
}

// Bounds are what backends compare places with: the page begins below them.
func (q Query) Bounds() (created int64, id string) {
	if q.Before == (Place{}) {
		return ToNano(time.Unix(1<<62, 0)), ""
	}
	return ToNano(q.Before.CreateTime), q.Before.ID
}

// PersonOf is the person of a respondent as backends keep it.
func PersonOf(v credential.Sealed) *string {
	if v.Person == "" {
		return nil
	}
	return &v.Person
}

// Filling counts what is on a page.
type Filling struct {
	q            Query
	items, bytes int
}

// Fill begins the page of a query.
func (q Query) Fill() *Filling { return &Filling{q: q} }

// Takes tells whether an item with a body of size bytes is on the page; when not, there are more than the page holds.
func (f *Filling) Takes(size int) bool {
	if f.items == f.q.Limit || f.items > 0 && f.q.Bytes > 0 && f.bytes >= f.q.Bytes {
		return false
	}
	f.items++
	f.bytes += size
	return true
}

package api

import (
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/member"
	"github.com/otklik/otklik/services/access/internal/store"
)

// etag changes with every change; with the time of creation in it, it is not that of something of the same name deleted before.
func etag(created time.Time, version int64) string {
	return strconv.FormatInt(created.UnixMicro(), 36) + "." + strconv.FormatInt(version, 36)
}

// timeToProto is a time that may be missing.
func timeToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeFromProto is a time that may be missing, as every backend can keep it. Errors name the field.
func timeFromProto(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if err := t.CheckValid(); err != nil {
		return time.Time{}, invalidField(field, "is no time")
	}
	return t.AsTime().Truncate(time.Microsecond), nil
}

func unitsToProto(u credential.Units) *typev1.Units {
	if !u.Restrict() {
		return nil
	}
	return &typev1.Units{Regions: u.Regions, Locations: u.Locations, Companies: u.Companies, Employees: u.Employees}
}

func unitsFromProto(u *typev1.Units) credential.Units {
	return credential.Units{Regions: u.GetRegions(), Locations: u.GetLocations(), Companies: u.GetCompanies(), Employees: u.GetEmployees()}
}

// keyToProto is a key as it is at a time: secrets that have ended are left out.
func keyToProto(k store.Key, now time.Time) *accessv1.ApiKey {
	out := &accessv1.ApiKey{
		Name: keysCollection + k.ID, DisplayName: k.DisplayName, Kind: kindToProto(k.Kind), Roles: k.EffectiveRoles(), Surveys: k.Surveys,
		Origins: k.Origins, Rate: k.Rate, DeviceRate: k.DeviceRate, Units: unitsToProto(k.Units), ExpireTime: timeToProto(k.ExpireTime),
		CreateTime: timestamppb.New(k.CreateTime), RevokeTime: timeToProto(k.RevokeTime), LastUseTime: timeToProto(k.LastUseTime),
		Etag: etag(k.CreateTime, k.Version),
	}
	for _, s := range working(k.Secrets, now) {
		out.Secrets = append(out.Secrets, &accessv1.ApiKey_Secret{
			Hint: s.Hint, CreateTime: timestamppb.New(s.CreateTime), ExpireTime: timeToProto(s.ExpireTime), LastUseTime: timeToProto(s.LastUseTime),
		})
	}
	return out
}

// working are the secrets that have not ended.
func working(secrets []store.KeySecret, now time.Time) []store.KeySecret {
	return slices.DeleteFunc(slices.Clone(secrets), func(s store.KeySecret) bool { return ended(s.ExpireTime, now) })
}

// ended tells whether something that ends at a time, if not zero, has ended.
func ended(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }

func kindToProto(k credential.Kind) accessv1.ApiKey_Kind {
	switch k {
	case credential.Publishable:
		return accessv1.ApiKey_KIND_PUBLISHABLE
	case credential.Secret:
		return accessv1.ApiKey_KIND_SECRET
	default:
		return accessv1.ApiKey_KIND_UNSPECIFIED
	}
}

func keyFromProto(m *accessv1.ApiKey) credential.Key {
	k := credential.Key{
		DisplayName: m.GetDisplayName(), Roles: m.GetRoles(), Surveys: m.GetSurveys(), Origins: m.GetOrigins(),
		Rate: m.GetRate(), DeviceRate: m.GetDeviceRate(), Units: unitsFromProto(m.GetUnits()),
	}
	switch m.GetKind() {
	case accessv1.ApiKey_KIND_PUBLISHABLE:
		k.Kind = credential.Publishable
	case accessv1.ApiKey_KIND_SECRET:
		k.Kind = credential.Secret
	}
	return k
}

func memberToProto(m store.Member) *accessv1.Member {
	return &accessv1.Member{
		Name: membersCollection + m.ID, DisplayName: m.DisplayName, Subject: m.Subject, Email: m.Email, Roles: m.Roles, Units: unitsToProto(m.Units),
		Disabled: m.Disabled, CreateTime: timestamppb.New(m.CreateTime), LastLoginTime: timeToProto(m.LastLoginTime), Etag: etag(m.CreateTime, m.Version),
	}
}

func memberFromProto(m *accessv1.Member) member.Member {
	return member.Member{
		DisplayName: m.GetDisplayName(), Subject: m.GetSubject(), Email: m.GetEmail(), Roles: m.GetRoles(), Units: unitsFromProto(m.GetUnits()),
		Disabled: m.GetDisabled(),
	}
}

// callerToProto is who calls, as the caller is told.
func callerToProto(p authn.Principal) *accessv1.Principal {
	return &accessv1.Principal{
		Kind: principalKind(p.Kind), Id: p.ID, Organization: p.Organization, Roles: p.Roles, Units: unitsToProto(credential.UnitsOf(p.Given())),
		Surveys: p.Resources, Origins: p.Origins, Rate: p.Rate, DeviceRate: p.DeviceRate, Invitation: p.Bound[boundInvitation],
		Respondent: p.Bound[boundRespondent], DisplayName: p.Name, ExpireTime: timeToProto(p.Expires),
	}
}

// What a principal of an invitation is bound to.
const (
	boundInvitation = "invitation"
	boundRespondent = "respondent"
)

func principalKind(k authn.Kind) accessv1.Principal_Kind {
	switch k {
	case authn.KindApp:
		return accessv1.Principal_KIND_APP
	case authn.KindMachine:
		return accessv1.Principal_KIND_MACHINE
	case authn.KindPerson:
		return accessv1.Principal_KIND_PERSON
	case authn.KindInvitation:
		return accessv1.Principal_KIND_INVITATION
	case authn.KindService:
		return accessv1.Principal_KIND_SERVICE
	default:
		return accessv1.Principal_KIND_UNSPECIFIED
	}
}

package directory

import (
	"errors"
	"math"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
)

// The greatest numbers of characters.
const (
	MaxID          = 128
	maxDisplayName = 200
	maxAddress     = 500
	maxShort       = 100
	maxEmail       = 254
	maxPhone       = 40
	maxPosition    = 1_000_000
)

const dayForm = "2006-01-02"

// CheckID refuses what is no identifier. Errors: *Refusal.
func CheckID(field, id string) error {
	if id == "" || utf8.RuneCountInString(id) > MaxID || strings.Contains(id, "/") || !plain(id) {
		return Refuse(field, Invalid, "must have 1 to %d characters, without `/` and control characters", MaxID)
	}
	return nil
}

// plain tells whether a text is valid and has no control characters.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// text refuses a text that is too long or has control characters. Errors: *Refusal.
func text(field, value string, most int) error {
	if utf8.RuneCountInString(value) > most {
		return Refuse(field, Invalid, "must have at most %d characters", most)
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return Refuse(field, Invalid, "must be a text without control characters")
	}
	return nil
}

// parents are the kinds of units in which others lie.
var parents = map[attribute.Kind][]attribute.Kind{
	attribute.Region:   {attribute.Region},
	attribute.Location: {attribute.Region},
	attribute.Employee: {attribute.Location, attribute.Region},
}

// MayLie tells whether a unit of a kind may lie in one of another kind.
func MayLie(kind, in attribute.Kind) bool { return slices.Contains(parents[kind], in) }

// Check refuses what no unit may be, whatever else there is. Errors: *Refusal, several of them joined.
func (u *Unit) Check() error {
	if err := CheckID("name", u.ID); err != nil {
		return err
	}
	if !u.Parent.Empty() {
		if !MayLie(u.Kind, u.Parent.Kind) {
			return Refuse("parent", Invalid, "a %s does not lie in a %s", u.Kind, u.Parent.Kind)
		}
		if err := CheckID("parent", u.Parent.ID); err != nil {
			return err
		}
		if u.Parent == u.Ref {
			return Refuse("parent", Circular, "the region would lie in itself")
		}
	}
	return u.Details.check(u.Kind)
}

// check refuses details that are too long, or of another kind: all of them.
func (d *Details) check(kind attribute.Kind) error {
	var errs []error
	for _, t := range []struct {
		field, value string
		most         int
		kind         attribute.Kind
	}{
		{"display_name", d.DisplayName, maxDisplayName, kind},
		{"location.address", d.Address, maxAddress, attribute.Location},
		{"location.format", d.Format, maxShort, attribute.Location},
		{"employee.role", d.Role, maxShort, attribute.Employee},
		{"touchpoint.stage", d.Stage, maxShort, attribute.Touchpoint},
	} {
		if t.value != "" && t.kind != kind {
			errs = append(errs, Refuse(t.field, Invalid, "is no field of a %s", kind))
			continue
		}
		errs = append(errs, text(t.field, t.value, t.most))
	}
	if d.Position < 0 || d.Position > maxPosition {
		errs = append(errs, Refuse("touchpoint.position", Invalid, "must be from 0 to %d", maxPosition))
	}
	return errors.Join(append(errs, d.checkDates(), d.Point.check())...)
}

func (d *Details) checkDates() error {
	var errs []error
	for _, t := range []struct{ field, value string }{
		{"location.opening_date", d.OpeningDate}, {"employee.start_date", d.StartDate}, {"employee.end_date", d.EndDate},
	} {
		if t.value == "" {
			continue
		}
		if _, err := time.Parse(dayForm, t.value); err != nil {
			errs = append(errs, Refuse(t.field, Invalid, "must be a day such as 2026-03-31"))
		}
	}
	// Days so spelled are in order as texts.
	if len(errs) == 0 && d.StartDate != "" && d.EndDate != "" && d.EndDate < d.StartDate {
		errs = append(errs, Refuse("employee.end_date", Invalid, "must not be before the start"))
	}
	return errors.Join(errs...)
}

// The bounds of coordinates, in degrees.
const maxLatitude, maxLongitude = 90, 180

func (p *Point) check() error {
	switch {
	case p == nil:
		return nil
	case !(math.Abs(p.Latitude) <= maxLatitude):
		return Refuse("location.coordinates.latitude", Invalid, "must be from -90 to 90 degrees")
	case !(math.Abs(p.Longitude) <= maxLongitude):
		return Refuse("location.coordinates.longitude", Invalid, "must be from -180 to 180 degrees")
	}
	return nil
}

// systems are the names of the only coordinate system that is known.
var systems = []string{"", "WGS84", "WGS 84", "EPSG:4326"}

// CheckSystem refuses coordinates of another system than WGS 84, by its name. Errors: *Refusal.
func CheckSystem(field, system string) error {
	if slices.ContainsFunc(systems, func(known string) bool { return strings.EqualFold(known, system) }) {
		return nil
	}
	return Refuse(field, SystemUnknown, "the coordinate system %q is not known: convert to WGS84 and say so", system)
}

// Profile is what is personal of a contact.
type Profile struct {
	DisplayName string `json:"display_name,omitempty"`
	Email       string `json:"email,omitempty"`
	Phone       string `json:"phone,omitempty"`
}

// Without is the profile but for what is the same in another one.
func (p Profile) Without(other Profile) Profile {
	for _, f := range [][2]*string{{&p.DisplayName, &other.DisplayName}, {&p.Email, &other.Email}, {&p.Phone, &other.Phone}} {
		if *f[0] == *f[1] {
			*f[0] = ""
		}
	}
	return p
}

// Check refuses what is no name, address or number: all of it. Errors: *Refusal, joined.
func (p Profile) Check() error {
	errs := []error{text("display_name", p.DisplayName, maxDisplayName)}
	if p.Email != "" {
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email || len(p.Email) > maxEmail {
			errs = append(errs, Refuse("email", Invalid, "must be an e-mail address such as name@example.org"))
		}
	}
	if p.Phone != "" {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, p.Phone)
		if len(p.Phone) > maxPhone || len(digits) < 3 || strings.Trim(p.Phone, "+0123456789 ()-./,;ext#*") != "" {
			errs = append(errs, Refuse("phone", Invalid, "must be a telephone number such as +996 555 123456"))
		}
	}
	return errors.Join(errs...)
}

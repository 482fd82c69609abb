package harness

import (
	"crypto/sha256"
	"encoding/hex"
)

// Role is what a key may do.
type Role string

// The roles of keys that the harness makes for each organisation.
const (
	App              Role = "app"
	Respondent       Role = "respondent"
	Viewer           Role = "viewer"
	Staff            Role = "staff"
	Manager          Role = "manager"
	Analyst          Role = "analyst"
	TargetOwner      Role = "target_owner"
	DefinitionEditor Role = "definition_editor"
	Admin            Role = "admin"
	Auditor          Role = "auditor"
	// Calendar, DigestRecipient and ReportRecipient are those of the addresses of a calendar and of what ends a digest or a report.
	Calendar        Role = "calendar"
	DigestRecipient Role = "digest_recipient"
	ReportRecipient Role = "report_recipient"
	// ReportReader is that of links that show a report.
	ReportReader Role = "report_reader"
	// Service is for the parts of the suite; a key of an organisation acts for it unless the call names another.
	Service Role = "service"
)

// Roles are all roles, that of the services last.
func Roles() []Role {
	return []Role{App, Respondent, Viewer, Staff, Manager, Analyst, TargetOwner, DefinitionEditor, Admin, Auditor, Calendar, DigestRecipient, ReportRecipient, ReportReader, Service}
}

// KeyFor is the key of an organisation and a role. It is derived from both, so that cases can name it before a suite runs.
func KeyFor(organization string, role Role) string {
	sum := sha256.Sum256([]byte("harness/" + organization + "/" + string(role)))
	return "otk_" + hex.EncodeToString(sum[:])
}

// ServiceKey is the key by which the parts of a suite call each other.
func ServiceKey() string { return KeyFor("", "service") }

// HashKey is the form in which the configuration holds a secret.
func HashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

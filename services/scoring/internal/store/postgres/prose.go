package postgres

import "strings"

// prose is text for people as PostgreSQL can keep it: UTF-8 without zero bytes.
func prose(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

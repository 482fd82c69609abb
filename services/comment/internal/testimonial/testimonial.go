// Package testimonial holds the rules of praise that may be shown.
package testimonial

import "time"

// State is how far a testimonial has come; the numbers are those of the API.
type State uint8

// The states.
const (
	Draft State = iota + 1
	Published
	Withdrawn
)

// Use is what praise is for; the numbers are those of the API.
type Use uint8

// The uses.
const (
	Advantage Use = iota + 1
	Training
	Thanks
)

// Testimonial is praise that may be shown.
type Testimonial struct {
	Organization, ID string
	// Survey, Response and Comment name the comment.
	Survey, Response, Comment             string
	Text                                  string
	Uses                                  []Use
	State                                 State
	Consent, Creator                      string
	CreateTime, PublishTime, WithdrawTime time.Time
}

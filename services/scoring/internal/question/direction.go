package question

// Direction says what a high value means.
type Direction uint8

// Directions. The numbers are stored; they never change their meaning.
const (
	// Ease: high is good. The direction of every question but some of kind CES.
	Ease Direction = 0
	// Effort: high is bad; values are flipped before they are scored.
	Effort Direction = 1
)

// String is the name of the direction, as in the API.
func (d Direction) String() string {
	if d == Effort {
		return "EFFORT"
	}
	return "EASE"
}

// Valid tells whether d is a direction.
func (d Direction) Valid() bool { return d <= Effort }

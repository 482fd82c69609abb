package fact

// Population says who was asked. Scores never mix populations.
type Population uint8

// Populations. The numbers are stored; they never change their meaning.
const (
	// PopulationUnspecified is the zero value; no fact has it.
	PopulationUnspecified Population = 0
	// Customer: people who buy.
	Customer Population = 1
	// Prospect: people who have not bought yet.
	Prospect Population = 2
	// Former: people who no longer buy.
	Former Population = 3
	// Employee: the organisation's own staff.
	Employee Population = 4
)

// String is the name of the population, as in the API.
func (p Population) String() string {
	names := [...]string{"UNSPECIFIED", "CUSTOMER", "PROSPECT", "FORMER", "EMPLOYEE"}
	if int(p) < len(names) {
		return names[p]
	}
	return "UNKNOWN"
}

// Valid tells whether somebody belongs to the population.
func (p Population) Valid() bool { return p >= Customer && p <= Employee }

package export

import (
	"slices"
	"time"
)

// Batch is which reports are written, one of each subject, in a file of its own.
type Batch struct {
	// Report is its name, Language, Survey, Filter and Calendar are as in the request; From and To are the period, zero where Calendar or the rule of the report
	// says it.
	Report, Language, Survey, Filter, Calendar string
	From, To                                   time.Time
	// Until leaves out what was accepted later; zero for nothing.
	Until time.Time
	// Form is how each file is written, by the ending of its name.
	Form string
	// Named and Region are whom the caller named, Subjects whom these are: nobody else is added when somebody is entered in the directory meanwhile.
	Named    []string
	Region   string
	Subjects []string
	// At is when it was asked for: the rule of the report takes its period then, and files are said to be of that time.
	At time.Time
}

// Same tells whether the same is asked for, whoever the subjects were found to be and whenever that was.
func (b Batch) Same(other Batch) bool {
	return b.Report == other.Report && b.Language == other.Language && b.Survey == other.Survey && b.Filter == other.Filter && b.Calendar == other.Calendar && b.From.Equal(other.From) && b.To.Equal(other.To) &&
		b.Until.Equal(other.Until) && b.Form == other.Form && b.Region == other.Region && slices.Equal(b.Named, other.Named)
}

package relational

import (
	"context"
	"time"
)

// contactsChanged has what is worked out of contacts brought up to date: attributes, companies, or what they are known by changed.
func (w *writing) contactsChanged(_ context.Context, _ string, _ []string, _ time.Time) error {
	return nil
}

// companiesChanged is contactsChanged for companies.
func (w *writing) companiesChanged(_ context.Context, _ string, _ []string, _ time.Time) error {
	return nil
}

// settleDirectory has everything worked out anew that is worked out of attributes.
func (w *writing) settleDirectory(_ context.Context, _ string, _ time.Time) error {
	return nil
}

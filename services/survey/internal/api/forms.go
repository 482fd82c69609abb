package api

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// maxForms bounds the compiled questionnaires in memory; beyond, the cache starts again from nothing. A form of twenty questions takes a few
// kilobytes.
const maxForms = 2000

type formKey struct {
	organization, survey string
	revision             int32
}

// forms keeps compiled questionnaires. Revisions never change, so that a form is good for ever.
type forms struct {
	store store.Surveys

	mu    sync.RWMutex
	byKey map[formKey]*questionnaire.Form
	// asked tells up to which revision of a survey none asks employees.
	asked map[formKey]int32
}

func newForms(s store.Surveys) *forms {
	return &forms{store: s, byKey: make(map[formKey]*questionnaire.Form), asked: make(map[formKey]int32)}
}

// get returns the form of a revision. Errors: store.ErrNotFound.
func (f *forms) get(ctx context.Context, organization, survey string, revision int32) (*questionnaire.Form, error) {
	key := formKey{organization, survey, revision}
	f.mu.RLock()
	form := f.byKey[key]
	f.mu.RUnlock()
	if form != nil {
		return form, nil
	}
	record, err := f.store.GetRevision(ctx, organization, survey, revision)
	if err != nil {
		return nil, err
	}
	q := &surveyv1.Questionnaire{}
	if err := proto.Unmarshal(record.Body, q); err != nil {
		return nil, fmt.Errorf("decode revision %d of survey %s: %w", revision, survey, err)
	}
	form = questionnaire.Compile(questionnaireFromProto(q))
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.byKey) >= maxForms {
		clear(f.byKey)
	}
	f.byKey[key] = form
	return form, nil
}

// employees tells whether one of a survey's revisions, up to the one published last, asks employees: then all of its answers are protected.
func (f *forms) employees(ctx context.Context, organization, survey string, last int32) (bool, error) {
	key := formKey{organization: organization, survey: survey}
	f.mu.RLock()
	from := f.asked[key]
	f.mu.RUnlock()
	for number := from + 1; number <= last; number++ {
		form, err := f.get(ctx, organization, survey, number)
		if err != nil || form.Employees() {
			return form != nil && form.Employees(), err
		}
	}
	if last > from {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.asked) >= maxForms {
			clear(f.asked)
		}
		f.asked[key] = last
	}
	return false, nil
}

package comment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/services/comment/internal/analysis"
	"github.com/otklik/otklik/services/comment/internal/api"
	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/evaluation"
	"github.com/otklik/otklik/services/comment/internal/model"
)

// Local analyses texts in this process: AnalysisService with no store, no server and no network. What it is called with goes nowhere.
type Local struct {
	server *rpcserver.Server
}

// LocalAspect is an aspect of one's own.
type LocalAspect struct {
	// ID is what it is called in results.
	ID string
	// Phrases are the words and phrases by which it is found.
	Phrases []string
}

// whoever is who calls a Local: nobody else can.
type whoever struct{}

// Authenticate lets everybody in who is in this process.
func (whoever) Authenticate(context.Context, authn.Credential) (authn.Principal, error) {
	return authn.Principal{ID: "local", Organization: "local", Roles: []string{localRole}}, nil
}

// localRole may do all that there is in a Local.
const localRole = "local"

// NewLocal loads the models. What is wrong with the aspects is an *InputError.
func NewLocal(aspects []LocalAspect) (*Local, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	own := make([]aspect.Own, 0, len(aspects))
	for _, a := range aspects {
		own = append(own, aspect.Own{ID: a.ID, Phrases: a.Phrases})
	}
	custom, err := aspect.NewCustom(own)
	if err != nil {
		return nil, &InputError{err}
	}
	server, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: whoever{}, Roles: map[string][]string{localRole: {"*"}},
	})
	if err != nil {
		return nil, fmt.Errorf("make local analysis: %w", err)
	}
	api.NewAnalysis(api.AnalysisOptions{
		Analyzer: analysis.New(m), Card: m.Card, Own: func(context.Context, string) (*aspect.Custom, error) { return custom, nil },
	}).Register(server)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start local analysis: %w", err)
	}
	return &Local{server: server}, nil
}

// Conn is a connection to it, which needs no key.
func (l *Local) Conn() grpc.ClientConnInterface { return l.server.InProcess() }

// Close ends what is under way.
func (l *Local) Close() error { return l.server.Drain(context.Background()) }

// Labelled is a text of a file with the label that people gave it, as EvaluateModel takes them.
type Labelled struct{ Text, Label string }

// EachLabelled reads a file of labelled texts for a task (sentiment, language, aspects, mix or pii), which may be compressed by gzip, until use returns an error. What is wrong
// with the file names line and column and is a *InputError.
func EachLabelled(task string, in io.Reader, use func(Labelled) error) error {
	t, err := evaluation.TaskNamed(task)
	if err != nil {
		return err
	}
	r, err := evaluation.NewReader(t, in)
	if err != nil {
		return &InputError{err}
	}
	for {
		row, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return &InputError{err}
		}
		if err := use(Labelled{Text: row.Text, Label: row.Label}); err != nil {
			return err
		}
	}
}

// InputError tells that a file of labelled texts, or an aspect, is not as it should be.
type InputError struct{ Err error }

// Error says what is wrong, of a file with line and column.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

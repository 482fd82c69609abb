package comment

import (
	"github.com/otklik/otklik/services/comment/internal/analysis"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/search"
)

// analyst makes of texts what is kept of them.
type analyst struct {
	analyzer *analysis.Analyzer
	scratch  analysis.Scratch
}

// Model implements ingest.Analyst.
func (a *analyst) Model() string { return a.analyzer.Model() }

// Reset implements ingest.Analyst.
func (a *analyst) Reset() { a.scratch = analysis.Scratch{} }

// Read implements ingest.Analyst.
func (a *analyst) Read(own ingest.OwnAspects, text string) ingest.Reading {
	defer a.scratch.Forget()
	r := a.analyzer.Analyze(&a.scratch, text, own.Custom)
	var out ingest.Reading
	out.Text, out.Analysis = r.ToStore()
	out.Analysis.AspectsVersion = own.Version
	out.Terms = search.Terms(out.Text)
	out.Similar = r.Similar
	return out
}

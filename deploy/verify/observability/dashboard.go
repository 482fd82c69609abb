package observability

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// dashboard is what is checked of a Grafana dashboard.
type dashboard struct {
	Title         string  `json:"title"`
	UID           string  `json:"uid"`
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []panel `json:"panels"`
	Templating    struct {
		List []struct {
			Name string `json:"name"`
			Type string `json:"type"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	GridPos struct{ X, Y, W, H int } `json:"gridPos"`
	Targets []struct {
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
	} `json:"targets"`
}

// width is the number of columns of a dashboard.
const width = 24

// interval stands for the variable that Grafana replaces by a range.
const interval = "$__rate_interval"

// CheckDashboard says what is wrong with a dashboard: panels that overlap or show nothing, expressions that Prometheus would refuse, metrics that
// are not there.
func CheckDashboard(raw []byte, metrics Metrics) (panels int, err error) {
	var d dashboard
	if err := json.Unmarshal(raw, &d); err != nil {
		return 0, fmt.Errorf("decode dashboard: %w", err)
	}
	var errs []error
	fault := func(p panel, format string, args ...any) {
		errs = append(errs, fmt.Errorf("panel %d %q: %s", p.ID, p.Title, fmt.Sprintf(format, args...)))
	}
	if d.Title == "" || d.UID == "" || d.SchemaVersion == 0 || len(d.Panels) == 0 {
		errs = append(errs, errors.New("the dashboard has no title, uid, version of its form or panels"))
	}
	source := ""
	for _, v := range d.Templating.List {
		if v.Type == "datasource" {
			source = "${" + v.Name + "}"
		}
	}
	taken := map[[2]int]int{}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			fault(p, "its id is there twice")
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.W <= 0 || g.H <= 0 || g.X+g.W > width {
			fault(p, "it does not fit on the dashboard")
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					fault(p, "it lies over panel %d", other)
				}
				taken[[2]int{x, y}] = p.ID
			}
		}
		if p.Type == "row" {
			continue
		}
		panels++
		if p.Title == "" || p.Description == "" {
			fault(p, "it does not say what it shows")
		}
		if source == "" || p.Datasource.UID != source {
			fault(p, "its data source is %q, not the one that the reader chooses", p.Datasource.UID)
		}
		if len(p.Targets) == 0 {
			fault(p, "it shows nothing")
		}
		for _, target := range p.Targets {
			unknown, err := unknownMetrics(strings.ReplaceAll(target.Expr, interval, "5m"), metrics)
			if err != nil {
				fault(p, "%v", err)
			} else if len(unknown) > 0 {
				fault(p, "there is no metric %s", strings.Join(unknown, ", "))
			}
		}
	}
	return panels, errors.Join(errs...)
}

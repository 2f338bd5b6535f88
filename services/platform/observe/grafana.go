package observe

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	big "github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"orderflow.example/shared/engine"
)

// The heights of panels, in lines of Grafana's grid.
const (
	statHeight  = 4
	linesHeight = 8
)

// Variables of dashboards that a reader may set: base addresses of links.
const (
	operatorsVariable = "operators"
	runbooksVariable  = "runbooks"
)

// JSON returns the dashboard as Grafana imports it.
func (d Dashboard) JSON() (string, error) {
	//lint:ignore SA1019 every Grafana imports this form; the second, which the builders now prefer, only the latest
	b := dashboard.NewDashboardBuilder(d.Title).Uid("orderflow-"+d.Name).Description(d.About).Tags([]string{"orderflow"}).
		Readonly().Timezone("browser").Time("now-1h", "now").Refresh("15s").Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Prometheus").Type("prometheus")).
		WithVariable(text(operatorsVariable, "Operators' listener", "http://127.0.0.1:8081")).
		WithVariable(text(runbooksVariable, "Where the repository can be read", "https://orderflow.example")).
		Link(dashboard.NewDashboardLinkBuilder("Dashboards").Type("dashboards").Tags([]string{"orderflow"}).
			AsDropdown(true).KeepTime(true)).
		Link(link("Stuck orders", "${"+operatorsVariable+"}/v1/sagas?stuck=true")).
		Link(link("What is owed", "${"+operatorsVariable+"}/v1/obligations?overdue=true")).
		Link(link("Do the books agree?", "${"+operatorsVariable+"}/v1/conservation"))
	if d.Service {
		query := "label_values(" + engine.PartitionsOwned.Name + ", service)"
		b.WithVariable(dashboard.NewQueryVariableBuilder("service").Label("Service").Datasource(source()).
			Query(dashboard.StringOrMap{String: &query}).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
			Sort(dashboard.VariableSortAlphabeticalAsc))
	}
	for _, r := range d.Rows {
		if r.Title != "" {
			b.WithRow(dashboard.NewRowBuilder(r.Title))
		}
		for _, p := range r.Panels {
			b.WithPanel(p.builder())
		}
	}
	built, err := b.Build()
	if err != nil {
		return "", fmt.Errorf("observe: dashboard %s: %w", d.Name, err)
	}
	for i := range built.Links {
		built.Links[i].Placement = nil // above the panels, not in a menu, where the builder puts them
	}
	data, err := json.MarshalIndent(built, "", "  ")
	return string(data) + "\n", err
}

func text(name, label, value string) *dashboard.TextBoxVariableBuilder {
	return dashboard.NewTextBoxVariableBuilder(name).Label(label).DefaultValue(dashboard.StringOrMap{String: &value})
}

func link(title, url string) *dashboard.DashboardLinkBuilder {
	return dashboard.NewDashboardLinkBuilder(title).Type("link").Url(url).TargetBlank(true)
}

func source() common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}

func (p Panel) builder() cog.Builder[dashboard.Panel] {
	if p.Kind == Number {
		b := big.NewPanelBuilder().Title(p.Asks).Description(p.description()).Datasource(source()).Unit(p.Unit).Links(p.links()).
			Height(statHeight).Span(uint32(p.Span)).Thresholds(p.thresholds()).GraphMode(common.BigValueGraphModeArea).NoValue("–").
			ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
		for _, t := range p.targets() {
			b.WithTarget(t)
		}
		return b
	}
	b := timeseries.NewPanelBuilder().Title(p.Asks).Description(p.description()).Datasource(source()).Unit(p.Unit).Links(p.links()).
		Height(linesHeight).Span(uint32(p.Span)).Thresholds(p.thresholds()).Min(0).NoValue("–").
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).
			Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)).
		LineWidth(1).FillOpacity(0).ShowPoints(common.VisibilityModeNever)
	if p.Kind == Areas {
		b.FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("all"))
	}
	if p.Log {
		base := 10.0
		b.ScaleDistribution(common.NewScaleDistributionConfigBuilder().Type(common.ScaleDistributionLog).Log(base))
	}
	if p.Limits {
		b.ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	for _, t := range p.targets() {
		b.WithTarget(t)
	}
	return b
}

func (p Panel) description() string {
	if p.Empty != "" {
		return p.Do + " Empty where " + p.Empty + "."
	}
	return p.Do
}

func (p Panel) links() []cog.Builder[dashboard.DashboardLink] {
	if p.Alert == "" {
		return nil
	}
	return []cog.Builder[dashboard.DashboardLink]{link("Runbook "+p.Alert, "${"+runbooksVariable+"}/"+Runbook(p.Alert))}
}

// thresholds returns green, yellow and red, or the reverse where low is bad.
func (p Panel) thresholds() *dashboard.ThresholdsConfigBuilder {
	steps := []dashboard.Threshold{{Color: "green"}}
	good, bad := p.Good, p.Bad
	switch {
	case !p.Limits:
	case p.Low:
		steps = []dashboard.Threshold{{Color: "red"}, {Value: &bad, Color: "yellow"}, {Value: &good, Color: "green"}}
	case good == bad:
		steps = append(steps, dashboard.Threshold{Value: &bad, Color: "red"})
	default:
		steps = append(steps, dashboard.Threshold{Value: &good, Color: "yellow"}, dashboard.Threshold{Value: &bad, Color: "red"})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

// targets are the panel's queries. One of those over a histogram asks for its exemplars, each of which is a trace: one, as the
// others of the panel have the same.
func (p Panel) targets() (all []*prometheus.DataqueryBuilder) {
	with := p.traced()
	for i, q := range p.Queries {
		t := prometheus.NewDataqueryBuilder().Expr(q.Expr).LegendFormat(q.Legend).RefId(string(rune('A' + i))).Range()
		if i == with {
			t.Exemplar(true)
		}
		all = append(all, t)
	}
	return all
}

// traced is the index of the query with exemplars; -1 if no line of the panel is of a histogram.
func (p Panel) traced() int {
	with := -1
	for i, q := range p.Queries {
		if p.Kind != Number && strings.Contains(q.Expr, "_bucket") {
			with = i
		}
	}
	return with
}

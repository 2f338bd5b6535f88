package observe

import (
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga/model"
)

// decisions is the dashboard of the events that each service declares as watched.
func decisions() Dashboard {
	d := Dashboard{Name: "decisions", Title: "Orderflow: Decisions",
		About: "What each service decides, as its model declares it: shares of its events, and how many there are."}
	for _, app := range services.All {
		row := Row{Title: app.Name}
		for _, w := range app.Model.Watched {
			row.Panels = append(row.Panels, watched(w, 24/len(app.Model.Watched)))
		}
		if len(row.Panels) > 0 {
			d.Rows = append(d.Rows, row)
		}
	}
	return d
}

func watched(w model.Watched, span int) Panel {
	if len(w.Among) == 0 {
		p := lines(w.Asks, span, perMinuteOf, w.Do, Query{perMinute(sum(perSecond(engine.PublishedTotal, window,
			events(w.Events)...), "event")), "{{event}}"})
		return p.watchedBy(w.Alert, countWindow.Minutes())
	}
	p := lines(w.Asks, span, percent, w.Do, Query{share(sum(perSecond(engine.PublishedTotal, window, events(w.Events)...), "event"),
		" ignoring (event) group_left () "+sum(perSecond(engine.PublishedTotal, window, events(w.Among)...))), "{{event}}"})
	return p.watchedBy(w.Alert, 1)
}

// watchedBy shows the alert and its limit, which is of so many times what the panel shows.
func (p Panel) watchedBy(a *model.Alert, times float64) Panel {
	if a == nil {
		return p
	}
	return p.limit(a.Above/2/times, a.Above/times).alerts(a.Name)
}

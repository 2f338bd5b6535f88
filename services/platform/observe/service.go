package observe

import (
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
)

// oneService is the dashboard template for any service.
func oneService() Dashboard {
	runs := func(metric string) string {
		return metric + " and on (instance, job) " + series(engine.PartitionsOwned, service)
	}
	asksNobody := "the service asks nobody outside"
	return Dashboard{Name: "service", Title: "Orderflow: Service", Service: true,
		About: "One service: how much it does, what fails, how long it takes, whom it asks, its database and its processes.",
		Rows: []Row{
			{Title: "Events", Panels: []Panel{
				areas("What does it do?", 8, perSecondOf, "Nothing while others say something: its lag is on Delivery.",
					Query{sum(perSecond(engine.EventsTotal, window, service, is("outcome", "done")), "event"), "{{event}}"}).
					mayBeEmpty("the service hears nobody"),
				lines("What fails?", 8, perMinuteOf, "Parked: `orderflow parked groups`. Transactions: its log, its database.",
					Query{perMinute(sum(perSecond(engine.EventsTotal, window, service, is("outcome", "parked")))), "events parked"},
					Query{perMinute(sum(count(engine.CommitSeconds, window, service, is("outcome", "failed")))), "transactions failed"}).
					limit(1, 10).alerts(eventsParked).mayBeEmpty("the service hears nobody"),
				lines("How long from an event to its effect?", 8, seconds, "The broker and its database: the panels below, and Delivery.",
					Query{quantile(.5, engine.EventSeconds, window, nil, service), "half"},
					Query{quantile(.95, engine.EventSeconds, window, nil, service), "95%"},
					Query{quantile(.99, engine.EventSeconds, window, nil, service), "99%"}).limit(1, 5).
					mayBeEmpty("the service hears nobody"),
			}},
			{Title: "Outside", Panels: []Panel{
				areas("Whom does it ask, and what comes of it?", 12, perMinuteOf,
					"Unknown: no clear answer, it is asked again. Refused: the question is at fault, and is parked.",
					Query{perMinute(sum(perSecond(engine.CallsTotal, window, service), "call", "outcome")), "{{call}} {{outcome}}"}).
					alerts(outsideFailing).mayBeEmpty(asksNobody),
				lines("How long do answers take (99%)?", 12, seconds,
					"Ask those who are slow. Questions wait for one another only where they are the same.",
					Query{quantile(.99, engine.CallSeconds, window, []string{"call"}, service), "{{call}}"}).limit(2, 10).mayBeEmpty(asksNobody),
			}},
			{Title: "Database", Panels: []Panel{
				lines("How long does a transaction take?", 8, seconds,
					"Locks, disks, or too much in one: what is decided in one is on Delivery.",
					Query{quantile(.5, engine.CommitSeconds, window, nil, service), "half"},
					Query{quantile(.99, engine.CommitSeconds, window, nil, service), "99%"}).limit(.25, 1),
				lines("Are there connections left?", 8, number, "All in use and some wait: statements are slow, or a lock holds them.",
					Query{`sum(go_sql_in_use_connections{db_name="$service"})`, "in use"},
					Query{`sum(go_sql_max_open_connections{db_name="$service"})`, "most"}),
				lines("How long is a connection waited for?", 8, seconds, "More than nothing for long: the panel before.",
					Query{`sum(rate(go_sql_wait_duration_seconds_total{db_name="$service"}[` + window + `]))`,
						"waited each second"}).limit(.1, 1),
			}},
			{Title: "Processes", Panels: []Panel{
				lines("How much of a processor?", 6, number,
					"As much as there is: give it a process or a machine more.",
					Query{runs("rate(process_cpu_seconds_total[" + window + "])"), "{{instance}}"}),
				lines("How much memory?", 6, bytes, "It grows for days: take a heap profile before it is ended.",
					Query{runs("process_resident_memory_bytes"), "resident {{instance}}"},
					Query{runs("go_memstats_heap_inuse_bytes"), "heap {{instance}}"}),
				lines("How many goroutines?", 6, number, "They grow without more orders: something waits for ever; restart it, keep its log.",
					Query{runs("go_goroutines"), "{{instance}}"}),
				lines("How long is it stopped by GC?", 6, seconds, "Too little memory for what is under way.",
					Query{runs(`go_gc_duration_seconds{quantile=~"1(\\.0)?"}`), "{{instance}}"}).limit(.05, .25),
			}},
			{Title: "Its listener for customers, if this process has one", Panels: []Panel{
				areas("What do customers get?", 12, perSecondOf,
					"5xx: its log has each with its reason. 503: orders are shed, or its database is away. 429: somebody asks too often.",
					Query{sum(runs(count(httpserver.Seconds, window)), "code"), "{{code}}"}).
					mayBeEmpty("no process of the service has customers"),
				lines("How long do customers wait (99%)?", 12, seconds, "Placing waits for a transaction of the storefront: its database.",
					Query{"histogram_quantile(0.99, " + sum(runs(buckets(httpserver.Seconds, window)), "le", "route") + ")", "{{route}}"}).
					limit(.5, 2).mayBeEmpty("no process of the service has customers"),
			}},
		}}
}

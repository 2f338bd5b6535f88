package observe

import (
	"orderflow.example/schemas/metrics"
	"orderflow.example/shared/engine"
)

// delivery is the dashboard of events on their way between services.
func delivery() Dashboard {
	return Dashboard{Name: "delivery", Title: "Orderflow: Delivery",
		About: "Events between the services: what waits, what is parked, who stands still.",
		Rows: []Row{
			{Panels: []Panel{
				stat("How far behind is anyone?", 4, seconds, "Which service and topic, below. Its process, its database, its log.",
					Query{most(series(engine.Lag)), "lag"}).limit(10, lagLimit.Seconds()).alerts(consumerLagging),
				stat("What is unpublished?", 4, seconds, "The broker: does it answer, has it room, are enough replicas in sync?",
					Query{most(series(engine.OutboxOldest)), "age"}).limit(5, outboxLimit.Seconds()).alerts(outboxStalled),
				stat("Is anything parked?", 4, number, "`orderflow parked groups` tells by cause; mend it, then redrive.",
					Query{sum(series(engine.ParkedKeys)), "parked"}).limit(1, 10).alerts(eventsParked),
				stat("Does a partition stand still?", 4, number, "/readyz and the log of the service say why: mostly its database.",
					Query{sum(series(engine.PartitionsStopped)), "stopped"}).limit(1, 1).alerts(partitionsStopped),
				stat("Any alarm in the last hour?", 4, number, "The kind tells what was seen: README, When the installation is at fault.",
					Query{sum(grown(engine.AlarmsTotal, "1h")), "alarms"}).limit(1, 1).alerts(alarmRaised),
				stat("Is anything overdue?", 4, number, "GET /v1/obligations?overdue=true: who owes what since when.",
					Query{sum(most(series(metrics.Overdue), "service")), "overdue"}).limit(1, 50).alerts(sagasStuck),
			}},
			{Panels: []Panel{
				lines("Who is behind, and on which topic?", 12, seconds,
					"One service on all topics: its process or database. All services on one topic: that topic's broker.",
					Query{most(series(engine.Lag), "service", "topic"), "{{service}} ← {{topic}}"}).
					limit(10, lagLimit.Seconds()).alerts(consumerLagging),
				lines("Whose events wait to be published?", 12, seconds, "All services: the broker. One: is one of its partitions refused?",
					Query{most(series(engine.OutboxOldest), "service"), "{{service}}"}).limit(5, outboxLimit.Seconds()).alerts(outboxStalled),
			}},
			{Panels: []Panel{
				lines("How long does the broker take (99%)?", 8, seconds, "Its disks, its network, its replicas in sync.",
					Query{quantile(.99, engine.PublishSeconds, window, []string{"service"}), "{{service}}"}).limit(.25, 1),
				lines("How long does a transaction take (99%)?", 8, seconds,
					"Postgres: disks, locks, other users; connections are on Service.",
					Query{quantile(.99, engine.CommitSeconds, window, []string{"service"}), "{{service}}"}).limit(.25, 1),
				lines("How much is decided in one transaction?", 8, number,
					"Near 500 all the time: the service cannot keep up, give it a process more.",
					Query{share(sum(total(engine.BatchInputs, window), "service"), sum(count(engine.BatchInputs, window), "service")),
						"{{service}}"}),
			}},
			{Panels: []Panel{
				areas("What is said by whom?", 8, perSecondOf,
					"A service that says nothing while it hears: its lag, above, or its questions, on Service.",
					Query{sum(perSecond(engine.PublishedTotal, window), "service"), "{{service}}"}),
				lines("What is tried again?", 8, perMinuteOf,
					"Questions without a clear answer: ask whom they were put to. Transactions that fail: the log of the service.",
					Query{perMinute(sum(perSecond(engine.CallsTotal, window, is("outcome", "unknown")), "service", "call")),
						"{{service}} {{call}}"},
					Query{perMinute(sum(count(engine.CommitSeconds, window, is("outcome", "failed")), "service")), "{{service}} transaction"}),
				lines("What is parked?", 8, number, "`orderflow parked groups`.",
					Query{sum(series(engine.ParkedKeys), "service"), "{{service}}"}).limit(1, 10).alerts(eventsParked),
			}},
			{Panels: []Panel{
				lines("Who takes partitions over?", 8, number,
					"Each start takes all of them. At other times: processes that die, or lose their database session.",
					Query{sum(grown(engine.TakeoversTotal, window), "service"), "{{service}}"}),
				lines("What alarms were raised?", 8, number, "The kind tells what was seen: README, When the installation is at fault.",
					Query{sum(grown(engine.AlarmsTotal, window), "kind"), "{{kind}}"},
					Query{sum(grown(engine.HolesTotal, window)), "holes"},
					Query{sum(grown(engine.RewindsTotal, window)), "logs read again"}).limit(1, 1).alerts(alarmRaised),
				lines("How many orders wait, and how many may?", 8, number, "At the limit new orders are refused: who is behind, above?",
					Query{most(series(metrics.OrdersWaiting)), "wait"},
					Query{most(series(metrics.OrdersWaitingLimit)), "may wait"},
					Query{perMinute(sum(perSecond(metrics.OrdersShed, window))), "refused each minute"}).alerts(ordersShed).
					mayBeEmpty("`--backlog 0` lets all wait"),
			}},
		}}
}

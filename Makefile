# The workspace has many modules: "work" is all of them, "./..." at the root is none.
export GOFLAGS := -mod=readonly -buildvcs=false
modules := schemas shared $(patsubst %/go.mod,%,$(wildcard services/*/go.mod))

.PHONY: help run observe traces demo test test-kafka test-race alerts pictures console-pictures rolling deployments cost bench bench-product \
	bench-recommendation bench-growth burst explore mutants chaos stages check webhooks carriers invoices last-pieces en16931 mails promotion \
	schemathesis build tidy generate record release-schemas clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

run: build ## run the platform until it is stopped, an empty shop with sample goods; ARGS="--data-dir DIR --sample=false …"
	@bin/orderflow up --sample $(ARGS)

observe: ## Prometheus with the alerts, and Jaeger, for the platform that runs on ./data; ARGS="HOST:PORT …" for others
	scripts/observe.sh $(ARGS)

traces: ## orders traced into a real Jaeger, and asked of it; the first time Jaeger is built; a minute
	go test -tags jaeger -count=1 -timeout 15m -v -run InJaeger ./services/platform/endtoend

demo: build ## real orders of a retailer from the click to the doorstep; ARGS="--limit 100 …"
	bin/orderflow demo $(ARGS)

test: ## every test, with the brokers and databases that come along
	go test -shuffle=on -timeout 20m $(ARGS) work

test-kafka: ## the tests that depend on a broker, on Apache Kafka
	scripts/on-kafka.sh go test -count=1 -timeout 20m $(ARGS) ./shared/engine/... ./shared/kafka/... ./services/platform/endtoend \
		$(addprefix ./services/platform/,bench run audit repair)

test-race: ## the tests of what runs side by side, under the race detector; needs a C compiler
	go test -race -count=1 -timeout 20m $(ARGS) ./shared/engine/... ./shared/kafka ./shared/database ./services/tracker/...

alerts: ## each alert fires in a fault made for it, on a running installation, and resolves; ten minutes
	go test -tags alerts -count=1 -timeout 25m -v -run EveryAlertFires ./services/platform/observe

console-pictures: ## draw the console's pages, three for this README; PICTURES=DIR has the others; twelve minutes
	go test -tags pictures -count=1 -timeout 30m -run Draw ./services/platform/console

pictures: ## draw the dashboards after five minutes of real orders, into deployments/grafana; six minutes
	go test -tags pictures -count=1 -timeout 25m -run DrawTheDashboards ./services/platform/observe

rolling: ## roll every service from an older build to this one under load: is it noticed? ten minutes; ARGS="COMMIT"
	scripts/rolling.sh $(ARGS)

deployments: ## validators of the files in deployments, and the image's build in a clean directory; ten minutes at first
	scripts/deployments.sh

cost: ## CPU of an order, service by service, in their processes and in Postgres; two minutes
	go test -tags load -count=1 -timeout 20m -v -run WhatAnOrderCosts ./services/platform/endtoend

bench: build ## sagas per second of the engine, orders per second of all services, on both brokers; six minutes; ARGS="--json …"
	scripts/on-kafka.sh sh -c 'bin/orderflow bench --both --kafka "$$ORDERFLOW_TEST_KAFKA" $(ARGS) && \
		bin/orderflow bench product --both --kafka "$$ORDERFLOW_TEST_KAFKA" $(ARGS)'

bench-product: build ## only the orders; ARGS="--lines 3 --callers 500 --rate 200 --seconds 10 --json …"
	scripts/on-kafka.sh sh -c 'bin/orderflow bench product --both --kafka "$$ORDERFLOW_TEST_KAFKA" $(ARGS)'

bench-recommendation: build ## hidden goods found, as the recommendations' research does; ARGS="--orders FILE --from 2011-08-01 --to 2011-08-31 --json …"
	bin/orderflow bench recommendation $(ARGS)

bench-growth: build ## what a saga costs with a million in the databases, 100,000 open, 32 partitions, four processes; ten minutes
	bin/orderflow bench growth $(ARGS)

burst: ## 26,000 orders in 20 s: what is accepted ends, the rest is told when to come again; two minutes; ARGS="--json …"
	scripts/chaos.sh --stage burst $(ARGS)

explore: build ## every interleaving of one order, from all roots; a minute or so; ARGS="--json …"
	bin/orderflow choreography --explore $(ARGS)

mutants: ## take each mechanism of the engine out in turn, and see that its test notices; half an hour; ARGS="name …"
	scripts/mutants.sh $(ARGS)

chaos: ## the failure campaign: kills and stops under load: is anything lost, or done twice? ten minutes; ARGS="--seed 1 …"
	scripts/chaos.sh $(ARGS)

stages := statement,column,readonly,unwritable,million,burst
stages: ## faults of the installation under load, one run each: what stands still, what goes on? twelve minutes; ARGS="--json …"
	scripts/chaos.sh --stage $(stages) $(ARGS)

carriers: ## 10,000 webhooks of carriers shuffled and repeated, and 10,000 forged ones, over HTTP; some minutes
	go test ./services/platform/endtoend -count=1 -timeout 1h -run ScansInAnyOrder -scans 10000 -v
	go test ./services/platform/run -count=1 -timeout 1h -run NoForgedScan -forged 10000 -v

webhooks: ## 10,000 webhooks shuffled, repeated and early, and 10,000 forged ones, over HTTP; some minutes
	go test ./services/platform/endtoend -count=1 -timeout 1h -run WebhooksInAnyOrder -webhooks 10000 -v
	go test ./services/platform/run -count=1 -timeout 1h -run NoForgedWebhook -forged 10000 -v

invoices: ## 5,000 orders and two processes of invoice, killed at random: numbers without gap or repeat; some minutes
	cd services/invoice && go test ./app -count=1 -timeout 1h -run KilledAtRandom -orders 5000 -v

en16931: ## invoices as UBL, checked by another's EN 16931 rules; needs a Java 17 and Maven; a minute
	scripts/en16931.sh

last-pieces: ## 10,000 buyers, 500 pieces, and two processes of inventory, killed at random: exactly 500 are sold; some minutes
	cd services/inventory && go test ./app -count=1 -timeout 1h -run OfManyWhoBuy -buyers 10000 -v

movements: ## operators receive, count and withdraw while customers buy: stock is the sum of its movements at every moment; two minutes
	go test ./services/platform/endtoend -count=1 -timeout 30m -run StockIsTheSum -moved 60s -v

promotion: ## a promotion to 10,000 customers while orders are mailed, killed in the middle; some minutes
	cd services/notification && go test ./app -count=1 -timeout 30m -run APromotionToMany -customers 10000 -v

mails: ## December 2010 with faults, its mails read back from SMTP: each thing told once, when it is true; some minutes
	go test ./services/platform/endtoend -count=1 -timeout 30m -run TheMailsOfTheDemo -invoices 0 -v

check: ## formatting, vet, lint, modules, generated files, released schemas
	scripts/check.sh $(modules)

build: ## bin/orderflow, and each service alone
	go build -o bin/ ./services/*/cmd/*

tidy: ## bring every go.mod in step
	scripts/modules.sh

schemathesis: build ## generated requests to both HTTP APIs: nothing breaks, all is answered as described; four minutes
	scripts/schemathesis.sh $(ARGS)

generate: ## write the schemas, the AsyncAPI and OpenAPI documents, the stories, the choreography in README.md, dashboards and alerts
	go generate ./schemas $(addprefix ./services/platform/,check/choreography check/stories run observe)

record: ## record the demo's month again, after a rule was changed on purpose; needs xz; a few minutes
	mkdir -p bin && cd services/platform && go run ./redecide/record >../../bin/recorded && \
		xz -9e <../../bin/recorded >redecide/testdata/december-2010.xz

release-schemas: generate ## keep today's schemas as those released: from then on they may only grow
	cd schemas && go run ./generate -release

clean: ## remove what was built
	rm -rf bin

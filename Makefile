export GOFLAGS := -mod=readonly
modules := schemas shared $(patsubst %/go.mod,%,$(wildcard services/*/go.mod))

tidy: ## bring every go.mod in step
	scripts/modules.sh
	for m in $(modules); do (cd $$m && GOWORK=off GOFLAGS=-mod=mod go mod tidy) || exit 1; done
	go work sync

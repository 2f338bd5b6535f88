module orderflow.example/schemas

go 1.26.0

require (
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	orderflow.example/shared v0.0.0
)

require golang.org/x/text v0.43.0 // indirect

replace orderflow.example/shared => ../shared

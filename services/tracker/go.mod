module orderflow.example/services/tracker

go 1.26.0

require (
	orderflow.example/schemas v0.0.0
	orderflow.example/shared v0.0.0
)

replace orderflow.example/schemas => ../../schemas

replace orderflow.example/shared => ../../shared

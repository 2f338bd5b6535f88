module orderflow.example/schemas

go 1.26.0

require orderflow.example/shared v0.0.0

replace orderflow.example/shared => ../shared

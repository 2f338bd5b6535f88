// Command recommendation runs the recommendation service alone.
package main

import (
	"orderflow.example/services/recommendation/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

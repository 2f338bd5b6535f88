// Command reporting runs the reporting service alone.
package main

import (
	"orderflow.example/services/reporting/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

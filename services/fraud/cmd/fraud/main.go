// Command fraud runs the fraud service alone.
package main

import (
	"orderflow.example/services/fraud/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

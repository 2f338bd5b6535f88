// Command notification runs the notification service alone.
package main

import (
	"orderflow.example/services/notification/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

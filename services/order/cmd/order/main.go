// Command order runs the order service alone.
package main

import (
	"orderflow.example/services/order/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

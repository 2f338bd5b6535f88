// Command payment runs the payment service alone.
package main

import (
	"orderflow.example/services/payment/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

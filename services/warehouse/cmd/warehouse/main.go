// Command warehouse runs the warehouse service alone.
package main

import (
	"orderflow.example/services/warehouse/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

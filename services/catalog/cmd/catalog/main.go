// Command catalog runs the catalog service alone.
package main

import (
	"orderflow.example/services/catalog/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

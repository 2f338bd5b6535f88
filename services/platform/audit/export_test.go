package audit

// Apps are the services that tests in memory run.
var Apps = apps

// Package deployments holds the files of the folder deployments against the code: what they name must exist, and every service
// must be there. It is tests alone; `make deployments` also runs the validators of the files' own formats.
package deployments

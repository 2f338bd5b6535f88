package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"sync"

	"orderflow.example/shared/service"
)

// thisBuild is the checksum of the running program: builds of one commit may differ in what was not committed.
var thisBuild = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", service.Environment("replay: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", service.Environment("replay: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", service.Environment("replay: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
})

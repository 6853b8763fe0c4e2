// Command mage is magefile's own, started as go tool mage, that also takes an
// option of a target with two dashes, as people type it: demo --headless.
package main

import (
	"os"
	"strings"

	"github.com/magefile/mage/mage"
)

func main() {
	args := os.Args[1:]
	target := false
	for i, a := range args {
		if !strings.HasPrefix(a, "-") {
			target = true
		} else if target && strings.HasPrefix(a, "--") {
			args[i] = a[1:]
		}
	}
	os.Exit(mage.ParseAndRun(os.Stdout, os.Stderr, os.Stdin, args))
}

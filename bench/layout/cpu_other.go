//go:build !unix

package layout

import "time"

var started = time.Now()

// cpuTime stands in with the time that passed.
func cpuTime() time.Duration { return time.Since(started) }

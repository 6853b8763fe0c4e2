//go:build unix

package layout

import (
	"syscall"
	"time"
)

// cpuTime is the processor time of this process so far: other work on the machine
// does not count.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("layout: getrusage: " + err.Error()) // only for arguments that are wrong
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

//go:build unix

package measure

import (
	"os"
	"runtime"
	"syscall"
)

func peakBytes(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	peak := int64(usage.Maxrss) //nolint:unconvert // it is an int32 on some systems
	if runtime.GOOS == "darwin" {
		return peak
	}
	return peak << 10 // KiB everywhere else
}

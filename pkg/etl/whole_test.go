package etl_test

import "flag"

// Some tests are about large inputs. Alone they take seconds of processor time each, so
// test has a small one of each, and the integration tier the whole.
var whole = flag.Bool("whole", false, "run over whole backlogs and archives, which takes a minute, instead of small ones")

// inPart is the size that a test takes: a part, or with -whole all of it.
func inPart(part, all int) int {
	if *whole {
		return all
	}
	return part
}

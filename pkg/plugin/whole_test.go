package plugin_test

import "flag"

// Some tests take a sample of what they can ask, or a smaller backlog. The integration
// tier takes the whole.
var whole = flag.Bool("whole", false, "ask everything of everybody and run over large backlogs, which takes a minute, instead of a sample")

// inPart is what a test takes: a part, or with -whole all of it.
func inPart(part, all int) int {
	if *whole {
		return all
	}
	return part
}

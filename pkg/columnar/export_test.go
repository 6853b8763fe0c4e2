package columnar

// HoldAtMost has reads hold as many bytes of pages at most, until restore is called.
func HoldAtMost(bytes int) (restore func()) {
	before := maxHeldBytes
	maxHeldBytes = bytes
	return func() { maxHeldBytes = before }
}

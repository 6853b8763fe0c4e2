package trino

// UnsupportedError is why a plan cannot be said in Trino's SQL: another engine has to
// answer it.
type UnsupportedError struct{ Construct string }

func (e *UnsupportedError) Error() string { return e.Construct + " is not supported on Trino" }

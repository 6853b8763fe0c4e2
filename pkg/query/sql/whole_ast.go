package sql

// What only ParseWhole reads.

// subquery is a SELECT in an expression: its value, or whether it has rows.
type subquery struct {
	at
	of     *selection
	exists bool
}

// frame is the rows around one that a window function is over.
type frame struct {
	unit string // range, rows or groups
	from bound
	to   *bound // nil for the current row
}

// bound is where a frame begins or ends.
type bound struct {
	side string // as SQL writes it
	by   expr   // before PRECEDING or FOLLOWING
}

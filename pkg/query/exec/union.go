package exec

// union is the rows of one input after the other.
func union(inputs []rows) rows {
	return func(yield func(*chunk, error) bool) {
		for _, in := range inputs {
			for c, err := range in {
				if !yield(c, err) || err != nil {
					return
				}
			}
		}
	}
}

package exec

// limit gives the first n rows and then stops its input.
func limit(in rows, n int64) rows {
	return func(yield func(*chunk, error) bool) {
		left := n
		if left == 0 {
			return
		}
		for c, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			if int64(len(c.sel)) < left {
				left -= int64(len(c.sel))
				if !yield(c, nil) {
					return
				}
				continue
			}
			yield(&chunk{c.n, c.cols, c.sel[:left]}, nil)
			return
		}
	}
}

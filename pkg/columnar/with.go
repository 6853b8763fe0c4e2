package columnar

// With is the same file read through another source: a footer outlives the
// request that fetched it.
func (f *File) With(src Source) *File {
	g := *f
	g.src = src
	return &g
}

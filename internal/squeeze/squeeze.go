// Package squeeze makes pictures of a page small: a screenshot has few colors that
// matter, so it is stored with a palette of 256.
//
// The colors are sorted into boxes that are cut at the median of their longest side
// until there are 256, those first that have many pixels of different colors: two
// backgrounds that are nearly alike stay two. A box becomes the mean of its pixels.
// The same picture gives the same bytes.
package squeeze

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
)

// most is how many colors a palette has.
const most = 256

// PNG copies an opaque PNG with no more than 256 colors.
func PNG(in io.Reader, out io.Writer) error {
	picture, err := png.Decode(in)
	if err != nil {
		return fmt.Errorf("read picture: %w", err)
	}
	counts := map[color.RGBA]int{}
	bounds := picture.Bounds()
	at := func(x, y int) color.RGBA {
		r, g, b, _ := picture.At(x, y).RGBA()
		return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	var palette color.Palette
	index := map[color.RGBA]uint8{}
	for i, b := range boxes(counts) {
		palette = append(palette, b.mean())
		for _, s := range b {
			index[s.color] = uint8(i)
		}
	}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			small.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(out, small); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}

// shade is a color and how many pixels have it.
type shade struct {
	color color.RGBA
	count int
}

func (s shade) part(axis int) uint8 { return [3]uint8{s.color.R, s.color.G, s.color.B}[axis] }

// box is shades that become one.
type box []shade

// boxes sorts all colors into at most 256.
func boxes(counts map[color.RGBA]int) []box {
	var all box
	for c, n := range counts {
		all = append(all, shade{c, n})
	}
	order := func(a, b shade) int {
		return cmp.Or(cmp.Compare(a.color.R, b.color.R), cmp.Compare(a.color.G, b.color.G), cmp.Compare(a.color.B, b.color.B))
	}
	slices.SortFunc(all, order)
	out := []box{all}
	for len(out) < most {
		widest, axis, most := -1, 0, 0
		for i, b := range out {
			if a, width := b.longest(); width*b.pixels() > most {
				widest, axis, most = i, a, width*b.pixels()
			}
		}
		if widest < 0 {
			break // every box is one color
		}
		b := out[widest]
		slices.SortStableFunc(b, func(x, y shade) int { return cmp.Compare(x.part(axis), y.part(axis)) })
		cut := b.median()
		out[widest] = b[:cut]
		out = append(out, b[cut:])
	}
	return out
}

// longest is the axis on which the colors differ most, and by how much: 0 where there
// is but one color.
func (b box) longest() (axis, width int) {
	for a := range 3 {
		low, high := 255, 0
		for _, s := range b {
			low, high = min(low, int(s.part(a))), max(high, int(s.part(a)))
		}
		if high-low > width {
			axis, width = a, high-low
		}
	}
	return axis, width
}

func (b box) pixels() (sum int) {
	for _, s := range b {
		sum += s.count
	}
	return sum
}

// median is where half of the pixels are on either side, and at least one color.
func (b box) median() int {
	total, sum := b.pixels(), 0
	for i, s := range b[:len(b)-1] {
		if sum += s.count; 2*sum >= total {
			return i + 1
		}
	}
	return len(b) - 1
}

func (b box) mean() color.RGBA {
	var sum [3]int
	total := b.pixels()
	for _, s := range b {
		for a := range sum {
			sum[a] += int(s.part(a)) * s.count
		}
	}
	of := func(a int) uint8 { return uint8((sum[a] + total/2) / total) }
	return color.RGBA{of(0), of(1), of(2), 255}
}

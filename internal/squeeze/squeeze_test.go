package squeeze_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/auditlake/auditlake/internal/squeeze"
)

func squeezed(t *testing.T, picture image.Image) image.Image {
	t.Helper()
	var in, out bytes.Buffer
	if err := png.Encode(&in, picture); err != nil {
		t.Fatal(err)
	}
	if err := squeeze.PNG(&in, &out); err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.(*image.Paletted); !ok {
		t.Fatalf("it is a %T", got)
	}
	return got
}

// worst is how far a color part of one picture is from that of the other.
func worst(a, b image.Image) int {
	most := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := color.RGBAModel.Convert(a.At(x, y)).(color.RGBA), color.RGBAModel.Convert(b.At(x, y)).(color.RGBA)
			for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B)} {
				most = max(most, d, -d)
			}
		}
	}
	return most
}

func TestFewColorsStayAsTheyAre(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		picture.Set(i%16, i/16, color.RGBA{uint8(i), uint8(3 * i), uint8(255 - i), 255})
	}
	if got := worst(picture, squeezed(t, picture)); got != 0 {
		t.Errorf("a color is off by %d", got)
	}
}

func TestManyColorsStayClose(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 { // a ramp of gray and one of blue
		c := color.RGBA{uint8(i / 16), uint8(i / 16), uint8(i / 16), 255}
		if i%2 == 0 {
			c = color.RGBA{0, uint8(i / 32), uint8(i / 16), 255}
		}
		picture.Set(i%64, i/64, c)
	}
	if got := worst(picture, squeezed(t, picture)); got > 4 {
		t.Errorf("a color is off by %d of 255", got)
	}
}

func TestBackgroundsThatAreAlikeStayTwo(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 100, 100))
	for i := range 100 * 100 {
		c := color.RGBA{17, 18, 23, 255}
		switch {
		case i%20 == 0: // text and lines in any color
			c = color.RGBA{uint8(i * 7), uint8(i * 13), uint8(i * 29), 255}
		case i%100 > 50:
			c = color.RGBA{24, 27, 31, 255}
		}
		picture.Set(i%100, i/100, c)
	}
	got := squeezed(t, picture)
	for _, x := range []int{49, 99} {
		if p, q := picture.At(x, 3), color.RGBAModel.Convert(got.At(x, 3)); p != q {
			t.Errorf("%v is %v", p, q)
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	if err := squeeze.PNG(bytes.NewReader([]byte("GIF89a")), &bytes.Buffer{}); err == nil {
		t.Error("it is taken for a PNG")
	}
}

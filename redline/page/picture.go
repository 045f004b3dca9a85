package page

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"
)

// hexColor returns a colour as CSS writes it.
func hexColor(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// rgb reads #RRGGBB, the form of colours in legends, which are checked when they are read.
func rgb(text string) color.RGBA {
	n, _ := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 32)
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
}

// dataURL returns a picture as a URL that holds all of it, so that it can stand inside the page.
func dataURL(picture image.Image) (template.URL, error) {
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, palettedIfFew(picture)); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}

// palettedIfFew returns the picture with a palette, which takes fewer bytes, if 256 colours suffice for it.
func palettedIfFew(picture image.Image) image.Image {
	rgba, ok := picture.(*image.RGBA)
	if !ok {
		return picture
	}
	r := rgba.Bounds()
	out := image.NewPaletted(r, nil)
	index := map[color.RGBA]uint8{}
	var last color.RGBA // neighbours are often alike; n is the number of last
	var n uint8
	for i := 0; i < len(rgba.Pix); i += 4 {
		c := color.RGBA{rgba.Pix[i], rgba.Pix[i+1], rgba.Pix[i+2], rgba.Pix[i+3]}
		if c != last || len(index) == 0 {
			var known bool
			if n, known = index[c]; !known {
				if len(index) == 256 {
					return picture
				}
				n = uint8(len(index))
				index[c] = n
				out.Palette = append(out.Palette, c)
			}
			last = c
		}
		out.Pix[i/4] = n
	}
	return out
}

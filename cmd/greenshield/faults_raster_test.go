package main

import (
	endian "encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/tidwall/geodesic"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// dataset opens a raster of the job, lets edit change it, and writes it back.
func (f folder) dataset(name string, edit func(ds *godal.Dataset) error) {
	f.t.Helper()
	ds, err := godal.Open(f.path(name), godal.Update())
	f.check(err)
	f.check(errors.Join(edit(ds), ds.Close()))
}

// translate rewrites a raster of the job, as gdal_translate does.
func (f folder) translate(name string, switches ...string) {
	f.t.Helper()
	ds, err := godal.Open(f.path(name))
	f.check(err)
	out, err := ds.Translate(f.path("new.tif"), switches, godal.ErrLogger(func(godal.ErrorCategory, int, string) error { return nil })) // a colour table is for bytes only
	f.check(err)
	f.check(errors.Join(out.Close(), ds.Close(), os.Rename(f.path("new.tif"), f.path(name))))
}

// cells returns the cells of a raster of the job.
func (f folder) cells(name string) (g raster.Grid, cells []uint8) {
	f.t.Helper()
	e, err := gdalraster.Open([]string{f.path(name)}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	ds, err := godal.Open(f.path(name))
	f.check(err)
	g = e.Grid()
	cells = make([]uint8, g.Cells())
	f.check(errors.Join(ds.Bands()[0].Read(0, 0, cells, g.Cols, g.Rows), ds.Close()))
	return g, cells
}

// write replaces a raster of the job by a GeoTIFF of the same grid and CRS.
func (f folder) write(name string, kind godal.DataType, cells any, nodata float64, options ...string) {
	f.t.Helper()
	g, _ := f.cells(name)
	f.remove(name)
	ds, err := godal.Create(godal.GTiff, f.path(name), 1, kind, g.Cols, g.Rows, godal.CreationOption(options...))
	f.check(err)
	f.check(errors.Join(ds.SetProjection(g.CRS.WKT), ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}),
		ds.SetNoData(nodata), ds.Bands()[0].Write(0, 0, cells, g.Cols, g.Rows), ds.Close()))
}

// overwrite replaces the bytes of one block of lc2020.tif.
func (f folder) overwrite(block string, with byte) {
	f.t.Helper()
	ds, err := godal.Open(f.path("lc2020.tif"))
	f.check(err)
	offset, errO := strconv.Atoi(ds.Bands()[0].Metadata("BLOCK_OFFSET_"+block, godal.Domain("TIFF")))
	size, errS := strconv.Atoi(ds.Bands()[0].Metadata("BLOCK_SIZE_"+block, godal.Domain("TIFF")))
	f.check(errors.Join(errO, errS, ds.Close()))
	content, err := os.ReadFile(f.path("lc2020.tif"))
	f.check(err)
	for i := offset + size/3; i < offset+size; i++ {
		content[i] = with
	}
	f.check(os.WriteFile(f.path("lc2020.tif"), content, 0o666))
}

// text writes a file of the job.
func (f folder) text(name, text string) {
	f.t.Helper()
	f.check(os.WriteFile(f.path(name), []byte(text), 0o666))
}

// vrt puts a VRT over lc2020.tif, with parts of a band before its source, in the job.
func (f folder) vrt(parts string) {
	f.t.Helper()
	g, _ := f.cells("lc2020.tif")
	rect := fmt.Sprintf(`xOff="0" yOff="0" xSize="%d" ySize="%d"`, g.Cols, g.Rows)
	f.text("lc2020.vrt", fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%d"><SRS>EPSG:4490</SRS><GeoTransform>%v,%v,0,%v,0,%v</GeoTransform><VRTRasterBand dataType="Byte" band="1"><NoDataValue>0</NoDataValue>%s<SimpleSource><SourceFilename relativeToVRT="1">lc2020.tif</SourceFilename><SourceBand>1</SourceBand><SrcRect %s/><DstRect %s/></SimpleSource></VRTRasterBand></VRTDataset>`,
		g.Cols, g.Rows, g.OriginX, g.CellX, g.OriginY, -g.CellY, parts, rect, rect))
	f.edit("lc2020.tif", "lc2020.vrt")
}

// recode gives both rasters other codes, and the job a legend of those.
func (f folder) recode(kind godal.DataType, factor int) {
	f.t.Helper()
	for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
		_, cells := f.cells(name)
		codes := make([]int32, len(cells))
		for i, c := range cells {
			codes[i] = int32(c) * int32(factor)
		}
		f.write(name, kind, codes, 0)
	}
	f.otherCodes(factor)
}

// otherCodes gives the job a legend whose codes are those of clcd times a factor.
func (f folder) otherCodes(factor int) {
	f.t.Helper()
	legend := "code,name_en,name_zh,color,ecosystem\n0,NoData,,,nodata\n"
	for i, class := range []string{"cropland", "forest", "shrub", "grassland", "wetland", "ice", "bare", "built", "wetland"} {
		legend += fmt.Sprintf("%d,class %d,,,%s\n", (i+1)*factor, i+1, class)
	}
	f.text("legend.csv", legend)
	f.edit("legend: clcd", "legend: legend.csv")
	f.edit("legend: clcd", "legend: legend.csv")
}

// TestRasterFaults spoils the rasters of a job, one fault at a time.
func TestRasterFaults(t *testing.T) {
	sample := newSample(t)
	here(t, sample, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	clean := contents(t, filepath.Join(sample, "out"))
	// same wants the results of the sound rasters; warning is what is said, "" for nothing.
	same := func(warning string) func(f folder, o outcome, out string) {
		return func(f folder, o outcome, out string) {
			f.t.Helper()
			sameFiles(f.t, contents(f.t, out), clean, tellOfInputs...)
			warned(f, o, warning)
		}
	}
	// told wants a warning, whatever the results.
	told := func(warning string) func(f folder, o outcome, out string) {
		return func(f folder, o outcome, out string) {
			f.t.Helper()
			warned(f, o, warning)
		}
	}
	sameEcosystems := func(f folder, _ outcome, out string) {
		f.t.Helper()
		for _, name := range []string{"matrix_ecosystem.csv", "coverage.csv", "overlaps.csv"} {
			if got := contents(f.t, out)[name]; got != clean[name] || got == "" {
				f.t.Errorf("%s differs", name)
			}
		}
	}
	const unreadable = "lc2020.tif: not a readable GTiff file: …; it may be damaged, cut short, or of another format: copy or export it again"
	const broken = "lc2020.tif: block x …, y … (cells from column …, row …) cannot be read: …; the file is damaged or cut short: copy it again"
	noise := func(f folder) { // so that blocks have some length
		f.raster(func(_ *raster.Grid, cells []uint8) {
			for i := range cells {
				cells[i] = 1 + uint8(i*i>>3)%9
			}
		})
	}
	tiled := func(options ...string) []string {
		switches := []string{"-co", "TILED=YES", "-co", "BLOCKXSIZE=64", "-co", "BLOCKYSIZE=64"}
		for _, o := range options {
			switches = append(switches, "-co", o)
		}
		return switches
	}
	corrupt := func(compression string) func(f folder) {
		return func(f folder) {
			noise(f)
			f.translate("lc2020.tif", tiled("COMPRESS="+compression)...)
			f.overwrite("2_1", 0x80) // a null operation to PackBits
		}
	}
	degrees := [6]float64{117, 0.001, 0, 31, 0, -0.001}

	faults := []fault{
		{name: "R01 empty raster", spoil: func(f folder) { f.cut("lc2020.tif", 0) }, status: 11,
			want: "lc2020.tif: empty file (0 bytes); copy it again"},
		{name: "R02 text as raster", spoil: func(f folder) { f.text("lc2020.tif", "hello") }, status: 11, want: unreadable},
		{name: "R02 eight bytes", spoil: func(f folder) { f.check(os.Truncate(f.path("lc2020.tif"), 8)) }, status: 11, want: unreadable},
		{name: "R03 raster cut in its header", spoil: func(f folder) { f.cut("lc2020.tif", 0.01) }, status: 11, want: unreadable},
		{name: "R03 raster cut at a tenth", spoil: func(f folder) { f.cut("lc2020.tif", 0.1) }, status: 11, want: unreadable},
		{name: "R04 raster without its directory", spoil: func(f folder) { f.cut("lc2020.tif", 0.5) }, status: 11, want: unreadable},
		{name: "R04 strips cut at the end", spoil: func(f folder) { noise(f); f.cut("lc2020.tif", 0.9) }, status: 11, want: broken},
		{name: "R08 broken blocks are to be zeros", spoil: func(f folder) { noise(f); f.cut("lc2020.tif", 0.9) }, status: 11, want: broken,
			env: []string{"GTIFF_IGNORE_READ_ERRORS=YES"}},
		{name: "R06 corrupted block, JPEG", spoil: corrupt("JPEG"), status: 11, want: broken},
		{name: "R06 JPEG", spoil: func(f folder) {
			f.raster(func(*raster.Grid, []uint8) {})
			f.translate("lc2020.tif", tiled("COMPRESS=JPEG", "JPEG_QUALITY=100")...)
		}, check: told("lc2020.tif: compression JPEG can alter class codes")},
		{name: "R07 corrupted cells, unknown code", spoil: func(f folder) { f.translate("lc2020.tif", tiled()...); f.overwrite("2_1", 77) }, status: 11,
			want: `lc2020.tif (2020): code 77 is not in legend "clcd": …`},
		{name: "R07 corrupted cells, known code", spoil: func(f folder) { f.translate("lc2020.tif", tiled()...); f.overwrite("2_1", 2) },
			check: func(f folder, _ outcome, out string) {
				// Nothing is wrong with such a file by itself; its hash is another one.
				if now, then := readManifest(f.t, out), readManifest(f.t, filepath.Join(sample, "out")); now.Inputs[1].Files[0].SHA256 == then.Inputs[1].Files[0].SHA256 {
					f.t.Error("the hash is that of the sound file")
				}
			}},
		{name: "R09 missing raster", spoil: func(f folder) { f.remove("lc2020.tif") }, status: 11,
			want: "lc2020.tif: no such file"},
		{name: "R09 directory as raster", spoil: func(f folder) { f.remove("lc2020.tif"); f.check(os.Mkdir(f.path("lc2020.tif"), 0o777)) }, status: 11,
			want: "lc2020.tif: is a directory; name the raster files in it"},
		{name: "R09 pipe as raster", spoil: func(f folder) { f.remove("lc2020.tif"); f.check(syscall.Mkfifo(f.path("lc2020.tif"), 0o666)) }, status: 11,
			want: "lc2020.tif: is a pipe or device, not a regular file; save its content to a file first"},
		{name: "R09 link to itself", spoil: func(f folder) { f.remove("lc2020.tif"); f.check(os.Symlink("lc2020.tif", f.path("lc2020.tif"))) }, status: 11,
			want: "…lc2020.tif: too many levels of symbolic links"},
		{name: "R10 whole numbers as Float32", spoil: func(f folder) { f.translate("lc2020.tif", "-ot", "Float32") }, check: same("")},
		{name: "R11 fraction", spoil: func(f folder) { f.float(1.5) }, status: 11,
			want: "lc2020.tif: cell at column 7, row 2 (from 0) is 1.5, not a whole number, so not a class code; is this the right raster? If it is, and its numbers may be rounded, make a copy that can be used by `gdalwarp -r near -ot Int32 -dstnodata -2147483648 lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R11 infinity", spoil: func(f folder) { f.float(math.Inf(1)) }, status: 11,
			want: "lc2020.tif: cell at column 7, row 2 (from 0) is +Inf, not a whole number, so not a class code; …"},
		{name: "R11 NaN", spoil: func(f folder) { f.float(math.NaN()) }, check: func(f folder, o outcome, out string) {
			f.float(0) // NoData
			here(f.t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "zero"}, plainly)...).want(f.t, 0)
			sameFiles(f.t, contents(f.t, out), contents(f.t, f.path("zero")), tellOfInputs...)
		}},
		{name: "R12 UInt16", spoil: func(f folder) { f.translate("lc2020.tif", "-ot", "UInt16") }, check: same("")},
		{name: "R12 UInt16 codes above 255", spoil: func(f folder) { f.recode(godal.UInt16, 300) }, check: sameEcosystems},
		{name: "R12 Int16 codes below 0", spoil: func(f folder) { f.recode(godal.Int16, -1) }, check: sameEcosystems},
		{name: "R12 Int32 codes above 16 bits", spoil: func(f folder) { f.recode(godal.Int32, 100_000) }, check: sameEcosystems},
		{name: "R13 four bits", spoil: func(f folder) { f.translate("lc2020.tif", "-co", "NBITS=4") }, check: same("")},
		{name: "R13 one bit", spoil: func(f folder) {
			f.raster(func(_ *raster.Grid, cells []uint8) { clear(cells); cells[0] = 1 })
			f.translate("lc2020.tif", "-co", "NBITS=1")
		}, check: told("")},
		{name: "R13 complex numbers", spoil: func(f folder) { f.translate("lc2020.tif", "-ot", "CFloat32") }, status: 11,
			want: "lc2020.tif: data type CFloat32 cannot hold class codes here; make a copy that can be used by `gdalwarp -r near -ot Int32 -dstnodata -2147483648 lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R13 bytes with sign", spoil: func(f folder) {
			_, cells := f.cells("lc2020.tif")
			for i, c := range cells {
				if c == 0 {
					cells[i] = 0x80 // -128
				}
			}
			f.write("lc2020.tif", godal.Byte, cells, -128, "PIXELTYPE=SIGNEDBYTE")
		}, check: same("")},
		{name: "R13 codes below 0 in bytes with sign", spoil: func(f folder) {
			for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
				_, cells := f.cells(name)
				for i, c := range cells {
					cells[i] = -c
				}
				f.write(name, godal.Byte, cells, 0, "PIXELTYPE=SIGNEDBYTE")
			}
			f.otherCodes(-1)
		}, check: sameEcosystems},
		{name: "R13 64 bits", spoil: func(f folder) { f.translate("lc2020.tif", "-ot", "Int64") }, status: 11,
			want: "lc2020.tif: data type … cannot hold class codes here; make a copy that can be used by `…`, and name that one"},
		{name: "R14 class names of another legend", spoil: func(f folder) {
			f.vrt("<CategoryNames><Category/><Category>Forest</Category><Category>Cropland</Category><Category>shrub land</Category></CategoryNames>")
		}, check: same(`lc2020.vrt: names its classes otherwise than legend "clcd": 1 is "Forest" there and "农田" in the legend, 2 is "Cropland" there and "森林" in the legend; the codes count: is it the right legend?`)},
		{name: "R14 class names of this legend", spoil: func(f folder) {
			f.vrt("<CategoryNames><Category/><Category>cropland</Category><Category>森林</Category></CategoryNames>")
		}, check: same("")},
		{name: "R14 attribute table of an .img", spoil: func(f folder) {
			table := `<GDALRasterAttributeTable><FieldDefn index="0"><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn><FieldDefn index="1"><Name>Class_Names</Name><Type>2</Type><Usage>2</Usage></FieldDefn>`
			for i, name := range []string{"", "Forest", "Cropland"} {
				table += fmt.Sprintf(`<Row index="%d"><F>%d</F><F>%s</F></Row>`, i, i, name)
			}
			f.vrt(table + "</GDALRasterAttributeTable>")
			f.translate("lc2020.vrt", "-of", "HFA")
			f.check(os.Rename(f.path("lc2020.vrt"), f.path("lc2020.img")))
			f.edit("lc2020.vrt", "lc2020.img")
		}, check: same(`lc2020.img: names its classes otherwise than legend "clcd": 1 is "Forest" there`)},
		{name: "R14 palette of another legend", spoil: func(f folder) {
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				return ds.Bands()[0].SetColorTable(godal.ColorTable{PaletteInterp: godal.RGBPalette, Entries: slices.Repeat([][4]int16{{255, 0, 0, 255}}, 256)})
			})
		}, check: same("")},
		{name: "R15 NoData absent", spoil: func(f folder) { f.translate("lc2020.tif", "-a_nodata", "none") }, check: same("")},
		{name: "R15 NoData is a class", spoil: func(f folder) { f.translate("lc2020.tif", "-a_nodata", "2") }, status: 11,
			want: "…lc2020.tif: its NoData value 2 is a class of the legend; when these cells are no data, map the code to nodata in the legend; when they are of the class, make a copy that can be used by `gdal_translate -a_nodata none lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R15 NoData out of range", spoil: func(f folder) {
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error { return ds.SetNoData(-9999) })
		}, status: 11,
			want: "lc2020.tif: NoData value -9999 is impossible for type Byte (0 to 255); make a copy that can be used by `gdal_translate -a_nodata none lc2020.tif lc2020-mended.tif`, and name that one (instead of none, the number that is no data, if there is one)"},
		{name: "R15 NoData of the years differ", spoil: func(f folder) {
			_, cells := f.cells("lc2020.tif")
			for i, c := range cells {
				if c == 0 {
					cells[i] = 255
				}
			}
			f.write("lc2020.tif", godal.Byte, cells, 255)
		}, check: same("")},
		{name: "R15 NaN as NoData", spoil: func(f folder) {
			_, cells := f.cells("lc2020.tif")
			floats := make([]float32, len(cells))
			for i, c := range cells {
				if floats[i] = float32(c); c == 0 {
					floats[i] = float32(math.NaN())
				}
			}
			f.write("lc2020.tif", godal.Float32, floats, math.NaN())
		}, check: same("")},
		{name: "R16 internal mask instead of NoData", spoil: func(f folder) {
			_, cells := f.cells("lc2020.tif")
			mask := make([]uint8, len(cells))
			for i, c := range cells {
				if mask[i] = 255; c == 0 {
					cells[i], mask[i] = 2, 0
				}
			}
			f.write("lc2020.tif", godal.Byte, cells, 255)
			f.translate("lc2020.tif", "-a_nodata", "none")
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				b, err := ds.CreateMaskBand(2, godal.ConfigOption("GDAL_TIFF_INTERNAL_MASK=YES"))
				if err != nil {
					return err
				}
				s := ds.Structure()
				return b.Write(0, 0, mask, s.SizeX, s.SizeY)
			})
		}, check: same("")},
		{name: "R16 mask beside the file", spoil: func(f folder) { f.text("lc2020.tif.msk", "x") },
			check: same("lc2020.tif: lc2020.tif.msk is ignored: only the file itself counts")},
		{name: "R16 alpha band", spoil: func(f folder) { f.translate("lc2020.tif", "-b", "1", "-b", "1", "-co", "ALPHA=YES") }, status: 11,
			args: []string{"--after-band", "1"},
			want: "lc2020.tif: has an alpha band, which does not say clearly where data ends; …"},
		{name: "R17 scale", spoil: func(f folder) { f.translate("lc2020.tif", "-a_scale", "0.1", "-a_offset", "5") }, status: 11,
			want: "lc2020.tif: has scale 0.1 and offset 5, so its numbers are measurements, not class codes; if they are codes all the same, make a copy that can be used by `gdal_translate -a_scale 1 -a_offset 0 lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R18 a quarter of a cell off", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += g.CellX / 4 }) }, status: 13,
			want: "the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): origins are not on one lattice: off by 0.25 cells east and 0 cells south (about 6.43 m east, 0 m south); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{name: "R18 a billionth of a cell off", spoil: func(f folder) {
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				gt, err := ds.GeoTransform()
				gt[0] += gt[1] * 1e-9
				return errors.Join(err, ds.SetGeoTransform(gt))
			})
		}, check: same("")},
		{name: "R18 whole cells off", spoil: func(f folder) {
			f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += 2 * g.CellX; g.OriginY -= 3 * g.CellY })
		},
			check: told("lc2020.tif: and before differ in extent: their common 298 × 277 cells are compared; 1454 cells of before and 1454 of after lie outside")},
		{name: "R19 other cell size", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.CellX, g.CellY = 0.0003, 0.0003 }) }, status: 13,
			want: "the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): cell size differs: 0.000269494585236 × 0.000269494585236 against 0.0003 × 0.0003; say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{name: "R20 other CRS", spoil: func(f folder) {
			f.raster(func(g *raster.Grid, _ []uint8) {
				crs, err := gdalraster.ParseCRS("EPSG:32650")
				f.check(err)
				g.CRS = crs
				g.OriginX, g.OriginY, g.CellX, g.CellY = 500_000, 3_430_000, 30, 30
			})
		}, status: 13,
			want: "the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): their CRSs differ, China Geodetic Coordinate System 2000 (EPSG:4490) against WGS 84 / UTM zone 50N (EPSG:32650); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{name: "R20 one CRS in other words", spoil: func(f folder) {
			f.translate("lc2020.tif", "-a_srs", `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`)
		}, check: same("")},
		{name: "R21 rasters apart", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += 1000 * g.CellX }) }, status: 13,
			want: "the two rasters do not overlap: before (lc2015.tif) covers …° E, …° N, after (lc2020.tif) …° E, …° N; name rasters of one area"},
		{name: "R21 smaller raster", spoil: func(f folder) { f.translate("lc2020.tif", "-srcwin", "100", "50", "150", "200") },
			check: func(f folder, o outcome, out string) {
				warned(f, o, "their common 150 × 200 cells are compared; 54000 cells of before and 0 of after lie outside")
				f.translate("lc2015.tif", "-srcwin", "100", "50", "150", "200")
				here(f.t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "both"}, plainly)...).want(f.t, 0)
				sameFiles(f.t, contents(f.t, out), contents(f.t, f.path("both")), tellOfInputs...)
			}},
		{name: "R22 rotated", spoil: func(f folder) { f.tiff(1, [6]float64{117, 0.001, 0.0001, 31, 0, -0.001}) }, status: 11,
			want: "lc2020.tif: is rotated or sheared (geotransform [117 0.001 0.0001 31 0 -0.001]); make a copy that can be used by `gdalwarp -r near -dstnodata V lc2020.tif lc2020-mended.tif`, and name that one (V is a number that is no code of a class)"},
		{name: "R22 east to west", spoil: func(f folder) { f.tiff(1, [6]float64{117, -0.001, 0, 31, 0, -0.001}) }, status: 11,
			want: "lc2020.tif: is mirrored east to west (geotransform [117 -0.001 0 31 0 -0.001]); make a copy that can be used by `gdalwarp -r near -dstnodata V lc2020.tif lc2020-mended.tif`, and name that one (V is a number that is no code of a class)"},
		{name: "R23 south-up", spoil: func(f folder) {
			g, cells := f.cells("lc2020.tif")
			flipped := make([]uint8, 0, len(cells))
			for row := g.Rows - 1; row >= 0; row-- {
				flipped = append(flipped, cells[row*g.Cols:(row+1)*g.Cols]...)
			}
			f.write("lc2020.tif", godal.Byte, flipped, 0)
			_, south, _, _ := g.Bounds()
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				return ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, south, 0, g.CellY})
			})
		}, check: same("")},
		{name: "R24 no CRS", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.CRS = raster.CRS{} }) }, status: 11,
			want: "lc2020.tif: has no coordinate reference system; state the right one by crs: EPSG:… under this raster " +
				"in the job file, or --before-crs, --after-crs, |crs=CRS in --between, --confirm or --newest"},
		{name: "R24 no CRS, but stated", spoil: func(f folder) {
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error { return ds.SetProjection("") })
		},
			args: []string{"--after-crs", "EPSG:4490"},
			check: same("lc2020.tif: declares no CRS that can be used; it is taken to be in " +
				"China Geodetic Coordinate System 2000 (EPSG:4490), as stated")},
		{name: "R24 no geotransform", spoil: func(f folder) { f.translate("lc2020.tif", "-co", "PROFILE=BASELINE") }, status: 11,
			want: "lc2020.tif: has no geotransform, so its place on earth is unknown; …"},
		{name: "R24 ground control points only", spoil: func(f folder) {
			f.translate("lc2020.tif", "-co", "PROFILE=BASELINE")
			f.translate("lc2020.tif", "-a_srs", "EPSG:4490", "-gcp", "0", "0", "117", "31", "-gcp", "300", "0", "117.1", "31", "-gcp", "0", "280", "117", "30.9")
		}, status: 11, want: "lc2020.tif: has no geotransform, so its place on earth is unknown; …"},
		{name: "R25 area of cells in degrees", spoil: func(folder) {}, check: geodesicAreas},
		{name: "R26 sidecar that contradicts", spoil: func(f folder) {
			f.text("lc2020.tif.aux.xml", `<PAMDataset><SRS>EPSG:32650</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform><PAMRasterBand band="1"><NoDataValue>2</NoDataValue></PAMRasterBand></PAMDataset>`)
		}, check: same("lc2020.tif: lc2020.tif.aux.xml is ignored: only the file itself counts")},
		{name: "R26 world file that contradicts", spoil: func(f folder) { f.text("lc2020.tfw", "30\n0\n0\n-30\n500015\n3499985\n") },
			check: same("lc2020.tif: lc2020.tfw is ignored: it has cells of 30 × 30 from 500000, 3500000 on; only the file itself counts")},
		{name: "R27 cells as points", spoil: func(f folder) {
			f.translate("lc2020.tif", "-mo", "AREA_OR_POINT=Point")
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				if ds.Metadata("AREA_OR_POINT") != "Point" {
					return errors.New("is not of points")
				}
				return nil
			})
		}, check: same("")},
		{name: "R28 four bands", spoil: func(f folder) { f.tiff(4, degrees) }, status: 11,
			want: "lc2020.tif: has 4 bands…; say which with --before-band, --after-band or |band=N in --between, --confirm or --newest (job file: band)"},
		{name: "R28 band 9 of 3", spoil: func(f folder) { f.tiff(3, degrees) }, args: []string{"--after-band", "9"}, status: 10,
			want: "lc2020.tif: no such band: 9 is asked for, its bands are 1 to 3; say which with --before-band, --after-band or |band=N in --between, --confirm or --newest (job file: band, first_band)"},
		{name: "R28 band 2 of 3", spoil: func(f folder) {
			f.translate("lc2020.tif", "-b", "1", "-b", "1", "-b", "1")
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				return errors.Join(ds.Bands()[0].Fill(77, 0), ds.Bands()[2].Fill(88, 0))
			})
		}, args: []string{"--after-band", "2"}, check: same("")},
		{name: "R29 two pages", spoil: func(f folder) {
			g, cells := f.cells("lc2020.tif")
			ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), 1, godal.Byte, g.Cols, g.Rows, godal.CreationOption("APPEND_SUBDATASET=YES"))
			f.check(err)
			f.check(errors.Join(ds.SetProjection(g.CRS.WKT), ds.SetGeoTransform(degrees), ds.Bands()[0].Write(0, 0, cells, g.Cols, g.Rows), ds.Close()))
		}, status: 11, want: "lc2020.tif: holds 2 rasters (pages); when you mean the first one, make a copy that can be used by `gdal_translate GTIFF_DIR:1:lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R29 page by GDAL's syntax", spoil: func(f folder) { f.edit("lc2020.tif", `"GTIFF_DIR:1:lc2020.tif"`) }, status: 11,
			want: "GTIFF_DIR:1:lc2020.tif: no such file"},
		{name: "R29 another format", spoil: func(f folder) { f.text("lc2020.grb", "GRIB"); f.edit("lc2020.tif", "lc2020.grb") }, status: 11,
			want: "lc2020.grb: unknown kind of raster; supported are GeoTIFF (.tif, .tiff), ERDAS Imagine (.img), ASCII grid (.asc), ESRI grid (a folder with hdr.adf), netCDF (.nc), HDF (.hdf, .h5) and mosaics (.vrt); make a copy that can be used by `gdal_translate -co COMPRESS=LZW lc2020.grb lc2020-mended.tif`, and name that one"},
		{name: "R30 raster of too many cells", spoil: func(f folder) {
			f.remove("lc2020.tif")
			ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), 1, godal.Byte, 1_000_000, 1_000_000,
				godal.CreationOption("SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=16384", "BLOCKYSIZE=16384", "COMPRESS=LZW", "BIGTIFF=YES"))
			f.check(err)
			f.check(errors.Join(ds.SetGeoTransform([6]float64{117, 1e-5, 0, 31, 0, -1e-5}), ds.Close()))
		}, status: 17,
			want: "lc2020.tif: 1000000 × 1000000 cells are more than 4e+11: limit exceeded; when you need a part of it only, make a copy that can be used by `gdal_translate -projwin WEST NORTH EAST SOUTH lc2020.tif lc2020-mended.tif`, and name that one (WEST NORTH EAST SOUTH are its edges)"},
		{name: "R31 one tile of 3.6 GB", spoil: func(f folder) { f.check(os.WriteFile(f.path("lc2020.tif"), giantTile(60_000), 0o666)) }, status: 17,
			want: "lc2020.tif: blocks of 60000 × 60000 cells need 3433 MB each, more than 64: limit exceeded; make a copy that can be used by `gdal_translate -co TILED=YES lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R31 one block above the memory of the run", spoil: func(f folder) {
			f.translate("lc2020.tif", "-outsize", "4096", "4096", "-co", "TILED=YES", "-co", "BLOCKXSIZE=4096", "-co", "BLOCKYSIZE=4096", "-co", "COMPRESS=LZW")
		}, args: []string{"--max-memory", "64MiB"}, status: 17,
			want: "lc2020.tif: its blocks need up to 16 MiB each, too much for a memory of 64 MiB; say --max-memory 161MiB, or make a copy that can be used by `gdal_translate -co TILED=YES lc2020.tif lc2020-mended.tif`, and name that one"},
		{name: "R33 blocks that were never written", spoil: func(f folder) {
			f.write("lc2020.tif", godal.Byte, make([]uint8, 300*280), 255, "SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64")
			f.sparse(nil)
		}, check: told("lc2020.tif: 79904 cells have never been written (empty blocks), and it has no NoData value, so they are code 0; map 0 to nodata in the legend if it is no class")},
		{name: "R33 blocks that were never written, NoData", spoil: func(f folder) { f.sparse(new(float64)) }, check: told("")},
		{name: "R34 unknown code", spoil: func(f folder) {
			f.raster(func(g *raster.Grid, cells []uint8) { cells[2*g.Cols+7], cells[3*g.Cols] = 77, 77 })
		}, status: 11,
			want: `lc2020.tif (2020): code 77 is not in legend "clcd": 2 cells, first at row 2, column 7; name the right legend, or add the code to a legend CSV`},
		{name: "R34 unknown codes 254 and 255", spoil: func(f folder) {
			f.raster(func(g *raster.Grid, cells []uint8) { cells[2*g.Cols+7], cells[3*g.Cols] = 255, 254 })
		}, status: 11,
			want: `lc2020.tif (2020): 2 codes are not in legend "clcd": 254 (1 cell, first at row 3, column 0), ` +
				`255 (1 cell, first at row 2, column 7); 255 looks like the fill value of bytes (their greatest number), and the file declares no NoData value: if it is one, ` +
				`add the line 255,NoData,,,nodata to a copy of the legend (greenshield legends NAME prints it); name the right legend, or add the code to a legend CSV`},
		{name: "R36 overviews of another content", spoil: func(f folder) {
			f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
				if err := ds.BuildOverviews(godal.Levels(2, 4)); err != nil {
					return err
				}
				return ds.Bands()[0].Overviews()[0].Fill(200, 0)
			})
		}, check: same("")},
		{name: "R36 overviews beside the file", spoil: func(f folder) { f.text("lc2020.tif.ovr", "x") }, check: same("")},
		{name: "R37 equal rasters", spoil: func(f folder) { f.copy("lc2015.tif", "lc2020.tif") }, check: noChange},
		{name: "R37 one raster twice", spoil: func(f folder) { f.edit("lc2020.tif", "lc2015.tif") }, check: noChange},
		{name: "R37 years swapped", spoil: func(folder) {}, args: []string{"--before-year", "2020", "--after-year", "2015"}, status: 10,
			want: "the year of after (2015) is not later than that of before (2020); correct --after-year or --before-year, or exchange the rasters"},
		{name: "R40 LERC", spoil: func(f folder) { f.translate("lc2020.tif", "-co", "COMPRESS=LERC") },
			check: same("lc2020.tif: compression LERC can alter class codes")},
		{name: "R40 codes altered by JPEG", spoil: func(f folder) {
			f.raster(func(_ *raster.Grid, cells []uint8) {
				for i := range cells {
					cells[i] = 1 + 8*uint8(i/5%2)
				}
			})
			f.translate("lc2020.tif", tiled("COMPRESS=JPEG", "JPEG_QUALITY=75")...)
		}, status: 11, want: `lc2020.tif (2020): … codes are not in legend "clcd": …`},
		{name: "R41 image mosaic missing", spoil: func(folder) {}, args: []string{"--formats", "html", "--image-after", "none.tif"}, status: 11, want: "none.tif: no such file"},
		{name: "R41 image mosaic missing that only QGIS would show", spoil: func(folder) {},
			args: []string{"--formats", "gpkg", "--image-after", "none.tif"}, status: 11, want: "none.tif: no such file"},
		{name: "R41 land cover as image mosaic", spoil: func(folder) {}, args: []string{"--formats", "html", "--image-before", "lc2015.tif"}, status: 11,
			want: "lc2015.tif: is no picture in red, green and blue; it has 1 band(s)"},
		{name: "R41 image mosaic of 16 bits", spoil: func(f folder) {
			f.copy("lc2015.tif", "image.tif")
			f.translate("image.tif", "-b", "1", "-b", "1", "-b", "1", "-ot", "UInt16")
		}, args: []string{"--formats", "html", "--image-before", "image.tif"}, status: 11,
			want: "image.tif: is no picture of 8 bits a colour but of type UInt16; make a copy that can be used by `gdal_translate -ot Byte -scale image.tif image-mended.tif`, and name that one"},
		{name: "R41 image mosaic cut short", spoil: func(f folder) {
			f.mosaics()
			f.translate("before-image.tif", tiled("COMPRESS=DEFLATE")...)
			f.cut("before-image.tif", 0.5)
		}, args: []string{"--formats", "html", "--image-before", "before-image.tif"}, status: 11, want: "before-image.tif: …"},
		{name: "R41 image mosaic that nobody will see", spoil: func(folder) {}, args: []string{"--image-after", "none.tif", "--formats", "csv"}, check: func(f folder, _ outcome, out string) {
			if _, err := os.Stat(filepath.Join(out, "survey.csv")); err != nil {
				f.t.Error(err)
			}
		}},
		{name: "R47 exchanged axes", spoil: func(f folder) { f.tiff(1, [6]float64{31, 0.001, 0, 117, 0, -0.001}) }, status: 11,
			want: "lc2020.tif: its coordinates are not those of China Geodetic Coordinate System 2000 (EPSG:4490), which counts longitudes and latitudes in degrees; its coordinates (x 31.0000 to 31.3000, y 116.7200 to 117.0000) make sense with x and y exchanged only, such as in EPSG:4490; export it again with x to the east"},
		{name: "R47 cells of 30 degrees", spoil: func(f folder) {
			g := raster.Grid{OriginX: 90, OriginY: 60, CellX: 30, CellY: 30, Cols: 2, Rows: 2}
			var err error
			g.CRS, err = gdalraster.ParseCRS("EPSG:4490")
			f.check(err)
			f.remove("lc2020.tif")
			f.check(gdalraster.WriteByte(f.path("lc2020.tif"), g, []uint8{1, 2, 1, 2}, nil))
		}, args: []string{"--align"}, check: told("lc2020.tif: its coordinates seem not to be those of China Geodetic Coordinate System 2000 (EPSG:4490), whose unit is the degree: a cell would be 30° wide, some 3330 km")},
		{name: "R48 files that disagree", spoil: func(f folder) {
			g, cells := f.cells("lc2020.tif")
			for i, at := range []int{2*g.Cols + 7, 3 * g.Cols, 40*g.Cols + 41} {
				cells[at] = 1 + (cells[at]+uint8(i))%9
			}
			f.copy("lc2020.tif", "other.tif")
			f.write("other.tif", godal.Byte, cells, 0)
			f.edit("[lc2020.tif]", "[lc2020.tif, other.tif]")
		}, check: func(f folder, o outcome, out string) {
			warned(f, o, "lc2020.tif: its files overlap and disagree in 3 cells, first at row 2, column 7 (")
			again := func(folder, old, new string) {
				f.edit(old, new)
				here(f.t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", folder}, plainly)...).want(f.t, 0)
				sameFiles(f.t, contents(f.t, f.path(folder)), contents(f.t, out), tellOfInputs...)
			}
			again("turned", "[lc2020.tif, other.tif]", "[other.tif, lc2020.tif]")
			g, cells := f.cells("lc2020.tif")
			for _, at := range []int{2*g.Cols + 7, 3 * g.Cols, 40*g.Cols + 41} {
				cells[at] = 0
			}
			f.write("lc2020.tif", godal.Byte, cells, 0)
			again("blank", "[other.tif, lc2020.tif]", "[lc2020.tif]")
		}},
		{name: "R49 missing cells that the metadata count", spoil: func(f folder) {
			f.translate("lc2020.tif", "-mo", "QAPERCENTMISSINGDATA=37")
		}, check: same("lc2020.tif: says of itself that it is incomplete (QAPERCENTMISSINGDATA=37): is it the final product, copied whole?")},
		{name: "R49 nothing missing", spoil: func(f folder) {
			f.translate("lc2020.tif", "-mo", "QAPERCENTMISSINGDATA=0", "-mo", "NODATA_PIXEL_PERCENTAGE=0.0")
		}, check: same("")},
	}
	for _, compression := range []string{"DEFLATE", "LZW", "PACKBITS", "ZSTD", "LZMA"} {
		faults = append(faults, fault{name: "R05 corrupted block, " + compression, spoil: corrupt(compression), status: 11,
			want: "lc2020.tif: block x 2, y 1 (cells from column 128, row 64) cannot be read: …; the file is damaged or cut short: copy it again"})
	}
	for layout, options := range map[string][]string{"tiles, uncompressed": tiled(), "tiles, DEFLATE": tiled("COMPRESS=DEFLATE")} {
		for _, percent := range []int{50, 90, 99} {
			faults = append(faults, fault{name: fmt.Sprintf("R04 %s, cut at %d", layout, percent), spoil: func(f folder) {
				noise(f)
				f.translate("lc2020.tif", options...)
				f.cut("lc2020.tif", float64(percent)/100)
			}, status: 11, want: broken})
		}
	}
	for disguise, text := range disguises("/etc/passwd") {
		faults = append(faults, fault{name: "R35 " + disguise + " named .tif", spoil: func(f folder) { f.text("lc2020.tif", text) }, status: 11, want: unreadable})
	}
	for _, options := range []string{"BLOCKYSIZE=1", "COMPRESS=PACKBITS", "COMPRESS=LZMA", "COMPRESS=DEFLATE PREDICTOR=2 TILED=YES BLOCKXSIZE=16 BLOCKYSIZE=16",
		"BIGTIFF=YES", "ENDIANNESS=BIG", "COPY_SRC_OVERVIEWS=YES", "SPARSE_OK=YES TILED=YES"} {
		faults = append(faults, fault{name: "R38 " + options, spoil: func(f folder) {
			var switches []string
			for _, o := range strings.Fields(options) {
				switches = append(switches, "-co", o)
			}
			f.translate("lc2020.tif", switches...)
		}, check: same("")})
	}
	for _, interleave := range []string{"PIXEL", "BAND"} {
		faults = append(faults, fault{name: "R38 three bands by " + interleave, spoil: func(f folder) {
			f.translate("lc2020.tif", "-b", "1", "-b", "1", "-b", "1", "-co", "INTERLEAVE="+interleave, "-co", "COMPRESS=LZW")
		}, args: []string{"--after-band", "3"}, check: same("")})
	}
	faults = append(faults, fault{name: "R38 cloud-optimized", spoil: func(f folder) {
		f.check(godal.RegisterRaster("COG"))
		f.translate("lc2020.tif", "-of", "COG", "-co", "BLOCKSIZE=128", "-co", "OVERVIEW_RESAMPLING=AVERAGE")
	}, check: same("")})
	testFaults(t, faults)
}

// warned fails unless the run warned of that, and of nothing when it is "".
func warned(f folder, o outcome, warning string) {
	f.t.Helper()
	if warning == "" && strings.Contains(o.stderr, "warning: ") || !strings.Contains(o.stderr, warning) {
		f.t.Errorf("stderr is %s, want the warning %q", o.stderr, warning)
	}
}

func (f folder) copy(from, to string) {
	f.t.Helper()
	content, err := os.ReadFile(f.path(from))
	f.check(err)
	f.check(os.WriteFile(f.path(to), content, 0o666))
}

// float makes lc2020.tif Float32, with v in row 2, column 7.
func (f folder) float(v float64) {
	f.t.Helper()
	g, cells := f.cells("lc2015.tif")
	floats := make([]float32, len(cells))
	for i, c := range cells {
		floats[i] = float32(c)
	}
	floats[2*g.Cols+7] = float32(v)
	f.write("lc2020.tif", godal.Float32, floats, 0)
}

// sparse makes lc2020.tif of empty blocks but one.
func (f folder) sparse(nodata *float64) {
	f.t.Helper()
	g, _ := f.cells("lc2015.tif")
	f.remove("lc2020.tif")
	ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), 1, godal.Byte, g.Cols, g.Rows, godal.CreationOption("SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"))
	f.check(err)
	if nodata != nil {
		f.check(ds.SetNoData(*nodata))
	}
	f.check(errors.Join(ds.SetProjection(g.CRS.WKT), ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}),
		ds.Bands()[0].Write(64, 64, slices.Repeat([]uint8{2}, 64*64), 64, 64), ds.Close()))
}

// noChange wants a run that found nothing and says why.
func noChange(f folder, o outcome, out string) {
	f.t.Helper()
	warned(f, o, "has the same content as the raster of before, so nothing will have changed; is it the right file?")
	if m := readManifest(f.t, out); m.Counts.Candidates != 0 || m.Counts.Suppressed != 0 || m.Counts.Cells == 0 || m.Counts.ChangedCells != 0 {
		f.t.Errorf("counts are %+v", m.Counts)
	}
}

// geodesicAreas compares the area of all cells that are valid in both years with that
// of their outlines on the ellipsoid of CGCS2000, by GeographicLib's method.
func geodesicAreas(f folder, _ outcome, out string) {
	f.t.Helper()
	g, before := f.cells("lc2015.tif")
	_, after := f.cells("lc2020.tif")
	ellipsoid := geodesic.NewEllipsoid(6378137, 1/298.257222101)
	want := 0.0
	for row := range g.Rows {
		n := 0
		for col := range g.Cols {
			if i := row*g.Cols + col; before[i] != 0 && after[i] != 0 {
				n++
			}
		}
		x0, y0 := g.Map(0, float64(row))
		x1, y1 := g.Map(1, float64(row+1))
		p := ellipsoid.PolygonInit(false)
		for _, c := range [][2]float64{{y1, x0}, {y1, x1}, {y0, x1}, {y0, x0}} {
			p.AddPoint(c[0], c[1])
		}
		var m2 float64
		p.Compute(false, true, &m2, nil)
		want += float64(n) * m2
	}
	got := 0.0
	for i, line := range strings.Split(strings.TrimSpace(contents(f.t, out)["matrix.csv"]), "\n") {
		columns := strings.Split(line, ",")
		if i == 0 {
			if columns[len(columns)-1] != "area_ha" {
				f.t.Fatalf("the columns are %q", columns)
			}
			continue
		}
		ha, err := strconv.ParseFloat(columns[len(columns)-1], 64)
		f.check(err)
		got += ha * 1e4
	}
	if want == 0 || math.Abs(got/want-1) > 1e-6 {
		f.t.Errorf("%v m², want %v m²", got, want)
	}
}

// giantTile is a TIFF whose header tells of one tile of size × size bytes, and has nothing of it.
func giantTile(size uint32) []byte {
	entry := func(tag, kind uint16, count, value uint32) []byte {
		b := endian.LittleEndian.AppendUint16(nil, tag)
		b = endian.LittleEndian.AppendUint16(b, kind)
		b = endian.LittleEndian.AppendUint32(b, count)
		return endian.LittleEndian.AppendUint32(b, value)
	}
	const short, long = 3, 4
	entries := [][]byte{
		entry(256, long, 1, size), entry(257, long, 1, size), entry(258, short, 1, 8), entry(259, short, 1, 1), entry(262, short, 1, 1), entry(277, short, 1, 1),
		entry(322, long, 1, size), entry(323, long, 1, size), entry(324, long, 1, 200), entry(325, long, 1, 200),
	}
	b := []byte{'I', 'I', 42, 0, 8, 0, 0, 0}
	b = endian.LittleEndian.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = append(b, e...)
	}
	return append(b, make([]byte, 420-len(b))...)
}

// disguises are texts that some driver of GDAL takes for a raster at another place.
func disguises(place string) map[string]string {
	return map[string]string{
		"VRT":    `<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>` + place + `</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>`,
		"WMS":    `<GDAL_WMS><Service name="TMS"><ServerUrl>` + place + `/${z}/${x}/${y}.png</ServerUrl></Service><DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>1</UpperLeftY><LowerRightX>1</LowerRightX><LowerRightY>0</LowerRightY><SizeX>256</SizeX><SizeY>256</SizeY></DataWindow><BandsCount>1</BandsCount></GDAL_WMS>`,
		"WMTS":   `<GDAL_WMTS><GetCapabilitiesUrl>` + place + `</GetCapabilitiesUrl></GDAL_WMTS>`,
		"WCS":    `<WCS_GDAL><ServiceURL>` + place + `?</ServiceURL><CoverageName>a</CoverageName></WCS_GDAL>`,
		"GTI":    `<GDALTileIndexDataset><IndexDataset>` + place + `</IndexDataset></GDALTileIndexDataset>`,
		"STACTA": `{"type":"Feature","stac_version":"1.0.0","stac_extensions":["https://stac-extensions.github.io/tiled-assets/v1.0.0/schema.json"],"id":"a","properties":{"tiles:tile_matrix_sets":{},"tiles:tile_matrix_links":{}},"asset_templates":{"a":{"href":"` + place + `"}}}`,
	}
}

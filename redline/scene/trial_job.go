package scene

import "fmt"

// TrialYear is the year of the newest map of a trial, epoch 2.
const TrialYear = 2023

// TrialFile is a map of a trial.
type TrialFile struct {
	File    string
	Product Product
	Epoch   int
	Codes   *[10]uint8 // by those of CLCD
}

var (
	sameCodes = [10]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	// thirdCodes are those of GlobeLand30.
	thirdCodes = [10]uint8{
		cropland: 10, forest: 20, shrub: 40, grassland: 30, water: 60, 6: 100, barren: 90, impervious: 80, wetland: 50,
	}
)

// TrialFiles lists the maps of a trial: of the first product three, of the others two.
func TrialFiles() []TrialFile {
	return []TrialFile{
		{RasterA, First, 0, &sameCodes}, {RasterB, First, 1, &sameCodes}, {"newest.tif", First, 2, &sameCodes},
		{"second2015.tif", Second, 0, &OtherCodes}, {"second2020.tif", Second, 1, &OtherCodes},
		{"third2015.tif", Third, 0, &thirdCodes}, {"third2020.tif", Third, 1, &thirdCodes},
	}
}

// TrialJob returns the text of the job file of a trial.
func TrialJob(p Params) string {
	return fmt.Sprintf(`# %s
# A trial: seed %d, %d x %d cells.
before: {files: [%s], year: %d, legend: clcd}
after:  {files: [%s], year: %d, legend: clcd}
redline: [{file: %s, layer: redline, fields: {id: HXBM, name: HXMC}}]
reserve: [{file: %s, fields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}]
admin:   {file: %s, fields: {code: adcode, name: name, city: city}}
confirm:
  - name: second
    before: {year: %[6]d, files: [second2015.tif], legend: glc_fcs30d}
    after: {year: %[8]d, files: [second2020.tif]}
  - name: third
    before: {year: %[6]d, files: [third2015.tif], legend: globeland30}
    after: {year: %[8]d, files: [third2020.tif]}
newest: {year: %[12]d, files: [newest.tif]}
rules: green-shield
min_area: 4 cells
out: out
`, Synthetic, p.Seed, p.Cols, p.Rows, RasterA, YearA, RasterB, YearB, RedLine, SharedReserve, SharedCounty, TrialYear)
}

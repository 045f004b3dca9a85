package scene

import (
	_ "embed" // of the files of the story
	"fmt"
)

// The names of the files of a scene in its folder.
const (
	RasterA      = "lc2015.tif"
	RasterB      = "lc2020.tif"
	RasterC      = "lc2021.tif"
	RedLine      = "redline.gpkg"
	Reserve      = "reserves.shp"
	County       = "counties.geojson"
	Exempt       = "exempt.geojson"
	JobFile      = "job.yaml"
	LaterJobFile = "job2021.yaml"
	LeadsFile    = "petitions.csv"
	StoryFile    = "years.sh"
	ReadmeFile   = "README.txt"
)

// The names of layers that share borders: the format and the CRS of the red line keep every bit of a vertex.
const (
	SharedReserve = "reserves.gpkg"
	SharedCounty  = "counties.gpkg"
)

// Synthetic is the notice that the files of a scene carry.
const Synthetic = "SYNTHETIC 合成数据: invented by greenshield for demonstration and tests; " +
	"not an observation of any real place. 由程序虚构, 不代表任何真实地点。"

// Job returns the text of the job file that runs the scene, with paths relative to
// the scene's folder.
func Job(p Params) string {
	text := jobOf(p, RasterB, YearB, "out")
	if p == Default() {
		text += ConfirmKey() + fmt.Sprintf("newest: {year: %d, files: [%s]}\n", YearC, RasterC) + betweenKey("")
	}
	return text
}

// LaterJob returns the text of the job file that compares [YearA] with [YearC].
// It asks the ledger that [Story] founds. The map of [YearB] is one of those between here, and the maps of the
// other product end with it.
func LaterJob(p Params) string {
	second := fmt.Sprintf("  - {year: %d, files: [%s]}\n", YearB, RasterB)
	return jobOf(p, RasterC, YearC, "out2021") + ConfirmKey() + betweenKey(second) + "ledger: ledger.gpkg\n"
}

// betweenKey returns the key of the maps of the years between, which ends with the given items.
func betweenKey(items string) string {
	text := "between:\n"
	for _, m := range Maps() {
		when, what := "year: "+m.span(), ""
		if len(m.Years) > 1 {
			when, what = "years: "+m.span(), ", first_band: 1"
		}
		if m.Coarse {
			what += ", legend: " + CoarseLegend
		}
		text += fmt.Sprintf("  - {%s, files: [%s]%s}\n", when, m.File, what)
	}
	return text + items
}

// ConfirmKey returns the key of the pair of maps of the other product; see [Other].
func ConfirmKey() string {
	return fmt.Sprintf(`confirm:
  - name: glc_fcs30d
    before: {year: %d, files: [%s], legend: glc_fcs30d}
    after: {year: %d, files: [%s]}
`, YearA, OtherFile(YearA), YearB, OtherFile(YearB))
}

// Story is a shell script that keeps the ledger of the demo from its first run to the report of the next year, and
// Leads the petitions that it takes.
var (
	//go:embed years.sh
	Story []byte
	//go:embed petitions.csv
	Leads []byte
)

func jobOf(p Params, after string, year int, out string) string {
	reserve, encoding, county := Reserve, "encoding: GBK, ", County
	if p.Layout != Stars {
		reserve, encoding, county = SharedReserve, "", SharedCounty
	}
	return fmt.Sprintf(`# %s
# Scene: seed %d, %d x %d cells, %d red-line zones, %d reserves.
before: {files: [%s], year: %d, legend: clcd}
after:  {files: [%s], year: %d, legend: clcd}
redline: [{file: %s, layer: redline, fields: {id: HXBM, name: HXMC}}]
reserve: [{file: %s, %sfields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}]
admin:   {file: %s, fields: {code: adcode, name: name, city: city}}
exempt:  [{file: %s}]
rules: green-shield
min_area: 4 cells
out: %s
`, Synthetic, p.Seed, p.Cols, p.Rows, p.RedLines, p.Reserves,
		RasterA, YearA, after, year, RedLine, reserve, encoding, county, Exempt, out)
}

// Readme returns the text of the README in the scene's folder.
func Readme(p Params) string {
	layers, awkward := starLayers(p), starAwkward
	if p.Layout != Stars {
		layers, awkward = sharedLayers(p), noiseAwkward+awkwardZones[p.Layout]
	}
	later := ""
	if p == Default() {
		later = fmt.Sprintf(`%-17s land cover %d: what became of some changes / %d 年土地覆盖
%-17s the job file of %d-%d / 任务文件
%-17s petitions / 信访线索
%-17s a year of work: sh %s, after the first run / 一年的工作
`, RasterC, YearC, YearC, LaterJobFile, YearA, YearC, LeadsFile, StoryFile, StoryFile)
		for _, m := range Maps() {
			later += fmt.Sprintf("%-17s land cover %s between the epochs / %[2]s 年土地覆盖，用于判定变化年份\n",
				m.File, m.span())
		}
		for _, year := range []int{YearA, YearB} {
			later += fmt.Sprintf("%-17s land cover %d of another product, on a grid of its own / 另一产品的土地覆盖，格网不同\n",
				OtherFile(year), year)
		}
		later += fmt.Sprintf("%-17s the legend of the first of them / 其中第一幅的图例\n", CoarseLegend)
	}
	grid := [...]string{"30 m, CGCS2000 (EPSG:4490)", "30 m, EPSG:4527", "30 m, Albers, CGCS2000"}[p.Projection]
	return fmt.Sprintf(`SYNTHETIC SAMPLE SCENE / 合成示例数据

Everything in this folder was invented by "greenshield demo" (seed %[1]d). No patch, border, name or code
belongs to a real place, reserve, red line, county or project.
本文件夹中的全部数据均由 "greenshield demo" 程序虚构生成（随机种子 %[1]d），图斑、边界、名称、编码均不对应任何真实地点、
保护区、生态保护红线、行政区或项目。

%-17[2]s land cover %[3]d, CLCD codes, %[6]s / %[3]d 年土地覆盖
%-17[4]s land cover %[5]d, same grid / %[5]d 年土地覆盖，同一格网
%[7]s%-17[8]s an approved project / 已批准项目
%-17[9]s the job file: greenshield run %[9]s / 任务文件
%[10]s
%[11]s`, p.Seed, RasterA, YearA, RasterB, YearB, grid, layers, Exempt, JobFile, later, awkward)
}

func starLayers(p Params) string {
	return fmt.Sprintf(`%-17s %d red-line zones, EPSG:4527 / 生态保护红线
%-17s %d reserves with functional zones, EPSG:4490; attribute text is GBK and, as often, not declared: no .cpg
                  自然保护区功能分区；属性为 GBK 编码，无 .cpg 文件
%-17s counties / 县级行政区
`, RedLine, p.RedLines, Reserve, p.Reserves, County)
}

func sharedLayers(p Params) string {
	return fmt.Sprintf(`%-17s %d red-line zones, in the CRS of the rasters / 生态保护红线，与影像同一坐标系
%-17s %d reserves with functional zones, same CRS / 自然保护区功能分区，同一坐标系
%-17s counties, same CRS / 县级行政区，同一坐标系
`, RedLine, p.RedLines, SharedReserve, p.Reserves, SharedCounty)
}

const starAwkward = `Awkward on purpose / 有意设置的疑难情形:
- NoData in other places in each epoch; single-cell speckle; a bank that moved by one cell.
  两期无数据区不同；单像元噪声；一处整体偏移一个像元的岸线。
- A patch with holes and an island; a patch of cells that meet only at corners; a patch on the raster's edge.
  带洞和岛的图斑；仅角点相接的图斑；位于影像边缘的图斑。
- Zones that overlap, have holes or several parts; one reaches beyond the raster, one holds no change,
  one has no functional zone and a ring that crosses itself in a tiny loop.
  区域相互重叠、带洞、多部件；一处超出影像范围，一处内部无变化，一处未划定功能区且边界有微小自相交。
- Borders that zones share: counties, functional zones of a reserve, the fifth reserve and a red-line zone.
  区域共用边界：相邻县界、保护区各功能区、5号自然保护区与一处红线。
`

const noiseAwkward = `Awkward on purpose / 有意设置的疑难情形:
- NoData in other places in each epoch; single-cell speckle. 两期无数据区不同；单像元噪声。
`

var awkwardZones = map[Layout]string{
	Shared: `- Zones that share borders, vertex by vertex: with their neighbours, with reserves that hold the same ground, with
  counties. Functional zones tile their reserve. Zones have holes and several parts, and reach beyond the raster.
  相邻红线、同范围的保护区、县界逐点共用边界；功能区铺满保护区；带洞、多部件，部分超出影像范围。
`,
	Slivers: `- Borders that two zones share were digitised twice: their vertices differ by 1 mm to some metres. One is a coast of
  very many vertices. Zones have holes and several parts, and reach beyond the raster.
  共用边界经两次数字化，顶点相差毫米至数米；一条岸线顶点极多；带洞、多部件，部分超出影像范围。
`,
	Stacked: `- All zones lie over the same ground, each shifted a little. 全部区域叠置于同一地块，彼此略有偏移。
`,
}

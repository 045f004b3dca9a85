package page

import (
	"regexp"
	"strings"
)

// crsWords are the names of coordinate systems, projections and operations that PROJ gives in English, and their
// Chinese. They are tried in this order. Other names stay as they are.
var crsWords = []struct {
	en *regexp.Regexp
	zh string
}{
	{regexp.MustCompile(`^(.+) taken as (.+) \(geographic coordinates unchanged\)$`), "$1 视同 $2（经纬度不变）"},
	{regexp.MustCompile(`^Inverse of (.+)$`), "反算 $1"},
	{regexp.MustCompile(`^Ballpark geographic offset from (.+) to (.+)$`), "$1 至 $2（未改正基准差）"},
	{regexp.MustCompile(`^Null geographic offset from (.+) to (.+)$`), "$1 视同 $2（经纬度不变）"},
	{regexp.MustCompile(`\ba CRS without a name\b`), "未命名坐标系"},
	{regexp.MustCompile(`^unknown$`), "未知坐标系"},
	{regexp.MustCompile(`\bChina Geodetic Coordinate System 2000\b`), "2000 国家大地坐标系"},
	{regexp.MustCompile(`\bXian 1980\b`), "1980 西安坐标系"},
	{regexp.MustCompile(`\bBeijing 1954\b`), "1954 北京坐标系"},
	{regexp.MustCompile(`\bUnknown datum based upon the (.+) ellipsoid\b`), "未知基准（$1 椭球）"},
	{regexp.MustCompile(`\b([36])-degree Gauss-Kruger zone (\d+)\b`), "高斯-克吕格 $1 度带第 $2 带"},
	{regexp.MustCompile(`\b([36])-degree Gauss-Kruger CM (\d+)E\b`), "高斯-克吕格 $1 度带（中央经线 $2°E）"},
	{regexp.MustCompile(`\bGauss-Kruger zone (\d+)\b`), "高斯-克吕格 6 度带第 $1 带"},
	{regexp.MustCompile(`\bGauss-Kruger CM (\d+)E\b`), "高斯-克吕格 6 度带（中央经线 $1°E）"},
	{regexp.MustCompile(`\bUTM zone (\d+)N\b`), "通用横轴墨卡托（北）第 $1 带"},
	{regexp.MustCompile(`\bUTM zone (\d+)S\b`), "通用横轴墨卡托（南）第 $1 带"},
	{regexp.MustCompile(`\b(China_)?Albers([ _](Conic[ _])?Equal[ _]Area)?\b`), "阿尔伯斯等积圆锥投影"},
	{regexp.MustCompile(`\bTransverse[ _]Mercator\b`), "横轴墨卡托投影"},
	{regexp.MustCompile(`\bLambert Conic Conformal\b`), "兰勃特等角圆锥投影"},
	{regexp.MustCompile(`\baxis order change \(2D\)`), "坐标轴换序"},
}

// chineseCRS puts the CRS of a file, as the manifest has it, into Chinese: its name, whether a user stated it, and the
// steps by which it was brought to that of the rasters.
func chineseCRS(crs string) string {
	name, steps, transformed := strings.Cut(crs, ", to the rasters' CRS by: ")
	name, stated := strings.CutSuffix(name, ", as stated")
	words := func(text string) string {
		for _, w := range crsWords {
			text = w.en.ReplaceAllString(text, w.zh)
		}
		return text
	}
	text := words(name)
	if stated {
		text += "（按用户声明）"
	}
	if transformed {
		var all []string
		for _, step := range strings.Split(steps, " + ") {
			all = append(all, words(step))
		}
		text += "；转换至栅格坐标系：" + strings.Join(all, "，")
	}
	return text
}

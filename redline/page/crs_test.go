package page

import "testing"

func TestChineseCRS(t *testing.T) {
	for crs, want := range map[string]string{
		"China Geodetic Coordinate System 2000 (EPSG:4490)": "2000 国家大地坐标系 (EPSG:4490)",
		"CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527), to the rasters' CRS by: Inverse of 3-degree Gauss-Kruger zone 39 + " +
			"CGCS2000 taken as WGS 84 (geographic coordinates unchanged) + Albers Equal Area": "CGCS2000 / 高斯-克吕格 3 度带第 39 带 (EPSG:4527)；转换至栅格坐标系：" +
			"反算 高斯-克吕格 3 度带第 39 带，CGCS2000 视同 WGS 84（经纬度不变），阿尔伯斯等积圆锥投影",
		"CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548), as stated": "CGCS2000 / 高斯-克吕格 3 度带（中央经线 117°E） (EPSG:4548)（按用户声明）",
		"WGS 84 / UTM zone 50N (EPSG:32650)":                              "WGS 84 / 通用横轴墨卡托（北）第 50 带 (EPSG:32650)",
		"a CRS without a name":                                            "未命名坐标系",
		"unknown":                                                         "未知坐标系",
		"Xian 1980 (EPSG:4610), to the rasters' CRS by: Ballpark geographic offset from Xian 1980 to WGS 84": "1980 西安坐标系 (EPSG:4610)；转换至栅格坐标系：1980 西安坐标系 至 WGS 84（未改正基准差）",
		"My Own Grid (EPSG:1)": "My Own Grid (EPSG:1)",
	} {
		if got := chineseCRS(crs); got != want {
			t.Errorf("%s:\n got %s\nwant %s", crs, got, want)
		}
	}
}

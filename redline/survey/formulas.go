package survey

import (
	"fmt"

	"greenshield/raster/landcover"
)

// Formula is the formula of an indicator, in Chinese.
type Formula struct {
	Name    string // the indicator
	Text    string // the formula itself
	Setting string // the settings that it depends on, "" for none
}

// Formulas lists all formulas as s sets them, for epochs that are so many years apart.
func (s Settings) Formulas(years int) []Formula {
	annual := "年化：否"
	period := ""
	if s.Annualise {
		annual = fmt.Sprintf("年化：是，T = %d 年", years)
		period = " ÷ T"
	}
	denominator := map[string]string{Changed: "发生转类的面积", Total: "两期均有效的总面积"}[s.Denominator]
	ranks := ""
	for _, e := range landcover.Ecosystems() {
		ranks += fmt.Sprintf(" %s %d", e.Chinese(), s.Ranks[e])
	}
	return []Formula{
		{"构成比例", "P = 类型面积 ÷ 单元面积 × 100%", ""},
		{"净变化", "净变化 = 后期面积 − 前期面积 = 转入 − 转出", ""},
		{"转入、转出", "转入 = 其他类型变为该类型的面积；" +
			"转出 = 该类型变为其他类型的面积", ""},
		{"交换变化", "2 × min(转入, 转出)", ""},
		{"类型变化率", "(后期面积 − 前期面积) ÷ 前期面积 × 100%", ""},
		{"单一动态度", "(后期面积 − 前期面积) ÷ 前期面积" + period + " × 100%", annual},
		{"转移矩阵", "a(i,j) = 前期为 i、后期为 j 的面积；" +
			"行比例 = a(i,j) ÷ 前期 i 的面积（去向）；" +
			"列比例 = a(i,j) ÷ 后期 j 的面积（来源）", ""},
		{"综合动态度", fmt.Sprintf("Σ 转出面积 ÷ (%d × Σ 前期面积)%s × 100%%", s.Divisor, period),
			fmt.Sprintf("除数 %d；%s", s.Divisor, annual)},
		{"土地覆被转类指数", "Σ[a(i,j) × (D(i) − D(j))] ÷ " + denominator +
			" × 100%，D 为生态级别（1 最好）；大于 0 表示转好，小于 0 表示转差",
			"分母：" + denominator + "；级别：" + ranks},
		{"斑块数", "单元内同一类型的相连像元为一个斑块，相连规则同本次运行；" +
			"单元边界之外视为空白", ""},
		{"平均斑块面积", "类型面积 ÷ 斑块数", ""},
		{"最大斑块", "最大斑块的面积，及其占单元面积的比例", ""},
		{"边缘密度", "该类型与单元内其他类型相邻的像元边长之和 ÷ 单元面积（米/公顷）；" +
			"单元边界与无数据边界不计", ""},
	}
}

// Unverified is the sentence that must stand wherever numbers of the survey stand.
const Unverified = "公式与参数为本项目设定，未对照标准核实"

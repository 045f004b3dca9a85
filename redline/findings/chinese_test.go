package findings

import "testing"

func TestChinese(t *testing.T) {
	for text, want := range map[string]string{
		"疑似开垦 (reclamation)": "疑似开垦", "疑似采石、采矿 (quarry, mine; or fallow)": "疑似采石、采矿", "疑似开垦": "疑似开垦",
		"建设 (一期)": "建设 (一期)", "建设 (2020)": "建设 (2020)", "建设 (a) 或采矿": "建设 (a) 或采矿",
		"building (new)": "building (new)", "": "", "(x)": "(x)", "建设（new）": "建设（new）",
	} {
		if got := Chinese(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

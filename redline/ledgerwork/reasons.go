package ledgerwork

import (
	"greenshield/redline/language"
	"greenshield/redline/ledger"
)

// InChinese returns in Chinese why the rules of the ledger refuse something, with the labels of codes and the titles of
// fields, as people read it who do not write codes; see [ledger.Labelled].
func InChinese(err error) string {
	return language.Chinese().Text(ledger.Labelled(err, func(set, code string) string {
		if set == "field" {
			return Title(code)
		}
		return Label(set, code)
	}))
}

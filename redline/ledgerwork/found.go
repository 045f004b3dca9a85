package ledgerwork

import (
	"context"
	"regexp"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

var adminCode = regexp.MustCompile(`^[0-9A-Za-z]{1,12}$`)

// Found returns the change that founds a ledger: code is the administrative code of its owner, with which the ids of
// its cases begin, name what it is called. A ledger that has events already is refused.
func Found(ctx context.Context, s ledger.Store, code, name string, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	if c.Base.Seq > 0 {
		return nil, redline.Faultf(redline.Usage, "there is a ledger already; a ledger is founded once")
	}
	if !adminCode.MatchString(code) {
		return nil, redline.Faultf(redline.Usage,
			"%q is no administrative code; write its digits, such as 341700 for the city of Chizhou", code)
	}
	c.add(by, "", ledger.Founded, map[string]string{
		ledger.FieldFormat: strconv.Itoa(ledger.Format), ledger.FieldCode: code, ledger.FieldName: name,
	})
	return c, nil
}

package ledger_test

import (
	"bytes"
	"context"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
)

// FuzzImport: whatever a file holds, it is refused, or what was imported is sound and is exported as the same bytes.
func FuzzImport(f *testing.F) {
	m := &ledger.Memory{}
	events, detections := ledgertest.Scene(2)
	if err := ledger.Commit(context.Background(), m, ledger.Head{}, events, detections); err != nil {
		f.Fatal(err)
	}
	var whole bytes.Buffer
	if err := ledger.Export(context.Background(), m, &whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add([]byte("{\"greenshield_ledger\":1}\n{\"head\":{\"seq\":0,\"hash\":\"\",\"last_no\":0}}\n"))
	f.Add([]byte("{\"greenshield_ledger\":1}\n" +
		"{\"event\":{\"seq\":1,\"kind\":\"founded\",\"time\":\"9999-12-31T23:59:59-23:59\"}}\n"))
	f.Add([]byte("{\"greenshield_ledger\":1}\r\n{\"head\":{\"seq\":0,\"hash\":\"\",\"last_no\":0}}"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := &ledger.Memory{}
		if err := ledger.Import(t.Context(), m, bytes.NewReader(text)); err != nil {
			return
		}
		ledgertest.Sound(t, m)
		var again bytes.Buffer
		if err := ledger.Export(t.Context(), m, &again); err != nil || !bytes.Equal(again.Bytes(), text) {
			t.Errorf("%v: %q is exported as %q", err, text, again.Bytes())
		}
	})
}

package ledger_test

import (
	"os"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, ledgertest.Kind{
		New: func(*testing.T) func(ledgertest.Step) (ledger.Store, error) {
			m := &ledger.Memory{}
			return func(step ledgertest.Step) (ledger.Store, error) {
				m.Step = step
				return m, nil
			}
		},
		Restore: func(t *testing.T, path string) (ledger.Store, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			m := &ledger.Memory{}
			return m, ledger.Import(t.Context(), m, f)
		},
	})
}

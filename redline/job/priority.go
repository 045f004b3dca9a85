package job

import (
	"fmt"
	"path/filepath"
	"strings"

	"greenshield/redline/priority"
)

// PriorityOff is what Job.Priority is for no priority, and no evidence for it.
const PriorityOff = "off"

// IsModelFile tells whether a priority is the file of a model: its name ends in .json or has a path separator.
func IsModelFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.EqualFold(filepath.Ext(name), ".json")
}

// model is by what candidates are ranked.
type model struct{ s *string }

func (v model) Set(s string) error {
	if s != priority.SimpleName && s != PriorityOff && !IsModelFile(s) {
		return fmt.Errorf("%q is neither %s nor %s, nor the file of a model, whose name ends in .json or has a /", s,
			priority.SimpleName, PriorityOff)
	}
	*v.s = s
	return nil
}

func (v model) String() string { return *v.s }

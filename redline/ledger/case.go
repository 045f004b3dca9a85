package ledger

import (
	"fmt"
	"strings"
)

// State is where a case stands.
type State string

// The states, in the order of the way through them.
const (
	Unreviewed State = "unreviewed"        // 待核查
	Archived   State = "archived"          // 归档: no problem
	Filed      State = "filed"             // 立案
	Rectifying State = "rectifying"        // 整改中
	Submitted  State = "submitted"         // 待验收
	CountyOK   State = "county_checked"    // 县自查
	CityOK     State = "city_accepted"     // 市验收
	ProvinceOK State = "province_accepted" // 省验收
	Recorded   State = "recorded"          // 备案
	Publicity  State = "publicity"         // 公示中
	StruckOff  State = "struck_off"        // 已销号
)

// States lists the states in that order.
func States() []State {
	return []State{Unreviewed, Archived, Filed, Rectifying, Submitted, CountyOK, CityOK, ProvinceOK, Recorded, Publicity,
		StruckOff}
}

// Relation says how a detection meets a case.
type Relation string

// The relations.
const (
	New        Relation = "new"         // 新增
	Persisting Relation = "persisting"  // 持续
	Grown      Relation = "grown"       // 规模扩大
	Shrunk     Relation = "shrunk"      // 缩小
	Shifted    Relation = "shifted"     // 移位
	Split      Relation = "split"       // 拆分
	MergedOf   Relation = "merged"      // 合并
	Complex    Relation = "complex"     // 复杂
	NotCovered Relation = "not_covered" // 未覆盖
)

// Acceptance is that one level accepted a rectification.
type Acceptance struct {
	Level   Level  `json:"level"`
	Unit    string `json:"unit"`
	Outcome string `json:"outcome"`
	Seq     int64  `json:"seq"`
}

// Dispute is one field of which reviewers say different things.
type Dispute struct {
	Field  string   `json:"field"`
	Values []string `json:"values"` // what they say, sorted
}

// Case is a place that somebody has to answer for, as its events say. All of it follows from them by Case.Apply.
type Case struct {
	ID         string            `json:"id"`
	Seq        int64             `json:"seq"`    // of its last event
	Opened     int64             `json:"opened"` // number of its first event
	OpenedOn   Date              `json:"opened_on"`
	State      State             `json:"state"`
	Since      Date              `json:"since"` // day on which it came into State
	Fields     map[string]string `json:"fields,omitempty"`
	Detection  string            `json:"detection,omitempty"` // the last one that met it
	Relation   Relation          `json:"relation,omitempty"`  // of that one
	Ground     []string          `json:"ground,omitempty"`    // detections whose cells are its ground
	MergedInto string            `json:"merged_into,omitempty"`
	HandedTo   string            `json:"handed_to,omitempty"`
	Leads      int               `json:"leads,omitempty"`
	Evidence   []Document        `json:"evidence,omitempty"`   // since it went into Rectifying
	Accepted   []Acceptance      `json:"accepted,omitempty"`   // likewise
	Objections int               `json:"objections,omitempty"` // open ones
	Disputes   []Dispute         `json:"disputes,omitempty"`   // open ones
	Claims     []string          `json:"claims,omitempty"`     // what files have said of fields, see [Rules.Take]
	Looks      []Look            `json:"looks,omitempty"`      // at images, by year
	Suspicion  string            `json:"suspicion,omitempty"`  // that nobody has decided on
	Rebounds   int               `json:"rebounds,omitempty"`   // confirmed ones
	Draws      []Draw            `json:"draws,omitempty"`      // in samples, in the order of the events
}

// CaseID returns the id of the case with that number, from 1, of the ledger with that code: "341700-000001".
// Numbers go on over the years, so that an id says nothing that may become wrong.
func CaseID(code string, no int64) string { return fmt.Sprintf("%s-%06d", code, no) }

// dispute returns the open dispute over a field, nil when there is none.
func (c *Case) dispute(field string) *Dispute {
	for i := range c.Disputes {
		if c.Disputes[i].Field == field {
			return &c.Disputes[i]
		}
	}
	return nil
}

// Get returns the value of a field, "" when it has none.
func (c *Case) Get(field string) string { return c.Fields[field] }

// Lists returns the names of the lists that the case is on.
func (c *Case) Lists() []string {
	return strings.FieldsFunc(c.Fields[FieldLists], func(r rune) bool { return r == '\n' })
}

// inCounty tells whether the code of the case's county begins with a text.
func (c *Case) inCounty(beginning string) bool {
	return strings.HasPrefix(c.Fields[FieldCounty], beginning)
}

// Package sheets writes the tables that officials and reviewers open in a spreadsheet: the list
// of candidates (问题清单) and the survey, as workbooks and as CSV. README.md beside this file
// explains every file, sheet and column.
//
// # Workbooks by a library
//
// Workbooks are streamed by github.com/xuri/excelize, row by row, so that memory does not grow
// with the number of rows. Its zip writer would order entries as they happen to be made, so the
// entries go into a zip of our own, sorted by name and without times, and the document's own
// times are fixed: the same findings give the same bytes.
//
// # Texts
//
// Texts come from users' files and may look like formulas. In workbooks each is stored as text
// in the format Text (@), so that editing it does not turn it into a formula either; in CSVs it
// has an apostrophe in front.
package sheets

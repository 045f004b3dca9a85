// Package sheets writes the tables that officials and reviewers open in a spreadsheet: the list
// of candidates (问题清单) and the survey, as workbooks and as CSV. README.md beside this file
// explains every file, sheet and column.
//
// # Workbooks by a library
//
// Workbooks are streamed by github.com/xuri/excelize, row by row: memory holds none of the rows. The list of candidates
// is sorted by 16 bytes that are kept of each, and then the candidates are picked one by one. Excelize's zip writer
// would order entries as they happen to be made, so the entries go into a zip of our own, sorted by name and without
// times, and the document's own times are fixed: the same findings give the same bytes.
//
// # Links are no formulas
//
// The function HYPERLINK would need no memory and knows no limit, but no cell of a workbook is a formula, and that can
// be checked. So links are kept apart from the cells, and only so many rows have one.
//
// # Texts
//
// Texts come from users' files and may look like formulas. In workbooks each is stored as text
// in the format Text (@), so that editing it does not turn it into a formula either; in CSVs it
// has an apostrophe in front.
package sheets

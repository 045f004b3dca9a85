// Package visits plans which cases of a ledger are visited next, and writes the plan for phones, paper and QGIS.
//
// The plan is a heuristic, of straight lines alone: of roads nothing is known. Each day begins with the case of the
// highest worth that is left. The day is then filled, one after the other, with the case whose worth divided by 1 plus
// its distance in km from the nearest case of the day is the largest; of equal ones the smallest id. It is full when it
// has its number of cases, or when [misfits] cases one after the other would not fit into its hours. Last the cases of
// the day are put into an order whose way is short: from each case by nearest neighbours, and improved until turning no
// part of it round makes it shorter (2-opt).
package visits

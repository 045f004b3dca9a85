// Package landcover holds the words for what covers a cell: the ecosystem classes
// of level I, and the legends that map a product's codes to them.
package landcover

// Package qgis writes what QGIS (3.22 and later) opens: the style of a layer with its form (QML), and a project of
// layers. The same things give the same bytes. Which layers there are and what they look like is decided by those who
// write them.
package qgis

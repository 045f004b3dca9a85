// Package gdaltiles draws the rasters of runs as tiles: the land cover of both epochs and of the years between in the
// colours of their legends, and images of the ground. It implements [tiles.Painter] by GDAL.
//
// # What is shown
//
// A run says in its manifest which files it read, by names relative to the job file, with length and SHA-256. They are
// looked for below Options.Data, in the folder of the run and in the three above it. A raster is shown only while its
// files are those of the manifest: all are hashed once, in the background, and what was found is kept with the length,
// time of writing and inode of the file; before each tile these are compared.
//
// The class at a pixel is that of the cell in which the centre of the pixel lies, by the exact transformation of this
// point. Where a pixel is wider than two cells, overviews in Options.State are read instead, of 2, 4, 8… cells each
// way: each of their cells has the class that most of the cells have for which it stands, of several the first of the
// legend. They are made once, in strips, one raster at a time. GDAL makes overviews of overviews, whose most frequent
// class may be a rare one of the raster, so they are made here. Images are bilinear, and have a copy of half their size
// with overviews.
//
// # What is kept
//
// All in Options.State may be deleted at any time: overviews, named by the hash of what they are made of; pictures, by
// the same hash and their place, up to Options.DiskBytes, of which the oldest leave first; hashes of files.
package gdaltiles

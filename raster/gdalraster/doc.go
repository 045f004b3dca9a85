// Package gdalraster is the edge to GDAL and PROJ: it opens land-cover files as [raster.Source], understands
// coordinate reference systems, and writes GeoTIFFs.
//
// Call [Init] once before anything else. GDAL's dataset handles and PROJ's contexts never leave the goroutine that
// works with them: a [raster.Reader] and a [Transform] own theirs.
//
// Files are not believed. Only the drivers that rasters and layers need are registered, and a file's driver must be
// that of its name. VRTs are read by a parser of this package, and only local plain sources in them are opened. The
// environment of GDAL and PROJ is removed, and each setting is tested by its effect. GDAL leaves out checks that
// would show damage, so they are made here: the Adler-32 of each DEFLATE block is compared.
//
// Legends decide codes once. Byte rasters are compared as raw bytes through a table of 256 entries; wider types are
// translated to legend positions while reading. A code that the legend lacks lets the scan finish, so that the
// message can give its count, and then fails the run.
//
// Blocks of LZW, DEFLATE and ZSTD are decoded here, by package lzw, libdeflate and libzstd, which compare their
// checksums on the way. LZW: reading lc2015.tif of the large scene in windows of 1024 × 512 cells takes GDAL 3.1
// times as long, in one row per strip 2.3 times (one thread, by turns, fastest of seven each, machine shared). Blocks
// that lie together in the file are read together. Only blocks of which the TIFF directory tells that they are plain
// bytes, or their differences, are decoded here; for whatever is odd, in a directory, a block or its place, GDAL
// reads as before, so its messages stand. In each handle the first block with several classes is compared with
// GDAL's. TestBlocks compares layouts, TestBlocksDamaged spoilt files.
//
// The directory is read here, in tiff.go, because GDAL tells where a block is (BLOCK_OFFSET and BLOCK_SIZE of a
// band's TIFF metadata) but neither fill order nor orientation, without which nobody knows that a block is plain
// bytes. It would be slower, too: asking GDAL for the places of 1,600 blocks took 2.0 ms in each handle, reading them
// from the directory less than 0.02 ms.
package gdalraster

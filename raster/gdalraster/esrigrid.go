package gdalraster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// gridHeader returns the hdr.adf of the ESRI grid that path names by its folder or by one of its files. It returns any
// other path as it is.
func gridHeader(path string) (string, error) {
	folder := path
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		if !strings.EqualFold(filepath.Ext(path), ".adf") {
			return path, nil
		}
		folder = filepath.Dir(path)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), "hdr.adf") {
			return filepath.Join(folder, e.Name()), nil
		}
	}
	if folder != path {
		return "", fmt.Errorf("%s: is no ESRI grid: no hdr.adf lies beside it; copy the whole folder again", path)
	}
	return path, nil
}

// gridFiles lists the files beside the header of an ESRI grid that belong to it.
func gridFiles(header string) (files []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(header))
	for _, e := range entries {
		if strings.EqualFold(filepath.Ext(e.Name()), ".adf") && e.Name() != filepath.Base(header) {
			file := filepath.Join(filepath.Dir(header), e.Name())
			if _, err := checkFile(file); err != nil {
				return nil, err
			}
			files = append(files, file)
		}
	}
	return files, err
}

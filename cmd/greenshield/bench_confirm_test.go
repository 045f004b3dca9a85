package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// confirmFolder returns the folder of a job of a bench scene with one pair of maps that may confirm it, and that of the
// scene. It is made once beside that of the scene.
func confirmFolder(b *testing.B, s benchScene) (dir, of string) {
	b.Helper()
	of = s.folder(b)
	dir = of + "-confirm"
	if _, err := os.Stat(filepath.Join(dir, scene.JobFile)); err == nil {
		return dir, of
	}
	if err := writeConfirm(dir, of, s.sized(b)); err != nil {
		b.Fatal(err)
	}
	return dir, of
}

// writeConfirm makes the folder dir for the scene s, which is in the folder of.
func writeConfirm(dir, of string, s benchScene) error {
	text, err := os.ReadFile(filepath.Join(of, scene.JobFile))
	if err != nil {
		return err
	}
	made, err := scene.New(s.params)
	if err != nil {
		return err
	}
	part := dir + ".part" // what an interrupted making leaves
	if err := errors.Join(os.RemoveAll(part), os.Mkdir(part, 0o777)); err != nil {
		return err
	}
	if err := gdalscene.WriteOther(part, made, s.tiles()...); err != nil {
		return err
	}
	job := beside(filepath.Base(of), string(text)) + scene.ConfirmKey()
	if err := os.WriteFile(filepath.Join(part, scene.JobFile), []byte(job), 0o666); err != nil {
		return err
	}
	return os.Rename(part, dir)
}

// beside returns the text of the job of a scene in the folder name for a folder beside it.
func beside(name, text string) string {
	var files []string
	for _, file := range []string{scene.RasterA, scene.RasterB, scene.RedLine, scene.Reserve, scene.SharedReserve,
		scene.County, scene.SharedCounty, scene.Exempt} {
		files = append(files, "["+file+"]", "[../"+name+"/"+file+"]", "file: "+file, "file: ../"+name+"/"+file)
	}
	return strings.NewReplacer(files...).Replace(text)
}

// BenchmarkConfirm measures whole runs with one pair of maps of another product against the same runs without. Both
// rank their candidates and take turns; reported are medians, and the ratio is that of each turn.
func BenchmarkConfirm(b *testing.B) {
	for _, name := range []string{"shared", "anhui-30m"} {
		all := benchScenes()
		s := all[slices.IndexFunc(all, func(s benchScene) bool { return s.name == name })]
		b.Run(name, func(b *testing.B) {
			dir, of := confirmFolder(b, s)
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
					benchmarkWith(b, filepath.Join(of, scene.JobFile), filepath.Join(dir, scene.JobFile), workers)
				})
			}
		})
	}
}

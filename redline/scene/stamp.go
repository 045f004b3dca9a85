package scene

import "greenshield/raster"

// stamp is a small piece of the first two epochs that a scene must contain; later ones have
// that of the second. Each digit is a class code; a margin without change keeps the patch
// apart from its surroundings.
type stamp struct {
	row, col      int // place of the first digit on the raster
	before, after []string
}

// print puts what the stamp has in a row of an epoch into dst, the whole row.
func (s *stamp) print(epoch, row int, dst []uint8) {
	art := s.before
	if epoch > 0 {
		art = s.after
	}
	if row -= s.row; row < 0 || row >= len(art) {
		return
	}
	for i := range len(art[row]) {
		dst[s.col+i] = art[row][i] - '0'
	}
}

// centred moves the stamp so that its middle is at the lattice point (u, v).
func (s stamp) centred(u, v int) stamp {
	s.row, s.col = v-len(s.before)/2, u-len(s.before[0])/2
	return s
}

// changed returns the box around the cells that differ between the epochs.
func (s stamp) changed() raster.Window {
	top, left, bottom, right := len(s.before), len(s.before[0]), 0, 0
	for r := range s.before {
		for c := range s.before[r] {
			if s.before[r][c] != s.after[r][c] {
				top, left, bottom, right = min(top, r), min(left, c), max(bottom, r+1), max(right, c+1)
			}
		}
	}
	return raster.Window{Col: s.col + left, Row: s.row + top, Cols: right - left, Rows: bottom - top}
}

// holed is a patch with two holes, in one of which lies another patch.
func holed() stamp {
	return stamp{before: []string{
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
		"2222222222222222222222",
	}, after: []string{
		"2222222222222222222222",
		"2222222222222222222222",
		"2228888888888888888222",
		"2288888888888888888822",
		"2288222222288882228822",
		"2288222222288882222822",
		"2288222882288882228822",
		"2288222882288888888822",
		"2288222222288888888822",
		"2288822222288888888822",
		"2228888888888888888222",
		"2222222222222222222222",
		"2222222222222222222222",
	}}
}

// chain is a patch of cells that meet only at their corners.
func chain() stamp {
	return stamp{before: []string{
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
		"222222222222",
	}, after: []string{
		"222222222222",
		"222222222222",
		"227222222722",
		"222722227222",
		"222272272222",
		"222227722222",
		"222222272222",
		"222222227222",
		"222222222222",
		"222222222222",
	}}
}

// project is the patch that the exemption layer covers.
func project() stamp {
	return stamp{before: []string{
		"2222222222",
		"2222222222",
		"2222222222",
		"2222222222",
		"2222222222",
		"2222222222",
		"2222222222",
		"2222222222",
	}, after: []string{
		"2222222222",
		"2222222222",
		"2288888822",
		"2288888822",
		"2288888822",
		"2222888822",
		"2222222222",
		"2222222222",
	}}
}

// shore is a bank that moved by one cell, as misregistered epochs show it.
func shore() stamp {
	return stamp{before: []string{
		"11111111111111",
		"11111111111111",
		"11111111111111",
		"11111111111111",
		"55555555555555",
		"55555555555555",
		"55555555555555",
	}, after: []string{
		"11111111111111",
		"11111111111111",
		"11111111111111",
		"11555555555511",
		"55555555555555",
		"55555555555555",
		"55555555555555",
	}}
}

// quay is a patch whose last row is the raster's last row.
func quay() stamp {
	return stamp{before: []string{
		"55555555555555",
		"55555555555555",
		"55555555555555",
		"55555555555555",
		"55555555555555",
		"55555555555555",
	}, after: []string{
		"55555555555555",
		"55555555555555",
		"55588888855555",
		"55888888885555",
		"55888888888855",
		"55888888888855",
	}}
}

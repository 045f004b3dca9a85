// Package seeds holds the data that ships inside the binary: legends of land-cover
// products, rule tables, the words that zone layers use, how often products confuse classes, and by what candidates are
// ranked. Each file begins with
// comment lines that say where it comes from and how sure each part of it is.
// Parsing belongs to the packages that use the data.
//
// # One severity for each change type and zone type
//
// The proposal behind the rule table gives wetland→cropland severity 3 and other natural
// land→cropland 2 in general control zones. Both are the change type reclamation, which has the
// stricter 3. cropland→wetland stands under inundation and under restoration in the proposal. It
// is inundation here, so that it is not lost.
package seeds

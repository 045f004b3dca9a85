// Package arrangement divides the plane by the outlines of overlapping regions: which ground lies in exactly which of
// them, and the outlines of whatever is made of that ground.
//
// All outlines are noded once and together, not pair by pair. Where borders are common, their edges are one edge that
// bounds several regions; where a vertex lies on an edge of another region, that edge leads through it; where edges
// cross, both lead through the crossing, which is computed with 106 bits and rounded once. Nothing is computed from
// what was computed before, so outlines of neighbouring parts are equal to the last bit.
//
// The sets of regions on both sides of an edge are found by walking over the graph of edges, and turning about its
// nodes. Each component of the graph begins at its easternmost node, from where a ray tells what lies around. Whatever
// contradicts itself on the way, a region that is entered twice, or a node around which the sets do not close, ends the
// work without a result, as do a vertex or a crossing that come so near to another that rounding could tell them in
// either order. The caller then asks somebody else, or cuts its ground smaller.
//
// The cost is that of looking up edges in a tree of boxes, and is linear for the layers that people draw: common
// borders cost less than crossing ones, as their edges are looked up once.
package arrangement

package ledger

// Names of fields of events. Those of a case stay in [Case.Fields] with the last value that an event gave them; ""
// takes a value away.
const (
	// Of [Founded].
	FieldFormat = "format" // [Format]
	FieldCode   = "code"   // administrative code of the ledger's owner: what ids of its cases begin with
	FieldName   = "name"   // name of the ledger

	// Of [Detected]; all but the first four are attributes, and stay with the case.
	FieldDetection     = "detection"        // id
	FieldDetectionHash = "detection_sha256" // see [Detection.Hash]
	FieldRelation      = "relation"         // code of a [Relation]
	FieldGround        = "ground"           // ids of detections, by spaces: the case's ground from now on
	FieldGroup         = "group"
	FieldSeverity      = "severity"
	FieldCounty        = "county" // code; may be [Set] for a lead
	FieldCountyName    = "county_name"
	FieldAreaM2        = "area_m2"
	FieldLon           = "lon"
	FieldLat           = "lat"
	FieldYearA         = "year_a"
	FieldYearB         = "year_b"
	FieldRun           = "run"  // of RunAdded and FollowUp too
	FieldGrid          = "grid" // of RunAdded: canonical JSON of the Grid
	FieldProduct       = "product"
	FieldLegend        = "legend"
	FieldCandidates    = "candidates" // ids of the kept candidates, by spaces
	FieldSplitFrom     = "split_from" // the case that it was split from
	FieldGainedM2      = "gained_m2"  // what it has grown by since its verdict, which does not speak of that
	FieldToConfirm     = "to_confirm" // why a person has to confirm what was carried; "" when nobody has to

	FieldPrio = "prio" // priority of the largest kept candidate, of a run that ranks them

	FieldNearLeads = "near_leads" // cases of leads that lie near the detection and have no ground, by spaces

	// Of [LeadTold]; place and county as above.
	FieldLeadSource   = "lead_source"
	FieldLeadNo       = "lead_no"
	FieldLeadDate     = "lead_date"
	FieldLeadText     = "lead_text"
	FieldLeadDistance = "lead_distance_m" // to the nearest case; 0 on its ground
	FieldLeadNearest  = "lead_nearest"    // that case, when it is too far away to be the lead's own
	FieldLeadPlace    = "lead_place"      // GeoJSON geometry, "" when only the county is known

	// Of [Judged].
	FieldVerdict    = "verdict" // code, see Vocabulary
	FieldReason     = "reason"  // code
	FieldApproval   = "approval"
	FieldValidUntil = "valid_until"
	FieldDuplicate  = "duplicate_of" // a case
	FieldReviewer   = "reviewer"
	FieldReviewed   = "review_date"
	FieldBasis      = "review_basis" // what the reviewer looked at
	FieldNote       = "note"

	// Of [Set]: the four lists, numbers and lists, the notice.
	FieldProblem     = "problem"            // 问题
	FieldMeasures    = "measures"           // 措施
	FieldMeasureKind = "measure_kind"       // code: clearing (退出/拆除/生态修复) or another
	FieldStandard    = "standard"           // 标准
	FieldUnit        = "responsible_unit"   // 责任单位
	FieldPerson      = "responsible_person" // 责任人
	FieldDueDate     = "due_date"
	FieldDueText     = "due_text" // such as 立行立改
	FieldExtNo       = "ext_no"   // official number, opaque
	FieldLists       = "lists"    // names of the lists that the case is on, one a line
	FieldLongTerm    = "long_term"
	FieldGoal        = "goal"   // 目标任务
	FieldResult      = "result" // 整改完成情况
	FieldOffice      = "office" // 受理单位
	FieldPhone       = "phone"
	FieldEmail       = "email"
	FieldAssigned    = "assigned_to" // login or name of the reviewer whom the case is given to

	// Of [Advanced].
	FieldTo       = "to"       // code of the state
	FieldOverride = "override" // why a case is closed although the last follow-up says still
	FieldDoneDate = "done_date"

	// Of [Accepted]; Level is the level that accepts.
	FieldAcceptUnit = "accept_unit"
	FieldOutcome    = "outcome" // "passed", "returned", or "recorded" (备案)

	// Of [Published], [Objection], [Answered].
	FieldStart     = "start" // first day of the notice
	FieldDays      = "days"  // working days
	FieldObjection = "objection"
	FieldAnswer    = "answer"

	// Of [Conflict] and [Settled].
	FieldField = "field" // name of the field in question
	FieldBase  = "base"
	FieldOurs  = "ledger"
	FieldFile  = "file"
	FieldValue = "value" // what is shown while it is open; what it was settled to

	// FieldClaims is of Judged and Conflict when a file has said it: digests of field, base and value, by spaces.
	FieldClaims = "claims"

	// Of [FollowUp], [Suspected] and [Decided].
	FieldFinding  = "finding"      // still, restored, partly, unseen
	FieldYear     = "year"         // of the raster
	FieldSource   = "source"       // identity of the raster: its SHA-256 with that of the legend
	FieldShareBad = "share_bad"    // of the whole ground, in %, as the other shares
	FieldShareOld = "share_before" // back in the class before
	FieldShareOth = "share_other"
	FieldShareNo  = "share_nodata"
	FieldBadM2    = "bad_m2"
	FieldSuspect  = "suspicion" // rebound, false_rectification
	FieldDecision = "decision"  // confirmed, dismissed

	// FieldRequest is of any event that came over HTTP: digests of who sent which request and of what it said, which tell
	// one that is sent again. It is no attribute of the case.
	FieldRequest = "request"

	FieldInto     = "into"      // of Merged: the case
	FieldHandedTo = "handed_to" // of Handed: the office

	// Of [SampleDesigned], with FieldRun, and the first one of [CaseDrawn] too; see [Sample] and [Draw].
	FieldSample    = "sample" // name
	FieldSeed      = "seed"
	FieldBy        = "stratified_by" // names of fields, by spaces
	FieldFrame     = "frame_sha256"
	FieldStrata    = "strata" // canonical JSON
	FieldStratum   = "stratum"
	FieldInclusion = "inclusion"
	FieldDrawnM2   = "drawn_m2" // area of the case in the run

	// Of [PointsDrawn], with FieldSample, FieldRun and FieldSeed; see [Points].
	FieldBox      = "box"       // west, south, east and north in degrees, by spaces
	FieldTries    = "tries"     // numbers, by spaces
	FieldGroundM2 = "ground_m2" // area in which the points were drawn

	// Of [PointAnswered], with FieldSample, FieldReviewer, FieldReviewed and FieldNote; FieldAnswer is code of an
	// [Answer].
	FieldPoint = "point" // number from 1
)

// The texts of the pages, in Chinese and in English.
export const english = document.documentElement.lang === "en";

const table = {
  title: ["绿盾 · 核查", "Green Shield · Review"],
  skip: ["跳到结论", "Skip to verdicts"],
  list: ["清单", "List"], map: ["地图", "Map"], facts: ["证据", "Evidence"],
  export: ["导出", "Export"], help: ["帮助", "Help"], about: ["关于", "About"],
  matched: ["共 {0} 个问题点位", "{0} cases"], ofMatched: ["第 {0} / {1} 个", "{0} of {1}"], none: ["没有符合条件的问题点位", "No case matches"],
  loading: ["正在载入…", "Loading…"], all: ["全部", "all"], yes: ["是", "yes"], no: ["否", "no"],
  id: ["编号", "Number"], county: ["行政区代码", "County code"], severity: ["严重程度", "Severity"], state: ["状态", "State"],
  verdict: ["结论", "Verdict"], relation: ["与上次的关系", "Relation"], suspicion: ["疑似", "Suspicion"], near_lead: ["附近有线索", "Near a lead"],
  assigned: ["分给我的", "Assigned to me"], sort: ["排序", "Order"], clear: ["清除筛选", "Clear filters"], filters: ["筛选", "Filters"],
  "sort-prio": ["核查优先级", "Priority"], "sort-severity": ["严重程度", "Severity"], "sort-area_ha": ["面积", "Area"], "sort-id": ["编号", "Number"],
  search: ["问题编号，回车查找", "Number of the case, then Enter"], choose: ["选中 {0}", "Select {0}"],
  ha: ["公顷", "ha"], level: ["{0} 级", "Severity {0}"], prio: ["优先级 {0}", "Priority {0}"], overdue: ["超期", "overdue"], dispute: ["有分歧", "disputed"],
  pending: ["待发送", "unsent"],
  waiting: ["{0} 条待发送", "{0} unsent"], held: ["{0} 条需处理", "{0} to settle"], outbox: ["待发送的结论", "Unsent verdicts"],
  outboxNone: ["没有待发送的结论。", "Nothing waits to be sent."], foreign: ["由 {0} 作出，等他登录后发送", "by {0}, sent when he logs in"],
  sendNow: ["立即发送", "Send now"], drop: ["放弃", "Discard"], openCase: ["打开", "Open"],
  offline: ["连接中断。结论已保存在本机，恢复后自动发送。", "No connection. Verdicts are kept here and sent when it is back."],
  expired: ["登录已过期。结论已保存在本机，重新登录后自动发送。", "The session has ended. Verdicts are kept here and sent after you log in again."],
  login: ["登录", "Log in"], loginTab: ["在新标签页登录", "Log in in a new tab"], token: ["访问令牌", "Access token"], loginFailed: ["登录没有成功，请核对令牌。", "That did not work; check the token."],
  readOnly: ["您是查阅用户，不能作出结论。", "You may read, but not judge."],
  note: ["说明", "Note"], undo: ["撤销", "Undo"], undone: ["已撤销 {0} 的结论", "Verdict of {0} undone"], nothingToUndo: ["没有可撤销的结论", "Nothing to undo"],
  save: ["保存", "Save"], cancel: ["取消", "Cancel"], ok: ["确定", "OK"], close: ["关闭", "Close"],
  noteOf: ["{0} 的核查说明", "Note on {0}"], why: ["依据：{0}", "Reason: {0}"], back: ["返回", "Back"],
  needs: ["“{0}”需要填写下列之一", "“{0}” needs one of these"], approval: ["批准文号", "Approval number"], duplicate_of: ["与哪个问题重复", "Duplicate of which case"], valid_until: ["有效期至", "Valid until"],
  said: ["{0}：{1}", "{0}: {1}"], sent: ["{0} 的结论已保存", "Verdict of {0} is saved"],
  conflictTitle: ["结论冲突：{0}", "Conflict: {0}"], conflictText: ["您打开之后，别人改了同一项。请选择：", "Somebody changed the same after you opened it. Choose:"],
  field: ["项目", "Field"], base: ["打开时", "Before"], theirs: ["对方的", "Theirs"], mine: ["我的", "Mine"], keepTheirs: ["采用对方的", "Keep theirs"], keepBoth: ["两者都保留，由上级裁定", "Keep both, for settling"],
  refused: ["没有被接受：{0}", "Refused: {0}"], later: ["以后再说", "Later"],
  "why-400": ["内容不完整或格式不对", "The content is incomplete or malformed"], "why-403": ["您没有权限对这个问题点位作出结论（不在您的行政区或角色范围）", "You may not judge this case"],
  "why-404": ["服务器上没有这个问题点位", "The server has no such case"], "why-412": ["台账已经更换或恢复到较早的版本，请重新打开这个问题点位", "The ledger was replaced; open the case again"],
  "why-422": ["台账规则不允许", "The rules of the ledger do not allow it"], "why-413": ["文件太大", "The file is too large"], "why-415": ["不接受这种文件", "This kind of file is not accepted"], "why-other": ["服务器出错（{0}）", "The server failed ({0})"],
  selectAll: ["全选筛选结果（{0}）", "Select all {0}"], selected: ["已选 {0} 个", "{0} selected"], refuteAll: ["批量判为“不属实”", "Refute all"], clearSelection: ["取消选择", "Clear selection"],
  bulkTitle: ["{0} 个问题点位判为“不属实”", "Refute {0} cases"], bulkText: ["请选择依据。每个都会记入台账；已有结论的也会改变。", "Choose a reason. Each is written to the ledger."],
  bulkGo: ["确定，{0} 个全部判为“不属实”", "Yes, refute all {0}"], bulkDone: ["{0} 个已保存，{1} 个没有被接受", "{0} saved, {1} refused"], bulkReading: ["已读 {0} / {1}", "{0} of {1} read"], bulkSending: ["已发送 {0} / {1}", "{0} of {1} sent"],
  exportTitle: ["导出筛选结果（{0} 个）", "Export what is filtered ({0})"], exportText: ["按当前筛选条件导出，不含未发送的结论。", "What the filters choose, without unsent verdicts."], exportReading: ["已读 {0} / {1}", "{0} of {1} read"],
  layers: ["底图", "Pictures"], "layer-class": ["土地覆盖", "Land cover"], "layer-image": ["影像", "Images"], "layer-none": ["仅轮廓", "Outlines"], run: ["运行", "Run"],
  locate: ["我的位置", "My position"], following: ["正在跟随我的位置", "Following my position"], located: ["我的位置，精度约 {0} 米", "My position, within {0} m"], noLocation: ["浏览器没有给出位置：{0}", "The browser gives no position: {0}"], insecure: ["需要 HTTPS", "HTTPS is needed"],
  preparing: ["底图正在准备，已完成 {0}%", "Pictures are being prepared: {0}%"],
  home: ["回到点位", "Back to the case"], before: ["变化前", "Before"], after: ["变化后", "After"], divider: ["变化前后分界", "Divider of before and after"], dividerAt: ["变化前占 {0}%", "Before: {0}%"],
  noMap: ["这台设备的浏览器不能显示地图（没有 WebGL）。其他功能照常可用。", "This browser cannot show maps (no WebGL). All else works."], legend: ["图例", "Legend"],
  "legend-case": ["本问题点位", "This case"], "legend-cases": ["其他问题点位", "Other cases"], "legend-candidates": ["图斑", "Candidates"], "legend-zones": ["保护范围", "Zones"], "legend-leads": ["线索", "Leads"],
  place: ["位置", "Place"], what: ["变化", "Change"], zone: ["保护范围", "Zone"], dates: ["时间", "Dates"], corroboration: ["佐证", "Corroboration"], priority: ["核查优先级", "Priority"], present: ["现状", "State"],
  history: ["经过", "History"], followups: ["后续监测", "Follow-ups"], neighbours: ["相邻点位", "Neighbours"], leads: ["线索", "Leads"], documents: ["材料", "Documents"], disputes: ["未决分歧", "Open disputes"], next: ["下一步", "Next steps"],
  upload: ["上传材料", "Upload a document"], uploaded: ["已上传 {0}", "{0} is uploaded"], uploadText: ["材料按 SHA-256 保存", "Kept by SHA-256"], nobody: ["程序", "program"], metres: ["{0} 米", "{0} m"],
  pick: ["请从清单中选择一个问题点位。", "Choose a case from the list."], failed: ["没有读到：{0}", "Could not be read: {0}"], retry: ["重试", "Try again"],
  aboutText: ["绿盾核查页。问题点位是候选线索，非违法认定。", "The review page of Green Shield. Cases are clues, not findings of guilt."], licences: ["地图由 MapLibre GL JS {0} 绘制（BSD-3-Clause），许可如下：", "Maps by MapLibre GL JS {0} (BSD-3-Clause):"],
  keys: ["快捷键", "Keys"],
};

/** t gives a text, with {0}, {1}… replaced. */
export const t = (key, ...values) => {
  const text = table[key]?.[english ? 1 : 0] ?? key;
  return text.replace(/\{(\d)\}/g, (_, i) => String(values[i]));
};

/** known tells whether there is a text of that key. */
export const known = (key) => key in table;

export const keys = [
  ["j ↓", "下一个", "next"], ["k ↑", "上一个", "previous"], ["1", "属实", "confirmed"], ["2", "部分属实，再按依据", "partly, then a reason"],
  ["3", "不属实，再按依据", "refuted, then a reason"], ["4", "无法核实，再按依据", "unverifiable, then a reason"], ["n", "说明", "note"], ["u", "撤销上一个结论", "undo the last verdict"],
  ["x", "选中或取消选中", "select or not"], ["/", "筛选", "filters"], ["b", "切换底图", "pictures"], ["?", "帮助", "help"], ["Esc", "返回、关闭", "back, close"],
];

export const number = (x, digits = 0) => Number(x).toLocaleString(english ? "en-US" : "zh-CN", { maximumFractionDigits: digits, useGrouping: true });

/** translate writes the texts of elements that name one. */
export const translate = () => {
  document.title = t("title");
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
};

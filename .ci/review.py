"""Opens a run's folder in QGIS as a reviewer would, judges one candidate, and says what is wrong.

usage: review.py FOLDER [PICTURE.png]
"""
import collections, csv, http.server, itertools, json, math, os, re, shutil, sqlite3, sys, tempfile, threading, zipfile

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from qgis.core import (NULL, Qgis, QgsApplication, QgsAttributeEditorRelation, QgsEditFormConfig, QgsExpressionContextUtils, QgsDistanceArea, QgsFeature, QgsLayerTreeModel, QgsLayoutExporter, QgsLayoutItemLabel,
                       QgsLayoutItemMap, QgsPointXY, QgsPythonRunner, QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsEditorWidgetSetup, QgsMapRendererParallelJob, QgsMapSettings,
                       QgsDateTimeRange, QgsGeometry, QgsMapRendererSequentialJob, QgsProject, QgsRenderedFeatureHandlerInterface, QgsStyle, QgsUnitTypes, QgsVectorLayerTemporalProperties, QgsRectangle, QgsVectorLayer, QgsVectorLayerUtils, QgsReadWriteContext, QgsExpression, QgsExpressionContext)
from qgis.PyQt.QtCore import QBuffer, QDate, QDateTime, QObject, QRectF, QSize, Qt, QTime, QUrl, pyqtSlot
from qgis.PyQt.QtGui import QColor, QDesktopServices, QImage
from qgis.PyQt.QtWidgets import QApplication, QLabel, QMainWindow, QToolBar
from qgis.gui import QgsMapCanvas, QgsTemporalControllerWidget
import qgis.utils

folder, picture = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
faults, messages = [], []


def check(ok, text):
    if not ok:
        faults.append(text)


app = QgsApplication([], True)
app.messageLog().messageReceived.connect(lambda text, tag, level: messages.append(f"{tag}: {text}") if level >= Qgis.Warning else None)
app.initQgis()
with open(os.path.join(folder, "manifest.json")) as f:
    counts = json.load(f)["counts"]
with open(os.path.join(folder, "candidates.geojson")) as f:
    truth = {t["properties"]["cand_id"]: t["properties"] for t in json.load(f)["features"]}
severities = {4: "critical", 3: "serious", 2: "medium", 1: "notice"}
ours = ["candidates", "suppressed", "zones", "coverage"]
EDITABLE = {"verdict", "reviewer", "rev_date", "rev_reason", "rev_note"}
FIRST = ["verdict", "rev_reason", "rev_note", "reviewer", "rev_date"]
FACTS = ["severity", "change_zh", "from_name", "to_name", "area_ha", "zone_name", "zone_type", "adm_name", "flags"]
TYPES = {"core": "核心区", "redline": "生态保护红线"}
KNOWN = ["case_id", "relation", "case_state", "case_verd", "case_why", "case_note", "confirm", "follow_up", "case_link", "case_near"]
DATES = ["chg_year", "chg_from", "chg_to", "chg_years", "date_grd", "zone_since", "vs_zone"]
PROOF = ["prio", "prio_why", "agree_pct", "agree_n", "agree_of", "stays_pct", "width", "compact", "confused", "near_m", "lead_m"]
VERDICTS = {"待核查": "unreviewed", "属实": "confirmed", "不属实": "refuted", "已批准": "approved", "重复": "duplicate", "需实地": "field_check"}


def aliases_and_form(layer, where, editable):
    for i, field in enumerate(layer.fields()):
        if field.name() in ("fid", "id"):
            check(layer.editFormConfig().readOnly(i), f"{where}: {field.name()} is editable")
            check(layer.editorWidgetSetup(i).type() == "Hidden", f"{where}: {field.name()} is shown")
            continue
        check(any("\u4e00" <= c <= "\u9fff" for c in layer.attributeAlias(i)), f"{where}: {field.name()} has the alias {layer.attributeAlias(i)!r}")
        readonly = layer.editFormConfig().readOnly(i)
        check(readonly == (field.name() not in editable), f"{where}: {field.name()} is {'read-only' if readonly else 'editable'}")
    setup = layer.editorWidgetSetup(layer.fields().indexOf("verdict"))
    choices = {}
    for item in setup.config().get("map", []):
        choices.update(item)
    check(setup.type() == "ValueMap" and choices == VERDICTS, f"{where}: verdicts are {setup.type()} {choices}")


def form(layer, where, first, between=()):
    """The form: a tab of what the reviewer fills in and of the facts, those between, and one of all other fields but fid and id."""
    config = layer.editFormConfig()
    check(config.layout() == QgsEditFormConfig.TabLayout, f"{where}: the form is generated")
    tabs = [t for t in config.tabs()]
    check([t.name() for t in tabs] == ["核查", *between, "其他"] and not any(t.isGroupBox() for t in tabs), f"{where}: tabs {[t.name() for t in tabs]}")
    groups = tabs[0].children() if tabs else []
    found = {g.name(): [e.name() for e in g.children()] for g in groups}
    ledger, when, why = {"台账": KNOWN} if known else {}, {"变化时间": dates} if dates else {}, {"佐证与优先级": proof} if proof else {}
    check(found == {"核查": first, **ledger, "事实": FACTS, **when, **why} and list(found) == ["核查", *ledger, "事实", *when, *why] and all(g.isGroupBox() for g in groups), f"{where}: groups {found}")
    every = first + FACTS + [n for names in [*ledger.values(), dates, proof] for n in names] + [e.name() for e in tabs[-1].children()]
    check(sorted(every) == sorted(f.name() for f in layer.fields() if f.name() not in ("fid", "id")), f"{where}: fields of the form {every}")
    check(all(e.idx() == layer.fields().indexOf(e.name()) for g in groups for e in g.children()), f"{where}: the form has other fields")
    area = layer.fields().indexOf("area_ha")
    setup = layer.editorWidgetSetup(area)
    text = QgsApplication.fieldFormatterRegistry().fieldFormatter(setup.type()).representValue(layer, area, setup.config(), None, 1.6400123)
    check(text == "1.64", f"{where}: 1.6400123 ha reads {text}")
    table = layer.attributeTableConfig()
    timed(layer, where)
    check(table.sortExpression() == ('"prio" * 1e8 + "severity" * 1e7 + "area_ha"' if "prio" in proof else '"severity" * 1e9 + "area_ha"') and table.sortOrder() == Qt.DescendingOrder, f"{where}: the table is sorted by {table.sortExpression()!r}")


def year(y):
    """A year from its first instant to that of the next, as the temporal controller has it."""
    return QgsDateTimeRange(QDateTime(QDate(y, 1, 1), QTime(0, 0), Qt.UTC), QDateTime(QDate(y + 1, 1, 1), QTime(0, 0), Qt.UTC), True, False)


class Drawn(QgsRenderedFeatureHandlerInterface):
    """Collects the numbers of the features that are drawn."""
    def __init__(self):
        super().__init__()
        self.ids = set()

    def handleRenderedFeature(self, feature, bounds, context):
        self.ids.add(feature.id())


def timed(layer, where):
    """In each year the layer shows those candidates that may have changed in it, and all without a year; without dates, all always."""
    temporal = layer.temporalProperties()
    if "date_grd" not in dates:
        check(not temporal.isActive(), f"{where}: the layer has times")
        return
    check(temporal.isActive() and temporal.mode() == QgsVectorLayerTemporalProperties.ModeFeatureDateTimeStartAndEndFromExpressions,
          f"{where}: times {temporal.isActive()}, mode {temporal.mode()}")
    for expression in (temporal.startExpression(), temporal.endExpression()):
        check(not QgsExpression(expression).hasParserError() and expression, f"{where}: times from {expression!r}")
    some, names = next(iter(truth.values()), None), {f.id(): f["cand_id"] for f in layer.getFeatures()}
    for y in range(some["year_a"] - 1, some["year_b"] + 3) if some else ():
        settings, seen = QgsMapSettings(), Drawn()
        settings.setDestinationCrs(layer.crs())
        settings.setOutputSize(QSize(400, 400))
        settings.setLayers([layer])
        settings.setExtent(layer.extent().buffered(0.01))
        settings.setIsTemporal(True)
        settings.setTemporalRange(year(y))
        settings.addRenderedFeatureHandler(seen)
        job = QgsMapRendererSequentialJob(settings)
        job.start()
        job.waitForFinished()
        want = {i for i, p in truth.items() if (p["chg_from"] or p["year_a"] + 1) <= y <= (p["chg_to"] or p["year_b"])}
        check({names[i] for i in seen.ids} == want, f"{where}: {len(seen.ids)} candidates are drawn in {y}, not {len(want)}")


def drawn(layer, geometry):
    """How much darker than white a layer is around a place, and how many pixels are."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QSize(120, 120))
    settings.setBackgroundColor(QColor("white"))
    settings.setLayers([layer])
    box = geometry.boundingBox()
    box.scale(1.2)
    settings.setExtent(box)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    ink = [255 * 3 - c.red() - c.green() - c.blue() for c in (image.pixelColor(x, y) for x in range(120) for y in range(120))]
    return sum(ink), sum(i > 30 for i in ink)


def shown(layer, expression, feature):
    context = QgsExpressionContext()
    context.appendScopes([])
    context.setFeature(feature)
    context.setFields(layer.fields())
    return QgsExpression.replaceExpressionText(expression, context)


def represented(name, feature):
    """A field of a candidate as its form shows it."""
    at = candidates.fields().indexOf(name)
    setup = candidates.editorWidgetSetup(at)
    return QgsApplication.fieldFormatterRegistry().fieldFormatter(setup.type()).representValue(candidates, at, setup.config(), None, feature[name])


def founded(since):
    """What stands behind the word that says whether a candidate changed before or after its zone was founded."""
    return f"，{since}{'年' if len(since) == 4 else ''}设立" if since else ""


def when_changed(p):
    """When a candidate changed, as maps and sheets say it."""
    span = "–".join(str(y) for y in sorted({p["chg_from"], p["chg_to"]} - {None}))
    if p["date_grd"] == "D":
        say = f"年份不明（仅小部分可判：{span}）" if span else "年份不明"
    elif p["date_grd"] == "C" or not p["chg_year"]:
        say = f"年份不定（{span}）"
    else:
        say = f"{p['chg_year']}年" + (f"（{span}）" if span != str(p["chg_year"]) else "")
    return f"{say}，{p['date_grd']}级"


def agreement(p):
    """What other pairs of maps show of a candidate, as sheets say it."""
    return f"{p['agree_n']} / {p['agree_of']} 对一致，同类变化 {math.floor(p['agree_pct'] + 0.5)}%" if p["agree_of"] else "看不到"


def staying(p):
    """What the newest map shows of a candidate."""
    return "没有数据" if p["stays_pct"] is None else f"{math.floor(p['stays_pct'] + 0.5)}% 仍为新地类"


# The project.
project = QgsProject.instance()
times = QgsTemporalControllerWidget()  # takes what it goes through from the project that is read
check(project.read(os.path.join(folder, "review.qgz")), f"review.qgz does not open: {project.error()}")
check(project.crs().authid() == "EPSG:4490", f"the project has the CRS {project.crs().authid()}")
layers = {l.id().replace("greenshield_", ""): l for l in project.mapLayers().values()}
for l in layers.values():
    check(l.isValid(), f"{l.id()}: {l.source()} is missing or broken")
check(len(project.layerTreeRoot().findLayers()) == len(layers), "not all layers stand in the tree")
check(project.filePathStorage() == Qgis.FilePathType.Relative if hasattr(Qgis, "FilePathType") else project.readBoolEntry("Paths", "/Absolute")[0] is False, "paths are absolute")
candidates = layers["candidates"]
# A run with a ledger knows more of its candidates, and more verdicts.
known = candidates.fields().indexOf("relation") >= 0
if known:
    VERDICTS.update({"部分属实": "partly", "无法核实": "unverifiable"})
# One with maps between the epochs says when they changed, one with dates of zones whether that was before these.
dates = [n for n in DATES if candidates.fields().indexOf(n) >= 0]
# One with priorities or other maps says what speaks for them.
proof = [n for n in PROOF if candidates.fields().indexOf(n) >= 0]


def rank(f):
    """What candidates are sorted by, the largest first: priority where there is one, severity, area."""
    return (f["prio"] if "prio" in proof else 0, f["severity"], f["area_ha"])


by_severity = collections.Counter(severities[f["severity"]] for f in candidates.getFeatures())
check(all(by_severity[n] == counts["by_severity"][n] for n in severities.values()), f"{by_severity}, not {counts['by_severity']}")
aliases_and_form(candidates, "candidates", EDITABLE)
form(candidates, "candidates", FIRST, ["涉及的管控区"])
# The zones that each candidate touches, in its form.
relation = project.relationManager().relation("greenshield_overlaps")
check(relation.isValid(), "the relation is broken")
for element in (e for t in candidates.editFormConfig().tabs() for e in t.children() if isinstance(e, QgsAttributeEditorRelation)):
    check(element.init(project.relationManager()) and element.relation().isValid(), "the form has no relation")
    check(element.parent().name() == "涉及的管控区", f"the relation stands in {element.parent().name()}")
with open(os.path.join(folder, "overlaps.csv"), newline="") as f:
    touched = collections.Counter(row["cand_id"] for row in csv.DictReader(f))
check(all(layers["overlaps"].editorWidgetSetup(i).type() in ("TextEdit", "ValueMap") for i in range(7)), "a form has numbers for texts of overlaps.csv")
for feature in itertools.islice(candidates.getFeatures(), 40):
    rows = list(relation.getRelatedFeatures(feature))
    check(len(rows) == touched[feature["cand_id"]] > 0, f"{feature['cand_id']} touches {len(rows)} zones")
    check([r["zone_id"] for r in rows if r["controls"] == "1"] == [feature["zone_id"]], f"{feature['cand_id']}: {[r.attributes() for r in rows]}")
    for r in rows:
        check(shown(layers["overlaps"], "[%" + layers["overlaps"].displayExpression() + "%]", r) == "{}，{} {:,.2f} 公顷".format(
            r["zone_name"], TYPES.get(r["zone_type"]), float(r["area_ha"])) or r["zone_type"] not in TYPES, f"an overlap reads {shown(layers['overlaps'], '[%' + layers['overlaps'].displayExpression() + '%]', r)}")
check(candidates.labelsEnabled() and candidates.labeling().settings().scaleVisibility, "labels are off, or shown at every scale")
for feature in candidates.getFeatures():
    tip = shown(candidates, candidates.mapTipTemplate(), feature)
    check("<script" not in tip and "<img" not in tip and "[%" not in tip and "公顷" not in tip and "ha" in tip, f"map tip {tip!r}")
check(layers["zones"].featureCount() == counts["zones"], f"{layers['zones'].featureCount()} zones")
check(layers["coverage"].featureCount() == counts["zones"], f"{layers['coverage'].featureCount()} rows of coverage")
check(layers["suppressed"].featureCount() == counts["suppressed"], f"{layers['suppressed'].featureCount()} suppressed")
for l in ("zones", "coverage", "suppressed"):
    check(layers[l].readOnly(), f"{l} can be edited")
for l in (l for i, l in layers.items() if i.startswith(("before_", "after_"))):
    check(l.renderer().type() == "paletted" and len(l.renderer().classes()) > 1, f"{l.id()} has no palette")
    check(l.crs().isValid(), f"{l.id()} has no CRS")
    # The land cover by itself, in the middle of what the project shows: nearly all of it in colours of the legend.
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(200, 200))
    settings.setBackgroundColor(QColor("white"))
    settings.setFlag(QgsMapSettings.Antialiasing, False)
    settings.setLayers([l])
    box = QgsCoordinateTransform(l.crs(), project.crs(), project).transformBoundingBox(l.extent())
    settings.setExtent(QgsRectangle(box.center().x() - box.width() / 8, box.center().y() - box.height() / 8,
                                    box.center().x() + box.width() / 8, box.center().y() + box.height() / 8))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    land = job.renderedImage()
    legend = {c.color.name() for c in l.renderer().classes()}
    shown_cells = sum(land.pixelColor(x, y).name() in legend for x in range(200) for y in range(200))
    check(shown_cells > 0.9 * 200 * 200, f"{l.id()}: only {shown_cells} of 40000 pixels have a colour of the legend")
# Themes show what they are named after, and nothing else of a kind.
images = {i for i in layers if i.startswith("image_")}
themes = project.mapThemeCollection()
wanted_themes = {"前期": "before_", "后期": "after_", **{{"image_before": "前期影像", "image_after": "后期影像"}[i]: i for i in images}}
if "basemap" in layers:
    wanted_themes["底图"] = "basemap"
if known:
    wanted_themes["与台账的关系"] = "after_"
if "prio" in proof:
    wanted_themes["核查优先级"] = "after_"
if "chg_year" in dates:
    wanted_themes["变化年份"] = "after_"
if "vs_zone" in dates:
    wanted_themes["与设立时间的先后"] = "after_"
own_layers = {"核查优先级": "candidates_priority", "与台账的关系": "candidates_relation", "变化年份": "candidates_year", "与设立时间的先后": "candidates_since"}
check(set(themes.mapThemes()) == set(wanted_themes), f"themes {themes.mapThemes()}")
root = project.layerTreeRoot()
at_first = {n.layerId() for n in root.findLayers() if n.isVisible()}
for theme, start in wanted_themes.items():
    themes.applyTheme(theme, root, QgsLayerTreeModel(root))
    visible = {n.layerId().replace("greenshield_", "") for n in root.findLayers() if n.isVisible()}
    want = {own_layers.get(theme, "candidates"), "zones"} | {i for i in layers if i.startswith(start)}
    check(visible == want, f"theme {theme} shows {visible}, not {want}")
themes.applyTheme("后期", root, QgsLayerTreeModel(root))
check({n.layerId() for n in root.findLayers() if n.isVisible()} == at_first, "the project does not open with 后期")
for i in images:
    check(layers[i].renderer().type() == "multibandcolor" and layers[i].crs().isValid(), f"{i}: {layers[i].renderer().type()}")
in_county = collections.defaultdict(QgsRectangle)
for f in candidates.getFeatures():
    if f["adm_name"]:
        in_county[f["adm_name"]].combineExtentWith(f.geometry().boundingBox())
bookmarks = {b.name(): b.extent() for b in project.bookmarkManager().bookmarks()}
check(picture is None or bookmarks.keys() == in_county.keys() and len(bookmarks) > 1, f"bookmarks {list(bookmarks)}, counties {list(in_county)}")
for county, box in bookmarks.items():
    check(box.crs().authid() == "EPSG:4490" and (picture is None or box.contains(in_county[county]) and
          box.width() < 1.1 * in_county[county].width() + 0.01), f"bookmark {county}: {box.toString()}")
# The sheet of one candidate on A4: the first of the table, with both maps around it.
layout = project.layoutManager().layoutByName("核查单")
check(layout is not None and layout.atlas().enabled() and layout.atlas().coverageLayer() == candidates, "no atlas of candidates")
if layout is not None and counts["candidates"]:
    atlas = layout.atlas()
    check(atlas.updateFeatures() == counts["candidates"], f"{atlas.count()} sheets")
    atlas.beginRender()
    atlas.first()
    subject = layout.reportContext().feature()
    first = max(candidates.getFeatures(), key=rank)
    check(rank(subject) == rank(first), f"the first sheet is of {subject['cand_id']}")
    texts = [i.currentText() for i in layout.items() if isinstance(i, QgsLayoutItemLabel)]
    facts = {subject["cand_id"], f"{subject['area_ha']:,.2f} 公顷", "核查人", "签名", "核查说明"}
    if known:
        said = {n: represented(n, subject) for n in ("relation", "case_state", "case_verd", "confirm")}
        facts |= {f"{subject['case_id']}　{said['relation']}　{said['case_state']}" if subject["case_id"] else said["relation"],
                  said["case_verd"] + ("，待确认：" + said["confirm"] if subject["confirm"] else "")}
    if "prio" in proof:
        facts.add(f"{subject['prio']}　{subject['prio_why']}")
    if "agree_of" in proof:
        facts.add(agreement(truth[subject["cand_id"]]))
    if "stays_pct" in proof:
        facts.add(staying(truth[subject["cand_id"]]))
    if "chg_year" in dates:
        facts.add(when_changed(truth[subject["cand_id"]]))
    if "vs_zone" in dates:
        facts.add(represented("vs_zone", subject) + founded(subject["zone_since"]))
    check(all(any(f in t for t in texts) for f in facts), f"the sheet lacks one of {facts}: {texts}")
    check(not any("[%" in t or "NULL" in t for t in texts) or picture is None, f"texts of the sheet: {texts}")
    check(any(t.startswith("□ 属实　□ 不属实") for t in texts), "there is nothing to tick")
    target = os.path.join(tempfile.mkdtemp(), "sheet.png") if picture is None else picture.replace(".png", "-sheet.png")
    exporter, how = QgsLayoutExporter(layout), QgsLayoutExporter.ImageExportSettings()
    how.dpi, how.generateWorldFile = 110, False
    if os.path.exists(target):
        os.remove(target)
    check(exporter.exportToImage(target, how) == QgsLayoutExporter.Success, "the sheet cannot be printed to PNG")
    paper = target.replace(".png", ".pdf")
    check(exporter.exportToPdf(paper, QgsLayoutExporter.PdfExportSettings()) == QgsLayoutExporter.Success and os.path.getsize(paper) > 20000,
          "the sheet cannot be printed to PDF")
    page = QImage(target)
    check(abs(page.width() / page.height() - 210 / 297) < 0.01, f"the sheet has {page.width()} × {page.height()} pixels")
    mm = page.width() / 210

    def part(x, y, width, height):
        return [page.pixelColor(int(i * mm), int(j * mm)).name() for i in range(x, x + width) for j in range(y, y + height)]

    boxes = [QRectF(i.pagePos(), i.rect().size()).adjusted(0.1, 0.1, -0.1, -0.1) for i in layout.items() if isinstance(i, (QgsLayoutItemLabel, QgsLayoutItemMap))]
    check(not any(a.intersects(b) for a, b in itertools.combinations(boxes, 2)), "items of the sheet lie on each other")
    middles = []
    for m in (i for i in layout.items() if isinstance(i, QgsLayoutItemMap)):
        box = QgsCoordinateTransform(m.crs(), candidates.crs(), project).transformBoundingBox(m.extent())
        check(box.contains(subject.geometry().boundingBox()), f"{m.id()} does not show its candidate")
        measure = QgsDistanceArea()
        measure.setEllipsoid("EPSG:7024")
        west = QgsPointXY(box.xMinimum(), box.center().y())
        east = QgsPointXY(box.xMaximum(), box.center().y())
        true = measure.measureLine(west, east) / 0.091
        check(abs(m.scale() / true - 1) < 0.01, f"{m.id()} says 1 : {m.scale():.0f}, and is 1 : {true:.0f}")
        middles.append(part(int(m.pos().x()) + 2, int(m.pos().y()) + 2, 87, int(m.rect().height()) - 4))
        check(len(set(middles[-1])) > 5 and middles[-1].count("#ffffff") < 0.4 * len(middles[-1]), f"{m.id()} is empty")
    check(len(middles) == 2 + len(images) and len({tuple(m) for m in middles}) == len(middles), f"{len(middles)} maps, some the same")
    check(sum(c != "#ffffff" for c in part(12, 155, 186, 100)) > 300, "the table of facts is empty")


def drawn_colours(layer, feature):
    """How many pixels have each colour where a layer draws a feature."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QSize(150, 150))
    settings.setBackgroundColor(QColor("white"))
    settings.setLayers([layer])
    settings.setExtent(feature.geometry().boundingBox().buffered(0.0005))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return collections.Counter(image.pixelColor(x, y).name() for x in range(150) for y in range(150))


def photograph(theme, center, name):
    """A picture of a theme around a place."""
    themes.applyTheme(theme, root, QgsLayerTreeModel(root))
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(1200, 800))
    settings.setBackgroundColor(QColor("white"))
    settings.setLayers([n.layer() for n in root.findLayers() if n.isVisible()])
    settings.setExtent(QgsRectangle(center.x() - 0.06, center.y() - 0.04, center.x() + 0.06, center.y() + 0.04))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture.replace(".png", name + ".png"))
    themes.applyTheme("后期", root, QgsLayerTreeModel(root))


def shown_by(layer, wanted, of, label):
    """A layer that shows candidates by a value of theirs, each in the colour of its class, with its label."""
    found = {c.value(): (c.label(), c.symbol().symbolLayers()[-1].fillColor().name(), c.symbol().symbolLayers()[-1].brushStyle() == Qt.SolidPattern)
             for c in layer.renderer().categories()}
    check(found == wanted and list(found) == list(wanted), f"{layer.name()}: classes {found}, not {wanted}")
    by = collections.defaultdict(list)
    for f in layer.getFeatures():
        by[of(truth[f["cand_id"]])].append(f)
    check(set(by) <= set(wanted), f"{layer.name()}: candidates of the classes {set(by)}")
    for value, features in by.items():
        f = max(features, key=lambda f: f["area_ha"])
        got = drawn_colours(layer, f)
        check(got[wanted[value][1]] > 100, f"{layer.name()}: {f['cand_id']} of {value} is not drawn in {wanted[value][1]}: {got.most_common(4)}")
    for f in layer.getFeatures():
        text, want = shown(layer, "[%" + layer.labeling().settings().fieldName + "%]", f), label(f)
        check(text == want, f"{layer.name()}: the label of {f['cand_id']} is {text!r}, not {want!r}")
    return by


def when():
    """Candidates by year and against the dates of their zones, in the layers, the form, and the temporal controller."""
    for f in candidates.getFeatures():
        p = truth[f["cand_id"]]
        check(all((f[n] or None) == (p[n] or None) for n in dates), f"{f['cand_id']} has {[f[n] for n in dates]}, not {[p[n] for n in dates]}")
    some = next(iter(truth.values()))
    if "date_grd" in dates:
        with open(os.path.join(folder, "manifest.json")) as g:
            inputs = json.load(g)["inputs"]
        ramp, first, last = QgsStyle.defaultStyle().colorRamp("Viridis"), some["year_a"] + 1, some["year_b"]
        years = sorted({i["year"] for i in inputs if first <= i.get("year", 0) < last}) + [last]
        found = [c.value() for c in layers["candidates_year"].renderer().categories()]
        check(found == [*map(str, years), "several", "C", "D"], f"years {found}, not {years}")
        wanted = {}
        for i, c in enumerate(layers["candidates_year"].renderer().categories()[:-3]):
            colour, like = c.symbol().symbolLayers()[-1].fillColor(), ramp.color(i / max(1, len(found) - 4))
            check(max(abs(colour.red() - like.red()), abs(colour.green() - like.green()), abs(colour.blue() - like.blue())) < 12, f"{c.value()} is {colour.name()}, viridis has {like.name()}")
            wanted[c.value()] = (c.value() + " 年", colour.name(), True)
        wanted.update(several=("分多年变化", "#cc79a7", True), C=("C 反复变化，仅知区间", "#404040", False), D=("D 无法判定年份", "#999999", True))
        by = shown_by(layers["candidates_year"], wanted, lambda p: (str(p["chg_year"]) if p["chg_year"] else "several") if p["date_grd"] in "AB" else p["date_grd"],
                      lambda f: when_changed(truth[f["cand_id"]]))
        timed(layers["candidates_year"], "变化年份")
        settings = project.timeSettings()
        extent = settings.temporalRange()
        check((extent.begin(), extent.end()) == (year(first).begin(), year(last).end()), f"the project has the times {extent.begin().toString()} to {extent.end().toString()}")
        check(settings.timeStep() == 1 and settings.timeStepUnit() == QgsUnitTypes.TemporalYears, f"a frame of {settings.timeStep()} {settings.timeStepUnit()}")
        controller = times.temporalController()
        controller.setNavigationMode(controller.Animated)
        frames = [controller.dateTimeRangeForFrameNumber(n).begin().date().year() for n in range(controller.totalFrameCount())]
        check([y for y in frames if y <= last] == list(range(first, last + 1)), f"the controller goes through {frames}")
    else:
        check(project.timeSettings().temporalRange().isInfinite(), "the project has times")
    if "vs_zone" in dates:
        layer = project.mapLayer("greenshield_candidates_since")
        wanted = {"before": ("历史遗留", "#0072b2", True), "after": ("新增", "#d55e00", True), "straddles": ("不能判定", "#f0e442", True), "unknown": ("未知", "#999999", True)}
        shown_by(layer, wanted, lambda p: p["vs_zone"], lambda f: wanted[f["vs_zone"]][0] + founded(f["zone_since"]))


def relations(layer):
    """The layer of 与台账的关系: each candidate in the colour of what it is to the ledger, and gone when that is switched off."""
    wanted = {"new": ("新增", "#d55e00"), "grown": ("规模扩大", "#cc79a7"), "known": ("台账已有", "#0072b2"), "refuted_before": ("曾核查不属实", "#999999")}
    renderer = layer.renderer()
    found = {c.value(): (c.label(), c.symbol().symbolLayers()[-1].fillColor().name()) for c in renderer.categories()}
    check(found == wanted and list(found) == list(wanted), f"relations are shown as {found}")
    by = collections.defaultdict(list)
    for f in layer.getFeatures():
        by[f["relation"] if f["relation"] in wanted else "known"].append(f)
    check(len(by) > 2, f"the run has only the relations {list(by)}")

    keys = {c.value(): renderer.legendSymbolItems()[i].ruleKey() for i, c in enumerate(renderer.categories())}
    for standing, features in by.items():
        f = max(features, key=lambda f: f["area_ha"])
        colour = wanted[standing][1]
        check(drawn_colours(layer, f)[colour] > 100, f"{f['cand_id']}, {f['relation']}, is not drawn in {colour}: {drawn_colours(layer, f).most_common(4)}")
        renderer.checkLegendSymbolItem(keys[standing], False)
        check(drawn_colours(layer, f)[colour] < 20, f"{f['cand_id']} is drawn although {standing} is switched off")
        renderer.checkLegendSymbolItem(keys[standing], True)
        for f in features:
            text = shown(layer, "[%" + layer.labeling().settings().fieldName + "%]", f)
            check(text == f"{represented('relation', f)}\n{f['case_id']}", f"the label of {f['cand_id']} is {text!r}")
    # What was said of a case stands in the form, and is the verdict where it still holds.
    carried = [f for f in layer.getFeatures() if f["case_verd"] not in ("", "unreviewed")]
    check(carried and all(f["verdict"] == ("unreviewed" if f["confirm"] else f["case_verd"]) for f in carried), f"{len(carried)} verdicts are carried, some otherwise")
    check(all(represented("case_verd", f) in VERDICTS and represented("case_state", f) != f["case_state"] and f["case_id"] for f in carried), "what was said of a case has no label")
    check(any(f["confirm"] and represented("confirm", f) != f["confirm"] for f in carried), "nothing has to be confirmed")
    check(all(f[n] == truth[f["cand_id"]][n] for f in layer.getFeatures() for n in KNOWN), "the layer and candidates.geojson do not know the same")
    if picture:
        photograph("与台账的关系", next(f for f in layer.getFeatures() if f["relation"] == "grown").geometry().boundingBox().center(), "-relations")


def examined():
    """The evidence on candidates: in the layer as in candidates.geojson, nothing for nothing, and by priority in the layer of that theme."""
    for f in candidates.getFeatures():
        p = truth[f["cand_id"]]
        got = [None if f[n] == NULL else f[n] for n in proof]
        check(all(a == p[n] or isinstance(a, float) and abs(a - p[n]) < 0.51 for n, a in zip(proof, got)), f"{f['cand_id']} has {got}, not {[p[n] for n in proof]}")
        tip = shown(candidates, candidates.mapTipTemplate(), f)
        check("prio" not in proof or f"核查优先级 {p['prio']}：{p['prio_why']}" in tip, f"map tip {tip!r}")
        check("agree_of" not in proof or agreement(p) in tip, f"map tip {tip!r}")
    if "prio" not in proof:
        return
    bands = {"80–100": "#54278f", "60–79": "#756bb1", "40–59": "#9e9ac8", "20–39": "#cbc9e2", "0–19": "#f2f0f7"}
    band = lambda p: list(bands)[4 - min(p["prio"] // 20, 4)]
    by = shown_by(layers["candidates_priority"], {b: (b, c, True) for b, c in bands.items()}, band, lambda f: str(f["prio"]))
    want = collections.Counter(band(p) for p in truth.values())
    check({b: len(f) for b, f in by.items()} == want, f"{ {b: len(f) for b, f in by.items()} } candidates by priority, not {want}")
    if picture:
        photograph("核查优先级", max(candidates.getFeatures(), key=lambda f: f["area_ha"]).geometry().boundingBox().center(), "-priority")


if known:
    relations(layers["candidates_relation"])
if proof and counts["candidates"]:
    examined()
if dates and counts["candidates"]:
    if picture:
        center = max(candidates.getFeatures(), key=lambda f: f["area_ha"]).geometry().boundingBox().center()
        for theme, name in (("变化年份", "-years"), ("与设立时间的先后", "-since")):
            if theme in wanted_themes:
                photograph(theme, center, name)
    when()
extent = project.viewSettings().defaultViewExtent()
whole = candidates.extent() if counts["candidates"] else QgsRectangle()
check(extent.contains(whole) and extent.width() < 1.5 * whole.width() + 0.01, f"it opens at {extent.toString()}, the candidates are in {whole.toString()}")

# A picture: severities above, zones and land cover below.
settings = QgsMapSettings()
settings.setDestinationCrs(project.crs())
settings.setOutputSize(QSize(1200, 800))
settings.setOutputDpi(96)
settings.setBackgroundColor(QColor("white"))
order = [n.layer() for n in project.layerTreeRoot().findLayers() if n.isVisible()]
settings.setLayers(order)
view = QgsRectangle(extent)
worst = max(candidates.getFeatures(), key=rank, default=None)
if picture and worst is not None:
    center = worst.geometry().boundingBox().center()
    view = QgsRectangle(center.x() - 0.06, center.y() - 0.04, center.x() + 0.06, center.y() + 0.04)
settings.setExtent(view)
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
check(not job.errors(), f"drawing: {[e.message for e in job.errors()]}")
image = job.renderedImage()
if picture:
    image.save(picture)
found = set()
for x in range(0, image.width()):
    for y in range(0, image.height(), 2):
        c = image.pixelColor(x, y)
        for level, rgb in {4: (213, 94, 0), 3: (240, 228, 66), 2: (86, 180, 233), 1: (230, 230, 230)}.items():
            if max(abs(c.red() - rgb[0]), abs(c.green() - rgb[1]), abs(c.blue() - rgb[2])) < 12:
                found.add(level)
wanted = {level for level, name in severities.items() if counts["by_severity"][name]}
check(picture or wanted <= found, f"the picture shows the severities {found}, not {wanted}")

# The GeoPackage by itself: default styles out of layer_styles.
for name in ours:
    l = QgsVectorLayer(os.path.join(folder, "review.gpkg") + "|layername=" + name, name, "ogr")
    check(l.isValid(), f"review.gpkg, {name}: does not open")
    text, ok = l.loadDefaultStyle()
    check(ok, f"review.gpkg, {name}: no default style: {text}")
    check(l.crs().authid() == "EPSG:4490", f"review.gpkg, {name}: CRS {l.crs().authid()}")
    check(l.renderer().type() == "categorizedSymbol", f"review.gpkg, {name}: shown as {l.renderer().type()}")
    check(all(f.hasGeometry() for f in l.getFeatures()) or name == "coverage", f"review.gpkg, {name}: features without a place")
    if name == "candidates":
        aliases_and_form(l, "review.gpkg", EDITABLE)
        form(l, "review.gpkg", FIRST)
        check(l.featureCount() == counts["candidates"], f"{l.featureCount()} candidates")
        inside = sum(1 for f in l.getFeatures(l.extent()))
        check(inside == counts["candidates"], f"the spatial index finds {inside}")

# The bare GeoJSON, with the style beside it.
l = QgsVectorLayer(os.path.join(folder, "candidates.geojson"), "candidates", "ogr")
text, ok = l.loadDefaultStyle()
check(ok and l.renderer().type() == "categorizedSymbol" and l.featureCount() == counts["candidates"], f"candidates.geojson: {l.featureCount()} features, style {ok}")
aliases_and_form(l, "candidates.geojson", {"verdict"})
form(l, "candidates.geojson", ["verdict"])

# What QGIS fills in by itself when a verdict is given, keeps, and takes back.
copy = os.path.join(tempfile.mkdtemp(), "review.gpkg")
shutil.copy(os.path.join(folder, "review.gpkg"), copy)
l = QgsVectorLayer(copy + "|layername=candidates", "candidates", "ogr")
l.loadDefaultStyle()
scope = QgsExpressionContextUtils.globalScope()
user = scope.variable("user_full_name") or scope.variable("user_account_name")
check(user, "QGIS knows no user")
today = QDate.currentDate()
if counts["candidates"]:
    number = next(l.getFeatures()).id()
    color = {f["severity"]: f for f in l.getFeatures()}[max(f["severity"] for f in l.getFeatures())]
    before = drawn(l, color.geometry())
    check(before[1] > 20, f"a candidate that waits has only {before[1]} coloured pixels")
    l.startEditing()
    l.changeAttributeValue(color.id(), l.fields().indexOf("verdict"), "confirmed")
    faded = drawn(l, color.geometry())
    check(faded[0] < 0.6 * before[0], f"a judged candidate does not fade: {before}, then {faded}")
    l.rollBack()
    for changes, want in [
        ({"rev_note": "未定"}, ("unreviewed", "", None, "未定")),
        ({"verdict": "confirmed"}, ("confirmed", user, today, "未定")),
        ({"reviewer": "核查员"}, ("confirmed", "核查员", today, "未定")),
        ({"verdict": "refuted", "rev_date": QDate(2020, 1, 1)}, ("refuted", "核查员", today, "未定")),
        ({"verdict": "field_check", "reviewer": ""}, ("field_check", user, today, "未定")),
        ({"verdict": "unreviewed"}, ("unreviewed", "", None, "未定")),
    ]:
        l.startEditing()
        l.changeAttributeValues(number, {l.fields().indexOf(k): v for k, v in changes.items()})
        check(l.commitChanges(), f"{changes} not saved: {l.commitErrors()}")
        got = tuple(l.getFeature(number).attribute(k) or None for k in ("verdict", "reviewer", "rev_date", "rev_note"))
        check(got == tuple(w or None for w in want), f"{changes} gives {got}, not {want}")

# The actions, in the project of a copy, run as QGIS runs them, in a window with no more than map, messages and toolbar.
class Window:
    def __init__(self):
        self.canvas, self.told, self.window = QgsMapCanvas(), [], QMainWindow()

    def mainWindow(self):
        return self.window

    def layerTreeView(self):
        return self

    def layerTreeModel(self):
        return QgsLayerTreeModel(project.layerTreeRoot())

    def toolbar(self):
        """The keys of the toolbar, and what it says."""
        bar, = self.window.findChildren(QToolBar, "greenshield_judge")
        return {a.shortcut().toString(): a for a in bar.actions() if a.text()}, bar.findChild(QLabel)

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self

    def pushInfo(self, title, text):
        self.told.append(text)

    def pushWarning(self, title, text):
        self.told.append("警告 " + text)


class Runner(QgsPythonRunner):
    def runCommand(self, command, message=""):
        exec(command, {"qgis": qgis})  # QGIS runs lines of its own, too
        return True


def actions(folder):
    """Judges in a copy of a folder by its actions alone."""
    copy = shutil.copytree(folder, os.path.join(tempfile.mkdtemp(), "out"))
    project.read(os.path.join(copy, "review.qgz"))
    layer = project.mapLayersByName("候选图斑")[0]
    if known:  # candidates whose verdict is carried do not wait for one; here all shall
        layer.startEditing()
        for f in layer.getFeatures():
            if f["verdict"] != "unreviewed":
                layer.changeAttributeValue(f.id(), layer.fields().indexOf("verdict"), "unreviewed")
        check(layer.commitChanges(), f"not saved: {layer.commitErrors()}")
    window = qgis.utils.iface = Window()
    window.canvas.setDestinationCrs(project.crs())
    window.canvas.resize(400, 300)
    offered = {a.name(): a for a in layer.actions().actions()}
    start = "下一个未核查 (按键 1-9)"
    check(list(offered) == [start, "属实", "不属实", "需实地", "复制坐标"] + ["地图服务"] * ("basemap" in layers), f"actions {list(offered)}")
    browser = Browser()
    QDesktopServices.setUrlHandler("http", browser.open)
    check(layer.actions().defaultAction("Canvas").name() == start, "a click does something else")

    def do(name, feature, tells):
        window.told.clear()
        check(offered[name].isValid(), f"{name} is no action")
        layer.actions().doAction(offered[name].id(), feature or QgsFeature(), QgsExpressionContext(
            QgsExpressionContextUtils.globalProjectLayerScopes(layer)) if feature is None else context_of(layer, feature))
        told = window.told or [window.toolbar()[1].text()]
        check(len(told) == 1 and told[0].startswith(tells), f"{name} tells {told}, not {tells}")

    order = [f.id() for f in sorted(layer.getFeatures(), key=lambda f: (*(-x for x in rank(f)), f.id()))]
    number = len(order)
    verdict_of = lambda n: layer.getFeature(n)["verdict"]
    layer.removeSelection()
    do("属实", None, "警告 请先选中图斑")
    do(start, None, f"还有 {number} 个图斑待核查")
    check(layer.selectedFeatureIds() == order[:1], f"{layer.selectedFeatureIds()} is next, not {order[0]}")
    place, extent = layer.getFeature(order[0]).geometry().boundingBox(), window.canvas.extent()
    check(extent.contains(place) and 2.5 < max(extent.width() / place.width(), extent.height() / place.height()), f"zoomed to {extent.toString()}")
    do("属实", layer.getFeature(order[0]), "属实：1 个图斑")
    check(not layer.isEditable() and verdict_of(order[0]) == "confirmed", f"judged {verdict_of(order[0])}, editing {layer.isEditable()}")
    check(layer.getFeature(order[0])["reviewer"] == user and layer.getFeature(order[0])["rev_date"] == today, "nobody has judged")
    do(start, None, f"还有 {number - 1} 个图斑待核查")
    check(layer.selectedFeatureIds() == order[1:2], f"{layer.selectedFeatureIds()} is second, not {order[1]}")
    layer.selectByIds(order[1:4])
    do("需实地", None, "需实地：3 个图斑")
    do("不属实", layer.getFeature(order[0]), "不属实：1 个图斑")
    check([verdict_of(n) for n in order[:5]] == ["refuted"] + 3 * ["field_check"] + ["unreviewed"], "verdicts of actions")
    layer.selectByIds(order[-1:])
    do(start, None, f"还有 {number - 4} 个图斑待核查")
    check(layer.selectedFeatureIds() == order[4:5], f"{layer.selectedFeatureIds()} follows the last, not {order[4]}")
    layer.startEditing()
    do("属实", layer.getFeature(order[4]), "属实：1 个图斑")
    check(layer.isEditable() and verdict_of(order[4]) == "confirmed", "editing by hand was ended")
    layer.rollBack()
    check(verdict_of(order[4]) == "unreviewed", "the action saved what is edited by hand")
    layer.selectAll()
    do("属实", None, f"属实：{number} 个图斑")
    do(start, None, "图斑已全部核查")
    keys(layer, window, order)
    first = layer.getFeature(order[0])
    do("复制坐标", first, f"已复制经度,纬度：{first['lon']:.6f},{first['lat']:.6f}")
    check(QApplication.clipboard().text() == f"{first['lon']:.6f},{first['lat']:.6f}", f"copied {QApplication.clipboard().text()}")
    db = sqlite3.connect(os.path.join(copy, "review.gpkg"))
    check(db.execute("SELECT DISTINCT verdict, reviewer, rev_date FROM candidates").fetchall() ==
          [("confirmed", user, today.toString("yyyy-MM-dd"))], "not all are saved")
    db.close()
    # What the GeoPackage refuses is told, and nothing is left half done.
    db = sqlite3.connect(os.path.join(copy, "review.gpkg"))
    db.execute("CREATE TRIGGER full BEFORE UPDATE ON candidates BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    db.commit()
    db.close()
    window.told.clear()
    layer.actions().doAction(offered["不属实"].id(), first, context_of(layer, first))
    check(len(window.told) == 1 and window.told[0].startswith("警告 核查结论未能保存"), f"a failed save tells {window.told}")
    check(not layer.isEditable() and verdict_of(order[0]) == "confirmed", "a failed save leaves something")
    messages.clear()  # QGIS told of the refusal


def keys(layer, window, order):
    """Presses the keys of the toolbar, with all candidates judged before."""
    buttons, said = window.toolbar()
    check({k: a.text() for k, a in buttons.items()} == {k: f"{k} {text}" for k, text in {
        "1": "属实", "2": "不属实", "3": "需实地", "4": "下一个", "5": "上一个", "7": "前期", "8": "后期", "9": "影像", "0": "地图服务"}.items()}, "keys of the toolbar")
    layer.startEditing()
    for number in order[2:5]:
        layer.changeAttributeValue(number, layer.fields().indexOf("verdict"), "unreviewed")
    layer.commitChanges()
    layer.removeSelection()
    for key, at, tells in [("4", 2, "还有 3 个图斑待核查"), ("2", 3, "不属实　还有 2 个图斑待核查"), ("4", 4, "还有 2 个图斑待核查"), ("3", 3, "需实地　还有 1 个图斑待核查"),
                           ("5", 4, "刚核查过，可以改判"), ("5", 2, "刚核查过，可以改判"), ("1", 3, "属实　还有 1 个图斑待核查"), ("1", 3, "属实　图斑已全部核查")]:
        buttons[key].trigger()
        check(layer.selectedFeatureIds() == [order[at]] and said.text().startswith(tells), f"key {key} leads to {layer.selectedFeatureIds()}, and says {said.text()}")
    check([layer.getFeature(n)["verdict"] for n in order[2:5]] == ["confirmed", "confirmed", "field_check"], "verdicts of keys")
    themes, root = project.mapThemeCollection(), project.layerTreeRoot()
    pictures = [t for t in ("后期影像", "前期影像", "底图") if t in themes.mapThemes()]
    for key, theme in [("7", "前期"), ("8", "后期"), ("8", "后期")] + [("9", p) for p in pictures + pictures[:1]]:
        buttons[key].trigger()
        visible = {n.layerId() for n in root.findLayers() if n.isVisible()}
        check(visible == set(themes.mapThemeVisibleLayerIds(theme)) and said.text().startswith(theme), f"key {key} shows {visible}, and says {said.text()}")
    if not pictures:
        buttons["9"].trigger()
        check(said.text().startswith("工程里没有"), f"key 9 says {said.text()}")
    buttons["0"].trigger()
    if "basemap" in layers:
        f = layer.getFeature(layer.selectedFeatureIds()[0])
        check(Browser.opened == [f"http://map.invalid/?c={f['lon']:.6f},{f['lat']:.6f}&z=1"] and "GCJ-02" in said.text(), f"key 0 opens {Browser.opened}, and says {said.text()}")
    else:
        check(said.text() == "工程没有设置地图服务", f"key 0 says {said.text()}")
    layer.selectAll()
    buttons["1"].trigger()
    check(said.text() == f"属实：{len(order)} 个图斑　图斑已全部核查", f"with all selected, key 1 says {said.text()}")


def context_of(layer, feature):
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    return context


def tiles():
    """The basemap: tiles of a server of this test, which nobody asks until the layer is shown, and none when it is away."""
    asked, tile = [], QImage(256, 256, QImage.Format_RGB32)
    tile.fill(QColor("#1122cc"))
    data = QBuffer()
    data.open(QBuffer.WriteOnly)
    tile.save(data, "PNG")

    class Tile(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(bytes(data.data()))

        def log_message(self, *_):
            pass

    def look(server, theme):
        """The colours of the middle of the map, of a project whose tiles come from that server."""
        copy = shutil.copytree(os.path.dirname(folder), os.path.join(tempfile.mkdtemp(), "copy"))
        path = os.path.join(copy, os.path.basename(folder), "review.qgz")
        with zipfile.ZipFile(path) as z:
            text = z.read("review.qgs").decode()
        check("url=http://tiles.invalid/" in text, "the basemap has another address")
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("review.qgs", text.replace("tiles.invalid", "127.0.0.1:%d" % server))
        check(project.read(path), f"with tiles of {server} it does not open")
        root = project.layerTreeRoot()
        if theme:
            project.mapThemeCollection().applyTheme(theme, root, QgsLayerTreeModel(root))
        check(all(l.isValid() for l in project.mapLayers().values()), f"with tiles of {server} a layer is broken")
        settings = QgsMapSettings()
        settings.setDestinationCrs(project.crs())
        settings.setOutputSize(QSize(300, 300))
        settings.setLayers([n.layer() for n in root.findLayers() if n.isVisible()])
        settings.setExtent(QgsRectangle(117.0, 31.0, 117.01, 31.01))
        settings.setTransformContext(project.transformContext())
        job = QgsMapRendererParallelJob(settings)
        job.start()
        job.waitForFinished()
        image = job.renderedImage()
        return [image.pixelColor(x, y).name() for x in range(100, 200) for y in range(100, 200)]

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    look(port, None)
    check(not asked, f"the project asks for {asked[:1]} by itself")
    check(look(port, "底图").count("#1122cc") > 5000, "the basemap is not drawn")
    places = [re.fullmatch(r"/(\d+)/(\d+)/(\d+)\.png\?a=1&k=2", path) for path in asked]
    check(places and all(places), f"asked for {asked[:3]}")
    for zoom, x, y in [map(int, p.groups()) for p in places if p]:
        check(abs(x / 2**zoom - (117.005 + 180) / 360) < 2 / 2**zoom + 1e-4, f"asked for column {x} at {zoom}")
        north = math.asinh(math.tan(math.radians(31.005)))
        check(abs(y / 2**zoom - (1 - north / math.pi) / 2) < 2 / 2**zoom + 1e-4, f"asked for row {y} at {zoom}")
    server.shutdown()
    server.server_close()
    check("#1122cc" not in look(port, "前期"), "another theme shows the basemap")
    look(port, "底图")  # nobody answers: the rest of the map is there
    messages[:] = [m for m in messages if "127.0.0.1" not in m and "refused" not in m]


class Browser(QObject):
    opened = []

    @pyqtSlot(QUrl)
    def open(self, address):
        Browser.opened.append(address.toString())


QgsPythonRunner.setInstance(Runner())
if "basemap" in layers:
    tiles()
if counts["candidates"] > 5:
    actions(folder)

# A verdict, in a copy, read back by another library.
copy = os.path.join(tempfile.mkdtemp(), "review.gpkg")
shutil.copy(os.path.join(folder, "review.gpkg"), copy)
l = QgsVectorLayer(copy + "|layername=candidates", "candidates", "ogr")
if counts["candidates"]:
    waiting = [f.id() for f in l.getFeatures() if f["verdict"] == "unreviewed"]
    check(known or len(waiting) == counts["candidates"], f"only {len(waiting)} candidates wait for a verdict")
    feature = l.getFeature(waiting[0])
    fields = l.fields()
    check(l.startEditing(), "the copy cannot be edited")
    for name, value in {"verdict": "refuted", "reviewer": "核查员", "rev_reason": "season", "rev_note": "实地'查看\""}.items():
        check(l.changeAttributeValue(feature.id(), fields.indexOf(name), value), f"{name} cannot be set")
    check(l.commitChanges(), f"not saved: {l.commitErrors()}")
    for what, edit in {
        "deleted": lambda: l.deleteFeature(feature.id()),
        "moved": lambda: l.changeGeometry(feature.id(), QgsGeometry.fromWkt("MultiPolygon(((117 31, 118 31, 118 32, 117 31)))")),
        "changed in another field": lambda: l.changeAttributeValue(feature.id(), fields.indexOf("area_ha"), 1.0),
        "given another id": lambda: l.changeAttributeValue(feature.id(), fields.indexOf("cand_id"), "C0"),
        "added": lambda: l.addFeature(QgsVectorLayerUtils.createFeature(l, feature.geometry())),
    }.items():
        l.startEditing()
        edit()
        check(not l.commitChanges(), f"a candidate can be {what}")
        l.rollBack()
        messages.clear()  # QGIS told the user what the GeoPackage refused
    check(next(l.getFeatures()).attribute("reviewer") != "NULL", "an empty text is NULL")
    feature_id = feature.id()
    del feature, l
    db = sqlite3.connect(copy)
    row = db.execute("SELECT verdict, reviewer, rev_date, rev_reason, rev_note FROM candidates WHERE fid = ?", (feature_id,)).fetchone()
    check(row == ("refuted", "核查员", today.toString("yyyy-MM-dd"), "season", "实地'查看\""), f"read back: {row}")
    check(db.execute("SELECT count(*) FROM candidates WHERE verdict = 'unreviewed'").fetchone()[0] == len(waiting) - 1, "another verdict changed")
    check(db.execute("SELECT count(*) FROM candidates").fetchone()[0] == counts["candidates"], "candidates were lost or added")
    check(db.execute("SELECT count(*) FROM candidates WHERE reviewer IS NULL OR rev_note IS NULL OR rev_note = 'NULL'").fetchone()[0] == 0, "an empty text is NULL")
    check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the copy is damaged")
db = sqlite3.connect("file:" + os.path.join(folder, "review.gpkg") + "?mode=ro", uri=True)
check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "review.gpkg is damaged")
if "chg_year" in dates:
    for name in ("chg_year", "chg_from", "chg_to"):
        kinds = {t: (n, least) for t, n, least in db.execute(f"SELECT typeof({name}), count(*), min({name}) FROM candidates GROUP BY 1")}
        none = sum(p[name] is None for p in truth.values())
        check(kinds.get("null", (0,))[0] == none and set(kinds) <= {"null", "integer"} and kinds.get("integer", (0, 1900))[1] >= 1900, f"{name} in review.gpkg: {kinds}, {none} have none")
check(db.execute("PRAGMA journal_mode").fetchone()[0] == "delete", "journal mode")
check(not [n for n in os.listdir(folder) if n.endswith(("-wal", "-shm", "-journal"))], "a journal stands beside it")
db.close()

check(not messages, f"QGIS warns: {messages[:5]}")
for f in faults:
    print("FAIL", f)
print(f"QGIS {Qgis.version()}: {len(layers)} layers, {counts['candidates']} candidates, {len(faults)} faults")
project.clear()
sys.stdout.flush()
os._exit(1 if faults else 0)

"""Opens a ledger in QGIS as an official would, fills in a copy for reviewers, and says what is wrong.

usage: ledger.py FOLDER EXPECTED.json [PICTURE.png]

FOLDER holds ledger.gpkg with ledger.qgz, and copy.gpkg with copy.qgz. EXPECTED.json says what SQL counts, and what is to be filled in in the copy."""
import collections, json, os, sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from qgis.core import (Qgis, QgsApplication, QgsAttributeEditorRelation, QgsExpressionContext, QgsExpressionContextUtils, QgsFeature, QgsMapRendererParallelJob, QgsMapSettings, QgsProject,
                       QgsPythonRunner, QgsRectangle, QgsVectorLayer)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QPainter, QFont

folder, expected = os.path.abspath(sys.argv[1]), json.load(open(sys.argv[2]))
picture = sys.argv[3] if len(sys.argv) > 3 else None
faults, messages = [], []


def check(ok, text):
    if not ok:
        faults.append(text)


class Runner(QgsPythonRunner):
    def runCommand(self, command, message=""):
        exec(command, {"__name__": "__main__"})
        return True

    def evalCommand(self, command, result):
        return False


app = QgsApplication([], True)
app.messageLog().messageReceived.connect(lambda text, tag, level: messages.append(f"{tag}: {text}") if level >= Qgis.Warning else None)
app.initQgis()
QgsPythonRunner.setInstance(Runner())


def opened(name):
    project = QgsProject.instance()
    check(project.read(os.path.join(folder, name)), f"{name} does not open: {project.error()}")
    check(project.crs().authid() == "EPSG:4490", f"{name} has the CRS {project.crs().authid()}")
    layers = {l.id().replace("greenshield_", ""): l for l in project.mapLayers().values()}
    for key, l in layers.items():
        check(l.isValid(), f"{name}: {l.source()} is missing or broken")
        for i, field in enumerate(l.fields()):
            hidden = field.name() in ("fid", "OGC_FID")
            check(hidden or any("\u4e00" <= c <= "\u9fff" for c in l.attributeAlias(i)), f"{name}, {key}: {field.name()} has the alias {l.attributeAlias(i)!r}")
    check(len(project.layerTreeRoot().findLayers()) == len(layers), f"{name}: not all layers stand in the tree")
    return project, layers


def pair(layers, group):
    return [layers["case_areas_" + group], layers["case_points_" + group]]


def features(layers, group):
    return [f for l in pair(layers, group) for f in l.getFeatures()]


def form_has_history(project, layer, case, count):
    """The form shows what was said of the case, in a tab of its own."""
    elements = [e for t in layer.editFormConfig().tabs() for e in t.children() if isinstance(e, QgsAttributeEditorRelation)]
    check([e.parent().name() for e in elements] == ["办理经过"], f"{layer.id()}: tabs {[t.name() for t in layer.editFormConfig().tabs()]}")
    for e in elements:
        check(e.init(project.relationManager()) and e.relation().isValid(), f"{layer.id()}: its relation is broken")
        feature = next(f for f in layer.getFeatures() if f["id"] == case)
        rows = list(e.relation().getRelatedFeatures(feature))
        check(len(rows) == count, f"{case} has {len(rows)} rows of history, not {count}")
        check(all(r["case_id"] == case and r["said"] and "sha256" not in r["said"] for r in rows), f"{case}: {[r.attributes() for r in rows]}")


# The file alone: QGIS takes the style by state, with Chinese names, and nothing can be edited.
for name in ("case_areas", "case_points"):
    alone = QgsVectorLayer(os.path.join(folder, "ledger.gpkg") + "|layername=" + name, name, "ogr")
    check(alone.isValid() and alone.crs().authid() == "EPSG:4490", f"{name} alone is not valid")
    check(alone.renderer().type() == "categorizedSymbol" and alone.renderer().classAttribute() == "state", f"{name} alone is not shown by state")
    check({c.value(): c.label() for c in alone.renderer().categories()}.get("rectifying") == "整改中", f"{name} alone has other classes")
    check(alone.attributeDisplayName(alone.fields().indexOf("verdict")) == "核查结论", f"{name} alone has no Chinese names")

project, layers = opened("ledger.qgz")
for key, layer in layers.items():
    check(layer.readOnly() and not layer.startEditing(), f"{key} can be edited")
check(collections.Counter(f["state"] for f in features(layers, "state")) == expected["states"], f"by state {collections.Counter(f['state'] for f in features(layers, 'state'))}, in SQL {expected['states']}")
check(collections.Counter(f["severity"] for f in features(layers, "severity")) == expected["severities"], f"by severity {collections.Counter(f['severity'] for f in features(layers, 'severity'))}, in SQL {expected['severities']}")
for group, ids in expected["groups"].items():
    check(sorted(f["id"] for f in features(layers, group)) == ids, f"{group}: {sorted(f['id'] for f in features(layers, group))}, not {ids}")
for layer in pair(layers, "state"):
    known = {c.value() for c in layer.renderer().categories()}
    check(all(f["state"] in known for f in layer.getFeatures()), "a state has no symbol")
check(len(list(layers["case_points_state"].getFeatures())) == len(expected["points"]), "points")
for f in layers["case_areas_state"].getFeatures():
    check(f.geometry().isGeosValid() and not f.geometry().isEmpty(), f"{f['id']} has an outline that is not valid")
for case, count in expected["history"].items():
    form_has_history(project, layers["case_areas_state"], case, count)
themes = project.mapThemeCollection()
check(len(themes.mapThemes()) == 5 and "按状态" in themes.mapThemes() and "按严重程度" in themes.mapThemes(), f"themes {themes.mapThemes()}")
for name in themes.mapThemes():
    check(len(themes.mapThemeVisibleLayerIds(name)) == 2, f"theme {name} shows {themes.mapThemeVisibleLayerIds(name)}")
check(sorted(b.name() for b in project.bookmarkManager().bookmarks()) == expected["counties"], f"bookmarks {[b.name() for b in project.bookmarkManager().bookmarks()]}")

# One county alone, from a case in it, and all again.
areas = layers["case_areas_state"]
one = next(f for f in areas.getFeatures() if f["county"] == expected["county"])
offered = {a.name(): a for a in areas.actions().actions()}


def act(name):
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(areas))
    context.setFeature(one)
    areas.actions().doAction(offered[name].id(), one, context)


everywhere = len(features(layers, "state"))
act("只看本县")
check(sorted(f["id"] for f in features(layers, "state")) == expected["in_county"], f"in {expected['county']} are {len(features(layers, 'state'))} cases, not {len(expected['in_county'])}")
check(all(f["county"] == expected["county"] for group in expected["groups"] for f in features(layers, group)), "another county is shown")
act("看全部县")
check(len(features(layers, "state")) == everywhere, "not all counties are back")


def rendered(group, title):
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(1000, 900))
    settings.setBackgroundColor(QColor("white"))
    settings.setLayers([layers["case_points_" + group], layers["case_areas_" + group]])
    box = QgsRectangle(areas.extent())
    box.combineExtentWith(layers["case_points_" + group].extent())
    box.scale(1.1)
    settings.setExtent(box)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    painter = QPainter(image)
    painter.setFont(QFont("Noto Sans CJK SC", 16))
    painter.drawText(20, 40, title)
    for i, c in enumerate(layers["case_areas_" + group].renderer().categories()):
        painter.fillRect(20, 62 + 28 * i, 24, 18, c.symbol().symbolLayer(c.symbol().symbolLayerCount() - 1).color())
        painter.drawText(54, 78 + 28 * i, c.label())
    painter.end()
    return image


if picture:
    left, right = rendered("state", "问题点位台账：按状态"), rendered("severity", "按严重程度")
    both = left.copy(0, 0, left.width() * 2, left.height())
    painter = QPainter(both)
    painter.drawImage(left.width(), 0, right)
    painter.end()
    both.save(picture)
    colours = {left.pixelColor(x, y).name() for x in range(300, 1000, 2) for y in range(100, 900, 2)}
    check(len(colours) > 20, "the picture is empty")

# A copy for reviewers: only verdict and rectification can be edited, by the form and behind it.
project, layers = opened("copy.qgz")
check(sorted(f["id"] for f in features(layers, "verdict")) == expected["in_county"], "the copy has other cases")
areas = layers["case_areas_verdict"]
editable = {f.name() for i, f in enumerate(areas.fields()) if not areas.editFormConfig().readOnly(i)}
check(editable == set(expected["editable"]), f"editable are {sorted(editable)}, not {sorted(expected['editable'])}")
by_id = {f["id"]: f for f in areas.getFeatures()}
some = next(iter(expected["judge"]))
form_has_history(project, areas, some, expected["history"].get(some, 1))
check(areas.startEditing(), "the copy cannot be edited")
areas.changeAttributeValue(by_id[some].id(), areas.fields().indexOf("state"), "struck_off")
check(not areas.commitChanges() and "只能填写核查和整改内容" in " ".join(areas.commitErrors()), f"a state was changed: {areas.commitErrors()}")
areas.rollBack()
areas.startEditing()
areas.deleteFeature(by_id[some].id())
check(not areas.commitChanges() and "点位不能删除" in " ".join(areas.commitErrors()), f"a case was deleted: {areas.commitErrors()}")
areas.rollBack()
for case, said in expected["judge"].items():
    areas.startEditing()
    for field, value in said.items():
        check(areas.changeAttributeValue(by_id[case].id(), areas.fields().indexOf(field), value), f"{field} of {case} cannot be set")
    check(areas.commitChanges(), f"{case}: {areas.commitErrors()}")
after = {f["id"]: f for f in areas.getFeatures()}
for case, said in expected["judge"].items():
    check(all(after[case][field] == value for field, value in said.items()), f"{case} has {after[case].attributes()}")
    if said.get("verdict"):
        check(after[case]["review_date"] and after[case]["reviewer"], f"{case}: QGIS did not fill in who judged, and when")

project.clear()
del areas, after, by_id, layers, layer, alone, one, offered
# QGIS tells of the edits that were refused.
unwanted = [m for m in messages if not any(w in m for w in ("failed to execute", "OGR error", "Unbalanced call"))]
check(not unwanted, f"QGIS says {unwanted}")
print(f"QGIS {Qgis.QGIS_VERSION}: {everywhere} cases, {len(faults)} faults")
for fault in faults:
    print("  " + fault)
sys.stdout.flush()
os._exit(1 if faults else 0)

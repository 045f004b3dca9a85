from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAction, QApplication, QLabel, QToolBar
from qgis.core import (NULL, QgsCoordinateTransform, QgsExpression, QgsExpressionContext, QgsExpressionContextUtils,
                       QgsFeatureRequest, QgsProject)
from qgis.utils import iface


class Judge:
    """Judges the candidates of the layer of that id: by a call, or by the keys of a toolbar."""

    def __init__(self, layer):
        self.id = layer
        self.judged = []   # numbers of candidates, in the order in which they were judged
        self.facts = ()    # what is said of the candidate that is shown
        self.said = None   # the label of the toolbar
        self.shown = None  # the theme that a key has shown

    def layer(self):
        return QgsProject.instance().mapLayer(self.id)

    def tell(self, text, warning=False):
        bar = iface.messageBar()
        (bar.pushWarning if warning else bar.pushInfo)("绿盾", text)

    def open(self, verdicts):
        """Puts a toolbar with keys in the window, in place of an earlier one. verdicts are (code, label)."""
        window = iface.mainWindow()
        for old in window.findChildren(QToolBar, "greenshield_judge"):
            window.removeToolBar(old)
            old.setParent(None)  # its keys go with it
            old.deleteLater()
        bar = QToolBar("绿盾核查", window)
        bar.setObjectName("greenshield_judge")
        window.addToolBarBreak(Qt.TopToolBarArea)
        window.addToolBar(Qt.TopToolBarArea, bar)
        self.layer().willBeDeleted.connect(bar.deleteLater)
        keys = [(label, lambda code=code, label=label: self.verdict(code, label, on=True)) for code, label in verdicts]
        keys += [("下一个", self.next), ("上一个", self.back), None]
        keys += [("前期", lambda: self.theme("前期")), ("后期", lambda: self.theme("后期")),
                 ("影像", lambda: self.theme("后期影像", "前期影像", "底图")), ("地图服务", self.service)]
        for i, key in enumerate(keys):
            if key is None:
                bar.addSeparator()
                continue
            text, does = key
            button = QAction("%d %s" % ((i + 1) % 10, text), bar)
            button.setShortcut(str((i + 1) % 10))
            button.setAutoRepeat(False)  # a key that is held down judges once
            button.triggered.connect(lambda checked=False, does=does: does())
            bar.addAction(button)
        bar.addSeparator()
        self.said = QLabel(bar)
        self.said.setTextFormat(Qt.PlainText)
        self.said.setMargin(6)
        bar.addWidget(self.said)
        iface.mapCanvas().setFocus()

    def numbers(self, clicked):
        """The candidate that was clicked, or those that are selected when it was none: 0, or nothing."""
        return [int(clicked)] if clicked.isdigit() and int(clicked) > 0 else self.layer().selectedFeatureIds()

    def verdict(self, code, label, clicked="", on=False):
        """Sets a verdict and saves it; with on it goes to the next candidate that waits."""
        layer, numbers = self.layer(), self.numbers(clicked)
        names = layer.fields().names()
        verdict, reviewer, date = [names.index(n) for n in ("verdict", "reviewer", "rev_date")]
        opened = not layer.isEditable()
        done = bool(numbers) and (layer.isEditable() or layer.startEditing())
        for number in numbers if done else []:
            # Whoever presses has judged: the defaults of the layer fill in name and date anew.
            done = done and layer.changeAttributeValues(number, {verdict: code, reviewer: "", date: NULL})
        # Who had switched on editing saves by himself.
        if done and opened:
            done = layer.commitChanges()
        if not numbers:
            return self.tell("请先选中图斑", True)
        if not done:
            self.tell("核查结论未能保存：" + "；".join(layer.commitErrors()), True)
            if opened:
                layer.rollBack()
            return
        self.judged = [n for n in self.judged if n not in numbers] + numbers
        layer.triggerRepaint()
        if on:
            self.next(label if len(numbers) == 1 else "%s：%d 个图斑" % (label, len(numbers)))
        else:
            self.tell("%s：%d 个图斑" % (label, len(numbers)))

    def next(self, judged="", clicked=""):
        """Goes to the next candidate that waits: the worst first, among these the largest, as in the table."""
        layer, here = self.layer(), self.numbers(clicked)
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.NoGeometry)
        request.setSubsetOfAttributes(["severity", "area_ha", "verdict"], layer.fields())
        order = sorted((-f["severity"], -f["area_ha"], f.id(), f["verdict"] == "unreviewed")
                       for f in layer.getFeatures(request))
        passed = max((i for i, row in enumerate(order) if row[2] in here), default=-1)
        following = [row[2] for row in order[passed + 1:] + order[:passed + 1] if row[3]]
        if following:
            self.show(following[0], judged, "还有 %d 个图斑待核查" % len(following))
        else:
            self.say(judged, "图斑已全部核查")

    def back(self):
        """Goes to the candidate that was judged last, then to those before it."""
        if not self.judged:
            return self.say("", "没有刚核查过的图斑")
        self.show(self.judged.pop(), "", "刚核查过，可以改判")

    def show(self, number, *texts):
        """Selects a candidate, and shows it with room around it."""
        layer, canvas = self.layer(), iface.mapCanvas()
        layer.selectByIds([number])
        feature = layer.getFeature(number)
        to_map = QgsCoordinateTransform(layer.crs(), canvas.mapSettings().destinationCrs(), QgsProject.instance())
        box = to_map.transformBoundingBox(feature.geometry().boundingBox())
        box.scale(3)
        canvas.setExtent(box)
        canvas.zoomScale(max(canvas.scale(), 5000))  # a few cells are shown with their surroundings
        canvas.refresh()
        context = self.context(feature)
        said = ["represent_value(\"severity\")", layer.displayExpression()]
        self.facts = [QgsExpression(e).evaluate(context) for e in said]
        self.say(*texts, *self.facts)

    def context(self, feature):
        context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(self.layer()))
        context.setFeature(feature)
        return context

    def say(self, *texts):
        """Says where the review stands: in the toolbar, or in a message where there is none."""
        text = "　".join(t for t in texts if t)
        if self.said:
            self.said.setText(text)
        else:
            self.tell(text)

    def service(self):
        """Opens the map service of the project, if it has one, at the candidate that is selected."""
        layer = self.layer()
        actions = [a.id() for a in layer.actions().actions() if a.name() == "地图服务"]
        if not actions:
            return self.say("工程没有设置地图服务")
        for feature in layer.getSelectedFeatures():
            layer.actions().doAction(actions[0], feature, self.context(feature))
            return self.say("已在浏览器中打开。互联网地图多用 GCJ-02 坐标，位置可能偏移数百米")

    def copy(self, place):
        QApplication.clipboard().setText(place)
        self.tell("已复制经度,纬度：" + place)

    def theme(self, *names):
        """Shows the first theme of these that there is; pressed again, the one after it."""
        themes = QgsProject.instance().mapThemeCollection()
        there = [n for n in names if themes.hasMapTheme(n)]
        if not there:
            return self.say("工程里没有" + "、".join(names))
        self.shown = there[(there.index(self.shown) + 1) % len(there)] if self.shown in there else there[0]
        themes.applyTheme(self.shown, QgsProject.instance().layerTreeRoot(), iface.layerTreeView().layerTreeModel())
        self.say(self.shown, *self.facts)

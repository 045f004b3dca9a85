from qgis.core import NULL, QgsProject
from qgis.utils import iface

layer = QgsProject.instance().mapLayer("[% @layer_id %]")
clicked = "[% $id %]"  # of the table as a whole: 0, or nothing
judged = [int(clicked)] if clicked.isdigit() and int(clicked) > 0 else layer.selectedFeatureIds()
names = layer.fields().names()
verdict, reviewer, date = [names.index(n) for n in ("verdict", "reviewer", "rev_date")]
opened = not layer.isEditable()
done = bool(judged) and (layer.isEditable() or layer.startEditing())
for number in judged if done else []:
    # Whoever clicks has judged: the defaults of the layer fill in name and date anew.
    done = done and layer.changeAttributeValues(number, {verdict: "VERDICT", reviewer: "", date: NULL})
# Who had switched on editing saves by himself.
if done and opened:
    done = layer.commitChanges()
if not judged:
    iface.messageBar().pushWarning("绿盾", "请先选中图斑")
elif done:
    iface.messageBar().pushInfo("绿盾", "LABEL：%d 个图斑" % len(judged))
else:
    iface.messageBar().pushWarning("绿盾", "核查结论未能保存：" + "；".join(layer.commitErrors()))
    if opened:
        layer.rollBack()
layer.triggerRepaint()

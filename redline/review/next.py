from qgis.core import QgsCoordinateTransform, QgsFeatureRequest, QgsProject
from qgis.utils import iface

layer = QgsProject.instance().mapLayer("[% @layer_id %]")
clicked = "[% $id %]"  # of the table as a whole: 0, or nothing
here = [int(clicked)] if clicked.isdigit() and int(clicked) > 0 else layer.selectedFeatureIds()
request = QgsFeatureRequest().setFlags(QgsFeatureRequest.NoGeometry)
# The order of the table: the worst first, among these the largest.
order = sorted((-f["severity"], -f["area_ha"], f.id(), f["verdict"] == "unreviewed")
               for f in layer.getFeatures(request))
passed = max((i for i, row in enumerate(order) if row[2] in here), default=-1)
following = [row[2] for row in order[passed + 1:] + order[:passed + 1] if row[3]]
if following:
    layer.selectByIds(following[:1])
    canvas = iface.mapCanvas()
    to_map = QgsCoordinateTransform(layer.crs(), canvas.mapSettings().destinationCrs(), QgsProject.instance())
    box = to_map.transformBoundingBox(layer.getFeature(following[0]).geometry().boundingBox())
    box.scale(3)
    canvas.setExtent(box)
    canvas.refresh()
    iface.messageBar().pushInfo("绿盾", "还有 %d 个图斑待核查" % len(following))
else:
    iface.messageBar().pushInfo("绿盾", "图斑已全部核查")

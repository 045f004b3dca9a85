"""A session of QGIS: session.py HOST DATABASE USER. It loads the layer ledger.judging, says "ready" with the number of
features, and does what each line of its input says, FIELD, ID and VALUE with tabs between them: it edits and saves, as
somebody does in the form, and says "saved", or the error."""
import sys

from qgis.core import QgsApplication, QgsDataSourceUri, QgsVectorLayer

app = QgsApplication([], False)
app.initQgis()
host, database, user = sys.argv[1:]
uri = QgsDataSourceUri()
uri.setConnection(host, "5432", database, user, "")
uri.setDataSource("ledger", "judging", "geom", "", "version")
uri.setSrid("4490")
layer = QgsVectorLayer(uri.uri(False), "judging", "postgres")
if not layer.isValid():
    sys.exit(f"the layer is not valid: {layer.error().message()}")
fields = layer.fields()
features = {f["id"]: f for f in layer.getFeatures()}  # as they are now
print("ready", len(features), layer.crs().authid(), flush=True)
for line in sys.stdin:
    field, case, value = line.rstrip("\n").split("\t")
    layer.startEditing()
    if not layer.changeAttributeValue(features[case].id(), fields.indexOf(field), value):
        print("QGIS refuses the value", flush=True)
    elif layer.commitChanges():
        print("saved", flush=True)
    else:
        print(" ".join(" ".join(layer.commitErrors()).split()), flush=True)
        layer.rollBack()
del layer
app.exitQgis()

from qgis.core import QgsProject

project = QgsProject.instance()
county = COUNTY
for layer in project.mapLayers().values():
    if layer.id().startswith("greenshield_case_"):
        whole = layer.customProperty("greenshield_whole", layer.subsetString())
        layer.setCustomProperty("greenshield_whole", whole)
        if county is None:
            layer.setSubsetString(whole)
        else:
            layer.setSubsetString("(%s) AND \"county\" = '%s'" % (whole or "1 = 1", county.replace("'", "''")))

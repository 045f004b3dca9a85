from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

place = "[% format_number("lon", 6, 'en') %],[% format_number("lat", 6, 'en') %]"
QApplication.clipboard().setText(place)
iface.messageBar().pushInfo("绿盾", "已复制经度,纬度：" + place)

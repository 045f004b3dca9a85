// What report.html needs of Apache ECharts, and nothing else.
import { BarChart, SankeyChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
use([BarChart, SankeyChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
export { init };

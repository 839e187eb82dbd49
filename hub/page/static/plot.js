// A chart, drawn by the framework's ECharts: that megabyte is loaded beside the page, which can be read
// meanwhile, and only when there is something to draw.
export default {
  props: { options: Object },
  render() {
    return Vue.h("div");
  },
  mounted() {
    this.draw();
  },
  beforeUnmount() {
    this.gone = true;
    if (!this.chart) return;
    this.sized.disconnect();
    this.chart.dispose();
  },
  watch: {
    options() {
      this.draw();
    },
  },
  methods: {
    // An observer calls at once, too: a chart that fits already is not drawn twice.
    fit() {
      const { clientWidth, clientHeight } = this.$el;
      if (this.chart.getWidth() !== clientWidth || this.chart.getHeight() !== clientHeight) this.chart.resize();
    },
    async draw() {
      if (!this.options.series) return;
      const { echarts } = await import("nicegui-echart");
      if (this.gone) return;
      if (!this.chart) {
        this.chart = echarts.init(this.$el);
        this.sized = new ResizeObserver(() => this.fit());
        this.sized.observe(this.$el);
      }
      this.chart.setOption(this.options, { notMerge: true });
    },
  },
};

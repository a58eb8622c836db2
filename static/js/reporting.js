// Arrivals and completions: one line each, drawn again when the theme or the width changes.
(() => {
  const place = document.getElementById("flow");
  const data = document.getElementById("flow-data");
  const words = document.getElementById("flow-words");
  if (!place || !data || !window.echarts) return;
  const flow = JSON.parse(data.textContent);
  let chart;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = () => {
    chart?.dispose();
    chart = echarts.init(place, null, { renderer: "svg" });
    const ink = colour("--tblr-body-color"), line = colour("--tblr-border-color");
    const series = (name, values, tint, type) => ({ name, data: values, type: "line", symbol: type, symbolSize: 8, lineStyle: { width: 2.5, type: type === "circle" ? "solid" : "dashed" }, itemStyle: { color: tint } });
    chart.setOption({
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      grid: { left: 36, right: 12, top: 34, bottom: 26 },
      legend: { top: 0, left: 0, textStyle: { color: ink } },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: flow.days, axisLabel: { color: ink }, axisLine: { lineStyle: { color: line } } },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: ink }, splitLine: { lineStyle: { color: line } } },
      series: [series(words.dataset.opened, flow.opened, colour("--tblr-primary"), "circle"), series(words.dataset.resolved, flow.resolved, colour("--tblr-secondary"), "rect")],
    });
  };
  draw();
  addEventListener("resize", () => chart.resize());
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();

//! A dashboard for Grafana over the series that the rules for Prometheus record.

use serde_json::{Value, json};

use super::prometheus::series;
use super::{Exported, NOW_SECONDS, Spoken, length, spoken};
use crate::book::Book;
use crate::selector::quoted;

/// The form of dashboards that Grafana 11 writes; later ones read it.
const SCHEMA_VERSION: u64 = 39;
const WIDTH: u64 = 24;

impl Book {
    /// The objectives as a dashboard for Grafana: of each, the budget that is left, how fast it burns, the share of bad events over
    /// every window, and its alerts. It reads what the rules of [`Book::to_prometheus`] record.
    pub fn to_grafana(&self, title: &str) -> Exported {
        let mut warnings = vec![];
        let (said, left_out) = spoken(self, &mut warnings);
        let mut layout = Layout { panels: vec![], y: 0 };
        said.iter().for_each(|one| layout.objective(one));
        let dashboard = json!({
            "annotations": {"list": []},
            "description": "Written by probity from OpenSLO files.",
            "editable": true,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": [],
            "panels": layout.panels,
            "refresh": "1m",
            "schemaVersion": SCHEMA_VERSION,
            "tags": ["slo", "probity"],
            "templating": {"list": [{
                "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0,
                "includeAll": false, "multi": false, "options": [], "refresh": 1, "regex": "", "skipUrlSync": false,
            }]},
            "time": {"from": "now-6h", "to": "now"},
            "timepicker": {},
            "timezone": "utc",
            "title": title,
            "uid": "probity-slo",
            "version": 1,
            "weekStart": "",
        });
        Exported { text: format!("{dashboard:#}\n"), objectives: said.len(), left_out, warnings, alerts: vec![] }
    }
}

/// Panels from top to bottom.
struct Layout {
    panels: Vec<Value>,
    y: u64,
}

impl Layout {
    fn objective(&mut self, one: &Spoken<'_>) {
        let title = format!("{}: {} ({})", one.rule.service, one.rule.title, one.objective.name);
        let row = json!({"collapsed": false, "panels": [], "title": title, "type": "row"});
        self.put(row, 0, WIDTH, 1);
        self.y += 1;
        let recorded = |name: &str| format!("{name}{{sloth_id={}}}", quoted(&one.id));
        let budget = recorded("slo:period_error_budget_remaining:ratio");
        let left = format!("Error budget left of {}", length(one.period_seconds));
        self.put(stat(&left, &budget, "percentunit", &[("red", None), ("green", Some(0.0))]), 0, 4, 4);
        let now = recorded("slo:current_burn_rate:ratio");
        let title = format!("Burn rate over {}", length(NOW_SECONDS));
        self.put(stat(&title, &now, "none", &[("green", None), ("red", Some(1.0))]), 4, 4, 4);
        let shares: Vec<(String, String)> =
            one.windows().into_iter().map(|seconds| (length(seconds), series(one, seconds))).collect();
        self.put(lines("Share of bad events", &shares), 8, 8, 8);
        let firing = format!(
            "ALERTS{{alertname=\"BurnRate\",alertstate=\"firing\",service={},rule={},objective={}}}",
            quoted(&one.rule.service),
            quoted(&one.rule.name),
            quoted(&one.objective.name)
        );
        self.put(lines("Alerts that fire", &[("{{policy}} {{severity}}".to_owned(), firing)]), 16, 8, 8);
        let promised = recorded("slo:objective:ratio");
        self.y += 4;
        self.put(stat("Objective", &promised, "percentunit", &[("blue", None)]), 0, 8, 4);
        self.y += 4;
    }

    fn put(&mut self, mut panel: Value, x: u64, width: u64, height: u64) {
        panel["id"] = (self.panels.len() as u64 + 1).into();
        panel["gridPos"] = json!({"h": height, "w": width, "x": x, "y": self.y});
        self.panels.push(panel);
    }
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn stat(title: &str, expression: &str, unit: &str, steps: &[(&str, Option<f64>)]) -> Value {
    let steps: Vec<Value> = steps.iter().map(|(color, value)| json!({"color": color, "value": value})).collect();
    json!({
        "datasource": source(),
        "fieldConfig": {
            "defaults": {"unit": unit, "noValue": "no data", "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {
            "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
        },
        "targets": [{"datasource": source(), "expr": expression, "instant": true, "range": false, "refId": "A"}],
        "title": title,
        "type": "stat",
    })
}

fn lines(title: &str, series: &[(String, String)]) -> Value {
    let target = |(number, (legend, expression)): (usize, &(String, String))| {
        json!({
            "datasource": source(), "expr": expression, "instant": false, "legendFormat": legend, "range": true,
            "refId": format!("A{number}"),
        })
    };
    let targets: Vec<Value> = series.iter().enumerate().map(target).collect();
    json!({
        "datasource": source(),
        "fieldConfig": {"defaults": {"min": 0, "custom": {"drawStyle": "line", "fillOpacity": 0}}, "overrides": []},
        "options": {
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        "targets": targets,
        "title": title,
        "type": "timeseries",
    })
}

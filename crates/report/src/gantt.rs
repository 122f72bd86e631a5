//! The recovery plan as a Gantt chart: one row per step, stages as bands, gates and surveillance between them.

use bulkhead_model::case::{RecoveryPlan, Stage};

use crate::page::stage_title;
use crate::svg::{Svg, shorten};
use crate::text::span_in;
use crate::words::{Lang, Words};

const LEFT: f64 = 230.0;
const RIGHT: f64 = 20.0;
const WIDTH: f64 = 1000.0;
const ROW: f64 = 18.0;
const TOP: f64 = 34.0;
/// More rows than this are summed up per asset, then per stage: a picture of 400 rows tells nobody anything.
const ROWS_MAX: usize = 60;

/// One bar.
struct Row {
    stage: u32,
    label: String,
    start: u64,
    end: u64,
    late_end: u64,
}

/// The chart. Times are from the start of recovery at median durations; the thin line after a bar is its nine-in-ten end.
pub fn svg(plan: &RecoveryPlan, id: &str) -> String {
    svg_in(&Words::new(Lang::En), plan, id)
}

/// The chart in a language.
pub fn svg_in(words: &Words, plan: &RecoveryPlan, id: &str) -> String {
    let rows = rows(words, plan);
    let last = plan.stages.iter().map(stage_end).max().unwrap_or(0).max(1);
    // A little more, so that the surveillance after the last stage is seen to begin.
    let end = last + last / 12 + 1;
    let height = TOP + ROW * (rows.len() as f64) + 30.0;
    let span = |secs: u64| span_in(secs, words.lang);
    let description =
        words.say("gantt-description", &[("n", plan.stages.len().into()), ("span", (&span(last)).into())]);
    let mut svg = Svg::new(WIDTH, height, &words.get("recovery-picture"), &description);
    let scale = (WIDTH - LEFT - RIGHT) / end as f64;
    let x = |secs: u64| LEFT + secs as f64 * scale;
    axis(&mut svg, words, end, height, &x);
    for stage in &plan.stages {
        watch(&mut svg, words, stage, end, height - 30.0, &x);
    }
    let mut y = TOP;
    for (index, row) in rows.iter().enumerate() {
        let new_stage = index == 0 || rows[index - 1].stage != row.stage;
        if new_stage {
            svg.line(0.0, y, WIDTH, y, "rule");
            svg.text(4.0, y + 13.0, &format!("{}", row.stage), "stage");
        }
        let tooltip = words.say(
            "gantt-row",
            &[
                ("label", (&row.label).into()),
                ("from", (&span(row.start)).into()),
                ("to", (&span(row.end)).into()),
                ("late", (&span(row.late_end)).into()),
            ],
        );
        svg.explained(&tooltip, |svg| {
            svg.text(LEFT - 6.0, y + 13.0, &shorten(&row.label, 32), "end label");
            svg.line(x(row.end), y + ROW / 2.0, x(row.late_end.min(end)), y + ROW / 2.0, "late");
            let width = (x(row.end) - x(row.start)).max(2.0);
            svg.rect(x(row.start), y + 3.0, width, ROW - 6.0, &format!("bar s{}", row.stage % 4));
        });
        y += ROW;
    }
    for stage in &plan.stages {
        gate(&mut svg, words, stage, y, &x);
    }
    svg.finish(id)
}

fn axis(svg: &mut Svg, words: &Words, end: u64, height: f64, x: &dyn Fn(u64) -> f64) {
    let steps = [900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800];
    let step = steps.into_iter().find(|it| end / it <= 10).unwrap_or(end.max(1));
    let mut at = 0;
    while at <= end {
        svg.line(x(at), TOP - 6.0, x(at), height - 24.0, "grid");
        svg.text(x(at), TOP - 12.0, &span_in(at, words.lang), "middle tick");
        at += step;
    }
}

/// The time of surveillance after a stage, as a band.
fn watch(svg: &mut Svg, words: &Words, stage: &Stage, end: u64, bottom: f64, x: &dyn Fn(u64) -> f64) {
    let from = stage_end(stage);
    let to = from.saturating_add(stage.gate.surveillance_s).min(end);
    if from >= to {
        return;
    }
    let width = x(to) - x(from);
    let watched = span_in(stage.gate.surveillance_s, words.lang);
    svg.explained(
        &words.say("gantt-watch", &[("stage", (&stage.n.to_string()).into()), ("span", (&watched).into())]),
        |svg| {
            svg.rect(x(from), TOP, width, bottom - TOP, "watch");
            if width > 60.0 {
                let text = words.say("gantt-watched", &[("span", (&watched).into())]);
                svg.text(
                    x(from) + width / 2.0,
                    bottom + 14.0,
                    &shorten(&text, (width / 6.0) as usize),
                    "middle tick",
                );
            }
        },
    );
}

fn gate(svg: &mut Svg, words: &Words, stage: &Stage, bottom: f64, x: &dyn Fn(u64) -> f64) {
    let at = x(stage_end(stage));
    let number = stage.n.to_string();
    let checks: Vec<String> = stage.gate.checks.iter().map(|it| words.said(it)).collect();
    let tooltip = words.say(
        "gantt-gate-long",
        &[
            ("stage", (&number).into()),
            ("checks", (&checks.join("; ")).into()),
            ("span", (&span_in(stage.gate.surveillance_s, words.lang)).into()),
        ],
    );
    svg.explained(&tooltip, |svg| {
        svg.line(at, TOP, at, bottom, "gate");
        svg.text(at, bottom + 14.0, &words.say("gantt-gate", &[("stage", (&number).into())]), "end tick");
    });
}

fn stage_end(stage: &Stage) -> u64 {
    stage.steps.iter().map(|it| it.end_s).max().unwrap_or(0)
}

fn rows(words: &Words, plan: &RecoveryPlan) -> Vec<Row> {
    let steps: usize = plan.stages.iter().map(|it| it.steps.len()).sum();
    let mut rows: Vec<Row> = Vec::new();
    for stage in &plan.stages {
        for step in &stage.steps {
            let label = if steps <= ROWS_MAX { step.id.clone() } else { step.asset.to_string() };
            let late_end = step.start_s + step.p90_s;
            let row = Row { stage: stage.n, label, start: step.start_s, end: step.end_s, late_end };
            match rows.iter_mut().find(|it| it.stage == row.stage && it.label == row.label) {
                Some(known) => {
                    known.start = known.start.min(row.start);
                    known.end = known.end.max(row.end);
                    known.late_end = known.late_end.max(row.late_end);
                }
                None => rows.push(row),
            }
        }
    }
    if rows.len() > ROWS_MAX {
        rows = per_stage(words, plan);
    }
    rows.sort_by_key(|it| (it.stage, it.start, it.end));
    rows
}

fn per_stage(words: &Words, plan: &RecoveryPlan) -> Vec<Row> {
    let row = |stage: &Stage| Row {
        stage: stage.n,
        label: format!(
            "{} ({})",
            stage_title(words, stage, str::to_owned),
            words.say("steps", &[("n", stage.steps.len().into())])
        ),
        start: stage.steps.iter().map(|it| it.start_s).min().unwrap_or(0),
        end: stage_end(stage),
        late_end: stage.steps.iter().map(|it| it.start_s + it.p90_s).max().unwrap_or(0),
    };
    plan.stages.iter().map(row).collect()
}

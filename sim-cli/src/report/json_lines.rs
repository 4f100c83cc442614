//! All that is known of a run as JSON lines: one object a line, the first says what the rest is about.

use serde_json::{Value, json};
use sim_explorer::{ArrowKind, LaneKind, MarkKind, Timeline};

use super::decided::decisions;
use super::{Story, json as to_json};
use crate::pending::pending;

/// Of the lines; rises when a script would misunderstand a new form.
const VERSION: u32 = 1;

pub(super) fn text(story: &Story) -> String {
    let told = &story.run;
    let Timeline { lanes, times, marks, waits, arrows, bands } = &told.timeline;
    let nanos = |step: usize| times.get(step).map_or(0, |time| time.as_nanos());
    let head = json!({
        "type": "run", "version": VERSION, "title": story.title, "outcome": told.report.outcome.word(),
        "hash": format!("{:016x}", told.report.hash), "source": told.report.source, "steps": times.len(),
    });
    let mut lines = vec![head];
    lines.extend(lanes.iter().enumerate().map(|(number, lane)| {
        let kind = if lane.kind == LaneKind::Host { "host" } else { "task" };
        json!({ "type": "lane", "lane": number, "kind": kind, "node": lane.node, "name": lane.name })
    }));
    lines.extend(marks.iter().map(|mark| {
        json!({
            "type": "mark", "step": mark.step, "at_nanos": nanos(mark.step), "lane": mark.lane,
            "kind": word_of_mark(mark.kind), "text": mark.text,
        })
    }));
    lines.extend(waits.iter().map(|wait| {
        let waited = nanos(wait.to).saturating_sub(nanos(wait.from));
        json!({ "type": "wait", "lane": wait.lane, "from": wait.from, "to": wait.to, "nanos": waited })
    }));
    lines.extend(arrows.iter().map(|arrow| {
        json!({
            "type": "arrow", "kind": word_of_arrow(arrow.kind), "from_lane": arrow.from.0, "from": arrow.from.1,
            "to_lane": arrow.to.0, "to": arrow.to.1, "text": arrow.text,
        })
    }));
    lines.extend(bands.iter().map(|band| {
        json!({ "type": "band", "text": band.text, "nodes": band.nodes, "from": band.from, "to": band.to })
    }));
    lines.extend(pending(&told.report.pending).iter().map(|task| {
        let mut line = json!(task);
        line["type"] = "pending".into();
        line
    }));
    if let Some(recording) = &told.report.recording {
        lines.extend(decisions(recording, &told.timeline).into_iter().map(|decision| {
            json!({ "type": "decision", "step": decision.step, "text": decision.text, "is_default": decision.is_default })
        }));
    }
    lines.iter().map(|line: &Value| to_json(line) + "\n").collect()
}

fn word_of_mark(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Polled => "polled",
        MarkKind::Said => "said",
        MarkKind::Ended => "ended",
        MarkKind::Packet => "packet",
        MarkKind::Fault => "fault",
        MarkKind::Other => "other",
    }
}

fn word_of_arrow(kind: ArrowKind) -> &'static str {
    match kind {
        ArrowKind::Wake => "wake",
        ArrowKind::Spawn => "spawn",
        ArrowKind::Send => "send",
        ArrowKind::Packet => "packet",
        ArrowKind::LostPacket => "lost packet",
    }
}

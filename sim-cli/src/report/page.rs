//! One page for a browser, which needs nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sim_explorer::{ArrowKind, LaneKind, MarkKind, Timeline};

use super::decided::decisions;
use super::{Story, Told, json as to_json};
use crate::pending::pending;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Of what the page is told; rises when its script would misunderstand it.
const VERSION: u32 = 1;

pub(super) fn text(story: &Story) -> String {
    let runs: Vec<Value> = [Some(&story.run), story.beside.as_ref()].into_iter().flatten().map(run).collect();
    let data =
        json!({ "version": VERSION, "title": story.title, "outcome": story.run.outcome(), "runs": runs });
    // Within a script, nothing of the data may look like the end of it.
    let data = to_json(&data).replace('<', "\\u003c");
    let parts = [
        ("/*STYLE*/", STYLE),
        ("/*SCRIPT*/", SCRIPT),
        ("/*TITLE*/", &escaped(&story.title)),
        ("/*DATA*/", &data),
    ];
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + data.len());
    let mut rest = PAGE;
    // Each part stands once in the page. It is not looked for in what was put in.
    while let Some((at, (name, part))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, *part))).min_by_key(|(at, _)| *at)
    {
        page.push_str(&rest[..at]);
        page.push_str(part);
        rest = &rest[at + name.len()..];
    }
    page.push_str(rest);
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Texts, each of which is kept once.
#[derive(Default)]
struct Texts<'a> {
    known: BTreeMap<&'a str, usize>,
    all: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: &'a str) -> usize {
        *self.known.entry(text).or_insert_with(|| {
            self.all.push(text);
            self.all.len() - 1
        })
    }
}

fn run(told: &Told) -> Value {
    let Timeline { lanes, times, marks, waits, arrows, bands } = &told.timeline;
    let mut texts = Texts::default();
    let lanes: Vec<Value> = lanes
        .iter()
        .map(|lane| json!([lane.node, lane.name, u8::from(lane.kind == LaneKind::Host)]))
        .collect();
    let times: Vec<u64> = times.iter().map(|time| time.as_nanos()).collect();
    let marks: Vec<Value> = marks
        .iter()
        .map(|mark| json!([mark.step, mark.lane, number_of_mark(mark.kind), texts.number(&mark.text)]))
        .collect();
    let waits: Vec<Value> = waits.iter().map(|wait| json!([wait.lane, wait.from, wait.to])).collect();
    let arrows: Vec<Value> = arrows
        .iter()
        .map(|arrow| {
            let (kind, text) = (number_of_arrow(arrow.kind), texts.number(&arrow.text));
            json!([kind, arrow.from.0, arrow.from.1, arrow.to.0, arrow.to.1, text])
        })
        .collect();
    let bands: Vec<Value> = bands
        .iter()
        .map(|band| json!([band.text, band.nodes, band.from, band.to.map_or(-1, |step| step as i64)]))
        .collect();
    let decided = told.report.recording.iter().flat_map(|recording| decisions(recording, &told.timeline));
    let decided: Vec<Value> =
        decided.map(|decision| json!([decision.step, decision.text, decision.is_default])).collect();
    json!({
        "name": told.name, "lanes": lanes, "times": times, "marks": marks, "texts": texts.all, "waits": waits,
        "arrows": arrows, "bands": bands, "decisions": decided, "pending": pending(&told.report.pending),
    })
}

/// As in the script.
fn number_of_mark(kind: MarkKind) -> u8 {
    match kind {
        MarkKind::Polled => 0,
        MarkKind::Said => 1,
        MarkKind::Ended => 2,
        MarkKind::Packet => 3,
        MarkKind::Fault => 4,
        MarkKind::Other => 5,
    }
}

fn number_of_arrow(kind: ArrowKind) -> u8 {
    match kind {
        ArrowKind::Wake => 0,
        ArrowKind::Spawn => 1,
        ArrowKind::Packet => 2,
        ArrowKind::LostPacket => 3,
        ArrowKind::Send => 4,
    }
}

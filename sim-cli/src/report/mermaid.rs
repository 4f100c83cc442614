//! A sequence diagram of Mermaid, for the text of a pull request.

use std::fmt::Write as _;

use sim_explorer::{ArrowKind, LaneKind, MarkKind, Timeline};

use super::Story;

/// So many lines at most: GitHub refuses long diagrams, and nobody reads them.
const LINES_MAX: usize = 80;

/// A line of the diagram, at its step.
struct Line {
    step: usize,
    text: String,
}

pub(super) fn text(story: &Story) -> String {
    let timeline = &story.run.timeline;
    let mut lines = lines(timeline);
    lines.sort_by_key(|line| line.step);
    let left_out = lines.len().saturating_sub(LINES_MAX);
    let nodes = nodes(timeline);
    let mut text = String::from("```mermaid\nsequenceDiagram\n");
    writeln!(text, "    %% {}", story.title).expect("a string takes all");
    for (number, node) in nodes.iter().enumerate() {
        writeln!(text, "    participant n{number} as {}", said(node)).expect("a string takes all");
    }
    if left_out > 0 {
        writeln!(text, "    Note over n0: {left_out} events before these").expect("a string takes all");
    }
    lines[left_out..]
        .iter()
        .for_each(|line| writeln!(text, "    {}", line.text).expect("a string takes all"));
    text.push_str("```\n");
    text
}

fn nodes(timeline: &Timeline) -> Vec<&str> {
    let mut nodes: Vec<&str> = timeline.lanes.iter().map(|lane| lane.node.as_str()).collect();
    nodes.dedup();
    nodes
}

fn lines(timeline: &Timeline) -> Vec<Line> {
    let nodes = nodes(timeline);
    let number = |lane: usize| {
        let node = &timeline.lanes[lane].node;
        nodes.iter().position(|known| known == node).unwrap_or(0)
    };
    let mut lines = Vec::new();
    for mark in timeline.marks.iter().filter(|mark| [MarkKind::Said, MarkKind::Fault].contains(&mark.kind)) {
        let lane = &timeline.lanes[mark.lane];
        let task = lane.name.strip_prefix(&lane.node).unwrap_or(&lane.name).trim_start_matches('/');
        let who =
            if task.is_empty() || lane.kind == LaneKind::Host { String::new() } else { format!("{task} ") };
        let time = timeline.times[mark.step];
        let node = number(mark.lane);
        lines.push(Line {
            step: mark.step,
            text: format!("Note over n{node}: {time} {}", said(&format!("{who}{}", mark.text))),
        });
    }
    for arrow in &timeline.arrows {
        let head = match arrow.kind {
            ArrowKind::Packet => "->>",
            ArrowKind::LostPacket => "-x",
            ArrowKind::Wake | ArrowKind::Spawn | ArrowKind::Send => continue,
        };
        // What only acknowledges is noise.
        if arrow.text.starts_with("ack ") {
            continue;
        }
        let (from, to) = (number(arrow.from.0), number(arrow.to.0));
        lines.push(Line { step: arrow.to.1, text: format!("n{from}{head}n{to}: {}", said(&arrow.text)) });
    }
    lines
}

/// Without what has a meaning in Mermaid.
fn said(text: &str) -> String {
    let mut said = String::new();
    for letter in text.chars() {
        match letter {
            ';' => said.push_str("#59;"),
            '#' => said.push_str("#35;"),
            '\n' => said.push(' '),
            ':' => said.push_str("#58;"),
            letter => said.push(letter),
        }
    }
    said
}

//! The fourth pass: what the program drew, as operations that are left out whole.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use sim_executor::{Key, Value};

use super::faults::leave_out;
use super::plan::Plan;
use super::reduce::reduce;
use super::search::Search;
use crate::exceptions::{AnswerKind, Asked, ValueException};

/// Leaves out operations of the workload: of each actor that drew, those that stand behind a number of operations or each
/// behind a `true`. Then single draws.
pub(super) fn workload(search: &mut Search<'_>) {
    for actor in actors(search) {
        for counted in counts(search, &actor) {
            shorten(search, &actor, counted);
        }
        for stream in flags(search, &actor) {
            let items = |search: &Search<'_>| spans(&draws(search, &actor), stream);
            reduce(search, items, |search, list, left_out| {
                let spans: Vec<Range<usize>> = list[left_out].to_vec();
                closed_up(search, &actor, &spans, None)
            });
        }
    }
    leave_out(search, AnswerKind::Workload);
}

/// The actors that drew, in the order in which they first did.
fn actors(search: &Search<'_>) -> Vec<Rc<str>> {
    let mut actors: Vec<Rc<str>> = Vec::new();
    for asked in &search.best.run.asked {
        if search.best.run.kind(asked) == AnswerKind::Workload
            && let Some(name) = search.best.run.names().get(&asked.key.stream)
            && !actors.contains(&name.lineage)
        {
            actors.push(Rc::clone(&name.lineage));
        }
    }
    actors
}

/// What an actor drew, in order.
fn draws(search: &Search<'_>, actor: &str) -> Vec<Asked> {
    let is_of_actor = |asked: &&Asked| {
        let name = search.best.run.names().get(&asked.key.stream);
        search.best.run.kind(asked) == AnswerKind::Workload
            && name.is_some_and(|name| *name.lineage == *actor)
    };
    search.best.run.asked.iter().filter(is_of_actor).copied().collect()
}

/// A number of operations, and how many draws each of them makes behind it.
#[derive(Clone, Copy, Debug)]
struct Counted {
    key: Key,
    draws_each: usize,
}

/// The numbers that may say how many operations follow: what is drawn behind them is a multiple of them.
fn counts(search: &Search<'_>, actor: &str) -> Vec<Counted> {
    let draws = draws(search, actor);
    let mut counts = Vec::new();
    for (place, asked) in draws.iter().enumerate() {
        let (Value::Int(count), behind) = (asked.value, draws.len() - place - 1) else { continue };
        let is_count = count >= 2 && asked.value != asked.gentlest && (behind as u64).is_multiple_of(count);
        if is_count && behind as u64 / count <= 16 {
            counts.push(Counted { key: asked.key, draws_each: (behind as u64 / count) as usize });
        }
    }
    counts
}

/// Leaves out operations behind their number, which is lowered by as many.
fn shorten(search: &mut Search<'_>, actor: &str, counted: Counted) {
    let Counted { key, draws_each } = counted;
    let items = |search: &Search<'_>| {
        let draws = draws(search, actor);
        let Some(place) = draws.iter().position(|asked| asked.key == key) else { return Vec::new() };
        let Value::Int(count) = draws[place].value else { return Vec::new() };
        let span = |number: usize| place + 1 + number * draws_each..place + 1 + (number + 1) * draws_each;
        let spans = (0..usize::try_from(count).unwrap_or(0)).map(span);
        spans.take_while(|span| span.end <= draws.len()).collect::<Vec<_>>()
    };
    reduce(search, items, |search, list, left_out| {
        let spans = list[left_out].to_vec();
        let removed = spans.len() as u64;
        closed_up(search, actor, &spans, Some((key, removed)))
    });
}

/// The streams of flags of which more than one was true.
fn flags(search: &Search<'_>, actor: &str) -> Vec<u64> {
    let mut streams = BTreeMap::new();
    for asked in draws(search, actor) {
        if asked.value == Value::Flag(true) {
            *streams.entry(asked.key.stream).or_insert(0) += 1;
        }
    }
    streams.into_iter().filter(|(_, count)| *count > 1).map(|(stream, _)| stream).collect()
}

/// The draws from each `true` of the stream up to its next flag.
fn spans(draws: &[Asked], stream: u64) -> Vec<Range<usize>> {
    let places = draws.iter().enumerate().filter(|(_, asked)| asked.key.stream == stream);
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    let spans = places.windows(2).map(|pair| pair[0]..pair[1]);
    spans.filter(|span| draws[span.start].value == Value::Flag(true)).collect()
}

/// The smallest run without these draws of an actor, and what the actor draws behind them moves up; a number of operations is lowered.
fn closed_up(search: &Search<'_>, actor: &str, spans: &[Range<usize>], lowered: Option<(Key, u64)>) -> Plan {
    let draws = draws(search, actor);
    let is_of_actor = |value: &ValueException| draws.iter().any(|asked| asked.key == value.key);
    let Plan { order, values } = search.best.plan();
    let mut values: Vec<ValueException> = values.into_iter().filter(|value| !is_of_actor(value)).collect();
    let mut ordinals: BTreeMap<u64, u32> = BTreeMap::new();
    for (place, asked) in draws.iter().enumerate() {
        if spans.iter().any(|span| span.contains(&place)) {
            continue;
        }
        let next = ordinals.entry(asked.key.stream).or_insert(0);
        let key = Key { stream: asked.key.stream, ordinal: *next };
        *next += 1;
        let value = match (asked.value, lowered) {
            (Value::Int(count), Some((lowered, by))) if lowered == asked.key => {
                Value::Int(count.saturating_sub(by))
            }
            (value, _) => value,
        };
        if value != asked.gentlest {
            values.push(ValueException { key, value });
        }
    }
    Plan { order, values }
}

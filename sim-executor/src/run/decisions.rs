//! The decisions of a run: who takes them, which time it is, what became of them.

use std::borrow::Cow;
use std::rc::Rc;

use crate::choice::{
    Decision, Key, Label, LineageId, Lineages, Name, Needs, Recording, RunHash, TaskId, Value,
};
use crate::config::Config;

/// The tree of names, the rolling hash, and the recording if there is one.
#[derive(Debug)]
pub(crate) struct Decisions {
    lineages: Lineages,
    hash: RunHash,
    recording: Option<Recording>,
    /// See [`Limits::decisions_max`](crate::Limits::decisions_max).
    recorded_max: usize,
    count: u64,
    misaligned: u64,
    /// The name of the question what is polled next.
    point: Key,
    /// The task after whose poll that is.
    point_after: Option<TaskId>,
    /// Whether that question is named.
    names_points: bool,
    /// The name of the question about a value that was asked last.
    asked: Key,
    /// Whether what is left is being dropped: what is asked then is answered with the gentlest, and part of no recording.
    is_over: bool,
    /// Whether nothing is asked any more: every answer is the gentlest.
    is_gentle: bool,
}

/// Before the first question about a value.
const NOT_ASKED: Key = Key { stream: 0, ordinal: 0 };

/// The recording holds as many decisions as it may.
pub(super) struct RecordingFull;

impl Decisions {
    pub(super) fn new() -> Self {
        Decisions {
            lineages: Lineages::default(),
            hash: RunHash::EMPTY,
            recording: None,
            recorded_max: 0,
            count: 0,
            misaligned: 0,
            point: Key::START,
            point_after: None,
            names_points: false,
            asked: NOT_ASKED,
            is_over: false,
            is_gentle: false,
        }
    }

    /// Begins a run.
    pub(super) fn configure(&mut self, config: &Config, needs: &Needs) {
        let Needs { batches, holds_max, decision_points, asked_anyway, .. } = *needs;
        let recording =
            || Recording { batches, holds_max, decision_points, asked_anyway, ..Recording::default() };
        self.recording = config.record.then(recording);
        self.recorded_max = config.limits.decisions_max;
        self.names_points = needs.point_keys || config.record;
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`Decisions::configure`].
    pub(super) fn renew(&mut self) {
        let Decisions {
            lineages,
            hash,
            recording,
            recorded_max: _,
            count,
            misaligned,
            point,
            point_after,
            names_points: _,
            asked,
            is_over,
            is_gentle,
        } = self;
        lineages.renew();
        *hash = RunHash::EMPTY;
        *recording = None;
        (*count, *misaligned) = (0, 0);
        (*point, *point_after, *asked) = (Key::START, None, NOT_ASKED);
        (*is_over, *is_gentle) = (false, false);
    }

    pub(crate) fn lineages(&self) -> &Lineages {
        &self.lineages
    }

    #[inline]
    pub(crate) fn lineages_mut(&mut self) -> &mut Lineages {
        &mut self.lineages
    }

    /// Adds a word to the rolling hash.
    #[inline]
    pub(crate) fn hash(&mut self, word: u64) {
        self.hash.add(word);
    }

    pub(crate) fn hash_value(&self) -> u64 {
        self.hash.value()
    }

    /// How many decisions were asked.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many answers were outside of what could be answered.
    pub(crate) fn misaligned(&self) -> u64 {
        self.misaligned
    }

    #[inline]
    pub(crate) fn count_one(&mut self) {
        self.count += 1;
    }

    pub(super) fn count_misaligned(&mut self) {
        self.misaligned += 1;
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// From now on what is left is being dropped.
    pub(crate) fn end(&mut self) {
        (self.is_over, self.is_gentle) = (true, true);
    }

    /// Whether nothing is asked any more: every answer is the gentlest.
    #[inline]
    pub(crate) fn is_gentle(&self) -> bool {
        self.is_gentle
    }

    /// From now on every answer is the gentlest, and part of no recording.
    pub(super) fn settle(&mut self) {
        self.is_gentle = true;
        self.hash(crate::choice::hash_str("settle"));
    }

    #[inline]
    pub(super) fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }

    pub(crate) fn take_recording(&mut self) -> Option<Recording> {
        self.recording.take()
    }

    /// Keeps a decision, if the run is recorded.
    pub(super) fn record(&mut self, key: Key, value: Value, is_default: bool) -> Result<(), RecordingFull> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        if recording.decisions.len() >= self.recorded_max {
            return Err(RecordingFull);
        }
        recording.decisions.push(Decision { key, value, is_default });
        Ok(())
    }

    /// Keeps the readable name of a stream, if the run is recorded.
    pub(super) fn name_stream(
        &mut self,
        stream: u64,
        lineage: LineageId,
        label: impl FnOnce() -> Cow<'static, str>,
    ) {
        if let Some(recording) = &mut self.recording
            && !recording.names.contains_key(&stream)
        {
            let lineage = self.lineages.path(lineage);
            recording.names.insert(stream, Name { lineage, label: Rc::from(label()) });
        }
    }

    /// Names the next question about a value.
    pub(super) fn name_value(&mut self, actor: LineageId, label: Label) -> Key {
        let key = self.lineages.next_key(actor, label);
        self.name_stream(key.stream, actor, || label.full_name(None));
        self.asked = key;
        key
    }

    /// The name of the question about a value that was asked last.
    pub(crate) fn last_asked(&self) -> Key {
        self.asked
    }

    pub(super) fn names_points(&self) -> bool {
        self.names_points
    }

    /// Names the question what is polled after a task of that lineage, which waits at this operation.
    pub(super) fn name_point(&mut self, task: TaskId, actor: LineageId, label: Label) {
        self.point_after = Some(task);
        self.point = self.lineages.next_point_key(actor, label);
        self.name_stream(self.point.stream, actor, || Cow::Owned(format!("after {}", label.full_name(None))));
    }

    /// The task that was polled last, if points are named.
    pub(super) fn point_after(&self) -> Option<TaskId> {
        self.point_after
    }

    /// The name of the question what is polled next.
    pub(super) fn point(&self) -> Key {
        self.point
    }
}

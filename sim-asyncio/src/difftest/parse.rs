//! From JSON to operations; whatever is wrong is said with its place.

use std::rc::Rc;
use std::str::FromStr;

use super::field::Field;
use super::json::Json;
use super::op::{BarrierVerb, Guard, Item, Millis, Op, Ops, Phase, Try};
use super::program::{Program, ProgramError, Takes};
use crate::wait::ReturnWhen;

const ITERATIONS_MAX: u64 = 20_000;
/// The most parties, permits and the like.
const COUNT_MAX: u64 = u32::MAX as u64;

impl FromStr for Program {
    type Err = ProgramError;

    fn from_str(text: &str) -> Result<Self, ProgramError> {
        let json = Json::parse(text)?;
        program(&Field::root(&json))
    }
}

fn program(root: &Field<'_>) -> Result<Program, ProgramError> {
    let mut program = declarations(root)?;
    let procs = root.need("procs")?.entries()?;
    // All names first, since a procedure may start one that is defined below it.
    program.procs = procs.iter().map(|(name, _)| (Rc::clone(name), Ops(0))).collect();
    let mut parser = Parser { program, pending: Vec::new() };
    for (name, body) in &procs {
        let ops = parser.list(body, Place::Task)?;
        parser.program.procs.insert(Rc::clone(name), ops);
    }
    // Lists that are inside of operations are found on the way.
    while let Some((ops, field, place)) = parser.pending.pop() {
        let items = field.items()?;
        let parsed = items.iter().map(|item| parser.op(item, place)).collect::<Result<_, _>>()?;
        parser.program.lists[ops.0] = parsed;
    }
    parser.program.phases = match root.find("phases")? {
        Some(phases) => parser.phases(&phases)?,
        None if parser.program.procs.contains_key("P0") => {
            vec![Phase::Run { proc: "P0".into(), slot: None }]
        }
        None => {
            return root.need("procs")?.wrong("there is no P0, and no phases that say what is run instead");
        }
    };
    Ok(parser.program)
}

fn declarations(root: &Field<'_>) -> Result<Program, ProgramError> {
    let names = |name| root.find(name)?.map_or(Ok(Vec::new()), |field| field.texts());
    let counts = |name| -> Result<Vec<(Rc<str>, u64)>, ProgramError> {
        let entries = root.find(name)?.map_or(Ok(Vec::new()), |field| field.entries())?;
        entries.into_iter().map(|(name, count)| Ok((name, bounded_count(&count)?))).collect()
    };
    let mut program = Program {
        id: root.find("id")?.map(|id| id.text()).transpose()?.map(|id| id.to_string()),
        events: names("events")?,
        locks: names("locks")?,
        conditions: names("conds")?,
        vars: names("vars")?,
        sems: counts("sems")?.into_iter().collect(),
        bounded: counts("bounded")?.into_iter().collect(),
        iterations_max: root.find("max_iters")?.map_or(Ok(ITERATIONS_MAX), |field| field.count())?,
        ..Program::default()
    };
    let kinds = [("queues", Takes::Oldest), ("lifos", Takes::Newest), ("priorities", Takes::Least)];
    for (list, takes) in kinds {
        for (name, size) in root.find(list)?.map_or(Ok(Vec::new()), |field| field.entries())? {
            let items_max = usize::try_from(size.count()?).unwrap_or(usize::MAX);
            program.queues.insert(name, (items_max, takes));
        }
    }
    for (name, parties) in root.find("barriers")?.map_or(Ok(Vec::new()), |field| field.entries())? {
        let count = usize::try_from(bounded_count(&parties)?).unwrap_or(usize::MAX);
        if count == 0 {
            return parties.wrong("a barrier is for at least one task");
        }
        program.barriers.insert(name, count);
    }
    Ok(program)
}

fn bounded_count(field: &Field<'_>) -> Result<u64, ProgramError> {
    let count = field.count()?;
    if count > COUNT_MAX { field.wrong("this is more than a semaphore can hold") } else { Ok(count) }
}

/// Where a list of operations stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Task,
    /// Where an exception is being handled, so that `reraise` has a meaning.
    Handler,
    Callback,
}

pub(super) struct Parser<'json> {
    pub(super) program: Program,
    /// Lists that have a number, and are not parsed yet.
    pending: Vec<(Ops, Field<'json>, Place)>,
}

impl<'json> Parser<'json> {
    fn phases(&self, field: &Field<'json>) -> Result<Vec<Phase>, ProgramError> {
        let phases = field.items()?;
        for phase in phases.iter().rev().skip(1) {
            let kind = phase.need("ph")?;
            if kind.is_text("asyncio_run") {
                return kind.wrong("this closes the loop, so it must be the last phase");
            }
        }
        phases.iter().map(|phase| self.phase(phase)).collect()
    }

    fn phase(&self, field: &Field<'json>) -> Result<Phase, ProgramError> {
        let kind = field.need("ph")?;
        Ok(match &*kind.text()? {
            "run" => Phase::Run { proc: self.proc(field)?, slot: slot_to_fill(field)? },
            "spawn" => Phase::Spawn { proc: self.proc(field)?, slot: slot_to_fill(field)? },
            "block" => Phase::Block(field.need("ms")?.millis()?),
            "run_for" => Phase::RunFor(field.need("ms")?.millis()?),
            "cancel_all" => Phase::CancelAll,
            "asyncio_run" => Phase::AsyncioRun { proc: self.proc(field)?, slot: slot_to_fill(field)? },
            other => return kind.wrong(format!("there is no phase {other:?}")),
        })
    }

    /// A number for a list that is parsed later.
    pub(super) fn list(&mut self, field: &Field<'json>, place: Place) -> Result<Ops, ProgramError> {
        field.items()?;
        let ops = Ops(self.program.lists.len());
        self.program.lists.push(Rc::from([]));
        self.pending.push((ops, *field, place));
        Ok(ops)
    }

    fn body(&mut self, field: &Field<'json>, place: Place) -> Result<Ops, ProgramError> {
        self.list(&field.need("body")?, place)
    }

    fn op(&mut self, field: &Field<'json>, place: Place) -> Result<Op, ProgramError> {
        let kind = field.need("op")?;
        if let Some(op) = self.sync_op(field, place)? {
            return Ok(Op::Sync(op));
        }
        let name = kind.text()?;
        if place == Place::Callback {
            return kind.wrong(format!("a callback cannot have the operation {:?}", &*name));
        }
        if let Some(op) = self.op_with_lists(field, &name, place)? {
            return Ok(op);
        }
        Ok(match &*name {
            "sleep" => Op::Sleep(at_least_one(&field.need("ms")?)?),
            "yield" => Op::Yield,
            "put" => Op::Put { queue: self.queue(field)?, item: item(field)? },
            "get" => Op::Get { queue: self.queue(field)? },
            "q_join" => Op::QueueJoin { queue: self.queue(field)? },
            "wait" => Op::Wait { event: self.event(field)? },
            "acquire" => Op::Acquire(self.guard(field)?),
            "cond_wait" => Op::ConditionWait { condition: self.condition(field)?, until_set: None },
            "cond_wait_for" => {
                Op::ConditionWait { condition: self.condition(field)?, until_set: Some(self.event(field)?) }
            }
            "barrier_wait" => Op::Barrier { barrier: self.barrier(field)?, verb: BarrierVerb::Wait },
            "barrier_reset" => Op::Barrier { barrier: self.barrier(field)?, verb: BarrierVerb::Reset },
            "barrier_abort" => Op::Barrier { barrier: self.barrier(field)?, verb: BarrierVerb::Abort },
            "join" => Op::Join { slot: slot(field)? },
            "gather" => self.gather(field)?,
            "wait_for" => Op::WaitFor { slot: slot(field)?, limit: field.need("ms")?.millis()? },
            "wait_tasks" => Op::WaitTasks {
                slots: field.need("hs")?.texts()?,
                when: return_when(&field.need("when")?)?,
                limit: field.find("ms")?.map(|ms| ms.millis()).transpose()?,
            },
            "shield" => Op::Shield { slot: slot(field)? },
            "raise" => Op::Raise(field.need("err")?.text()?),
            "reraise" if place == Place::Handler => Op::Reraise,
            "reraise" => return kind.wrong("outside of on_error and on_cancel nothing is being handled"),
            "return" => Op::Return(item(field)?),
            other => return kind.wrong(format!("there is no operation {other:?}")),
        })
    }

    /// `None` if it is none with lists inside.
    fn op_with_lists(
        &mut self,
        field: &Field<'json>,
        name: &str,
        place: Place,
    ) -> Result<Option<Op>, ProgramError> {
        Ok(Some(match name {
            "consume" => {
                let until = field.need("until")?.integer()?;
                Op::Consume { queue: self.queue(field)?, until, body: self.body(field, place)? }
            }
            "with" => Op::With { guard: self.guard(field)?, body: self.body(field, place)? },
            "timeout" => {
                let name = field.find("x")?.map(|name| name.text()).transpose()?;
                Op::Timeout { limit: millis_or_none(field)?, name, body: self.body(field, place)? }
            }
            "group" => Op::Group { group: field.need("g")?.text()?, body: self.body(field, place)? },
            "try" => Op::Try(self.try_op(field, place)?),
            "repeat" => Op::Repeat { times: field.need("n")?.integer()?, body: self.body(field, place)? },
            _ => return Ok(None),
        }))
    }

    fn gather(&self, field: &Field<'json>) -> Result<Op, ProgramError> {
        let return_exceptions = field.find("ret_exc")?.map_or(Ok(false), |flag| flag.flag())?;
        if let Some(procs) = field.find("procs")? {
            let procs = procs.items()?;
            let procs = procs.iter().map(|name| self.proc_name(name)).collect::<Result<_, _>>()?;
            return Ok(Op::GatherProcs { procs, return_exceptions });
        }
        match field.find("hs")? {
            Some(slots) => Ok(Op::GatherSlots { slots: slots.texts()?, return_exceptions }),
            None => field.wrong("a gather needs \"procs\" or \"hs\""),
        }
    }

    fn try_op(&mut self, field: &Field<'json>, place: Place) -> Result<Try, ProgramError> {
        let mut list = |name, place| field.find(name)?.map(|ops| self.list(&ops, place)).transpose();
        let (on_error, on_cancel) = (list("on_error", Place::Handler)?, list("on_cancel", Place::Handler)?);
        let finally = list("finally", place)?;
        Ok(Try { body: self.body(field, place)?, on_error, on_cancel, finally })
    }

    pub(super) fn proc(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        self.proc_name(&field.need("proc")?)
    }

    fn proc_name(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        known(field, "procs", |name| self.program.procs.contains_key(name))
    }

    pub(super) fn queue(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        known(&field.need("q")?, "queues", |name| self.program.queues.contains_key(name))
    }

    pub(super) fn event(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        known(&field.need("e")?, "events", |name| is_in(&self.program.events, name))
    }

    pub(super) fn condition(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        known(&field.need("c")?, "conds", |name| is_in(&self.program.conditions, name))
    }

    pub(super) fn barrier(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        known(&field.need("b")?, "barriers", |name| self.program.barriers.contains_key(name))
    }

    pub(super) fn var(&self, field: &Field<'json>) -> Result<Rc<str>, ProgramError> {
        known(&field.need("var")?, "vars", |name| is_in(&self.program.vars, name))
    }

    pub(super) fn guard(&self, field: &Field<'json>) -> Result<Guard, ProgramError> {
        let program = &self.program;
        if let Some(lock) = field.find("l")? {
            return Ok(Guard::Lock(known(&lock, "locks", |name| is_in(&program.locks, name))?));
        }
        if let Some(semaphore) = field.find("s")? {
            return Ok(Guard::Semaphore(known(&semaphore, "sems", |name| program.sems.contains_key(name))?));
        }
        if let Some(bounded) = field.find("bs")? {
            return Ok(Guard::Bounded(known(&bounded, "bounded", |name| {
                program.bounded.contains_key(name)
            })?));
        }
        if field.find("c")?.is_some() {
            return Ok(Guard::Condition(self.condition(field)?));
        }
        field.wrong("this needs a lock, \"l\", a semaphore, \"s\" or \"bs\", or a condition, \"c\"")
    }
}

fn is_in(names: &[Rc<str>], name: &str) -> bool {
    names.iter().any(|other| &**other == name)
}

fn known(field: &Field<'_>, list: &str, is_known: impl Fn(&str) -> bool) -> Result<Rc<str>, ProgramError> {
    let name = field.text()?;
    if is_known(&name) { Ok(name) } else { field.wrong(format!("{list:?} has no {name:?}")) }
}

pub(super) fn slot(field: &Field<'_>) -> Result<Rc<str>, ProgramError> {
    field.need("h")?.text()
}

pub(super) fn slot_to_fill(field: &Field<'_>) -> Result<Option<Rc<str>>, ProgramError> {
    field.find("as")?.map(|slot| slot.text()).transpose()
}

pub(super) fn item(field: &Field<'_>) -> Result<Item, ProgramError> {
    let field = field.need("v")?;
    if field.is_text("last") { Ok(Item::Last) } else { field.integer().map(Item::Number) }
}

/// A time in "ms", or null for none.
pub(super) fn millis_or_none(field: &Field<'_>) -> Result<Option<Millis>, ProgramError> {
    let field = field.need("ms")?;
    if field.is_null() { Ok(None) } else { field.millis().map(Some) }
}

fn at_least_one(field: &Field<'_>) -> Result<Millis, ProgramError> {
    let millis = field.millis()?;
    if millis.0 == 0 { field.wrong("a sleep takes at least 1 ms; \"yield\" takes none") } else { Ok(millis) }
}

fn return_when(field: &Field<'_>) -> Result<ReturnWhen, ProgramError> {
    Ok(match &*field.text()? {
        "FIRST_COMPLETED" => ReturnWhen::FirstCompleted,
        "FIRST_EXCEPTION" => ReturnWhen::FirstException,
        "ALL_COMPLETED" => ReturnWhen::AllCompleted,
        other => return field.wrong(format!("there is no {other:?} to wait for")),
    })
}

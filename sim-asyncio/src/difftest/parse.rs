//! From JSON to operations; whatever is wrong is said with its place.

use std::rc::Rc;
use std::str::FromStr;

use serde_json::Value;

use super::field::Field;
use super::op::{Guard, Item, Millis, Op, Ops, Phase, SyncOp, Try};
use super::program::{Program, ProgramError};
use crate::wait::ReturnWhen;

const ITERATIONS_MAX: u64 = 20_000;

impl FromStr for Program {
    type Err = ProgramError;

    fn from_str(text: &str) -> Result<Self, ProgramError> {
        program(text)
    }
}

fn program(text: &str) -> Result<Program, ProgramError> {
    let json: Value = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).to_string();
        ProgramError::Json { line: error.line(), column: error.column(), message }
    })?;
    let root = Field::root(&json);
    let mut program = declarations(&root)?;
    let procs = root.need("procs")?.entries()?;
    // All names first, since a procedure may start one that is defined below it.
    program.procs = procs.iter().map(|(name, _)| (Rc::clone(name), Ops::from([]))).collect();
    for (name, body) in procs {
        let parsed = Parser { program: &program, in_handler: false }.ops(&body)?;
        program.procs.insert(name, parsed);
    }
    program.phases = match root.find("phases")? {
        Some(phases) => {
            let parser = Parser { program: &program, in_handler: false };
            phases.items()?.iter().map(|phase| parser.phase(phase)).collect::<Result<_, _>>()?
        }
        None if program.procs.contains_key("P0") => vec![Phase::Run { proc: "P0".into(), slot: None }],
        None => {
            return root.need("procs")?.wrong("there is no P0, and no phases that say what is run instead");
        }
    };
    Ok(program)
}

fn declarations(root: &Field<'_>) -> Result<Program, ProgramError> {
    let names = |name| root.find(name)?.map_or(Ok(Vec::new()), |field| field.texts());
    let mut program = Program {
        id: root.find("id")?.map(|id| id.text()).transpose()?.map(|id| id.to_string()),
        queues: Default::default(),
        events: names("events")?,
        locks: names("locks")?,
        sems: Default::default(),
        procs: Default::default(),
        phases: Vec::new(),
        iterations_max: root.find("max_iters")?.map_or(Ok(ITERATIONS_MAX), |field| field.count())?,
    };
    for (name, size) in root.find("queues")?.map_or(Ok(Vec::new()), |field| field.entries())? {
        program.queues.insert(name, usize::try_from(size.count()?).unwrap_or(usize::MAX));
    }
    for (name, permits) in root.find("sems")?.map_or(Ok(Vec::new()), |field| field.entries())? {
        let count = permits.count()?;
        if count > u64::from(u32::MAX) {
            return permits.wrong("this is more than a semaphore can hold");
        }
        program.sems.insert(name, count);
    }
    Ok(program)
}

struct Parser<'program> {
    program: &'program Program,
    /// Whether an exception is being handled here.
    in_handler: bool,
}

impl Parser<'_> {
    fn phase(&self, field: &Field<'_>) -> Result<Phase, ProgramError> {
        let kind = field.need("ph")?;
        Ok(match &*kind.text()? {
            "run" => Phase::Run { proc: self.proc(field)?, slot: slot_to_fill(field)? },
            "spawn" => Phase::Spawn { proc: self.proc(field)?, slot: slot_to_fill(field)? },
            "block" => Phase::Block(field.need("ms")?.millis()?),
            "run_for" => Phase::RunFor(field.need("ms")?.millis()?),
            "cancel_all" => Phase::CancelAll,
            other => return kind.wrong(format!("there is no phase {other:?}")),
        })
    }

    fn ops(&self, field: &Field<'_>) -> Result<Ops, ProgramError> {
        field.items()?.iter().map(|op| self.op(op)).collect()
    }

    /// A list inside of a handler, where `reraise` has a meaning.
    fn handler(&self, field: &Field<'_>) -> Result<Ops, ProgramError> {
        Parser { program: self.program, in_handler: true }.ops(field)
    }

    fn body(&self, field: &Field<'_>) -> Result<Ops, ProgramError> {
        self.ops(&field.need("body")?)
    }

    fn op(&self, field: &Field<'_>) -> Result<Op, ProgramError> {
        if let Some(op) = self.sync_op(field)? {
            return Ok(Op::Sync(op));
        }
        let kind = field.need("op")?;
        Ok(match &*kind.text()? {
            "sleep" => Op::Sleep(at_least_one(&field.need("ms")?)?),
            "yield" => Op::Yield,
            "put" => Op::Put { queue: self.queue(field)?, item: item(field)? },
            "get" => Op::Get { queue: self.queue(field)? },
            "consume" => {
                let until = field.need("until")?.integer()?;
                Op::Consume { queue: self.queue(field)?, until, body: self.body(field)? }
            }
            "q_join" => Op::QueueJoin { queue: self.queue(field)? },
            "wait" => Op::Wait { event: self.event(field)? },
            "acquire" => Op::Acquire(self.guard(field)?),
            "with" => Op::With { guard: self.guard(field)?, body: self.body(field)? },
            "join" => Op::Join { slot: slot(field)? },
            "gather" => self.gather(field)?,
            "wait_for" => Op::WaitFor { slot: slot(field)?, limit: field.need("ms")?.millis()? },
            "wait_tasks" => Op::WaitTasks {
                slots: field.need("hs")?.texts()?,
                when: return_when(&field.need("when")?)?,
                limit: field.find("ms")?.map(|ms| ms.millis()).transpose()?,
            },
            "shield" => Op::Shield { slot: slot(field)? },
            "timeout" => Op::Timeout { limit: field.need("ms")?.millis()?, body: self.body(field)? },
            "try" => Op::Try(Box::new(self.try_op(field)?)),
            "raise" => Op::Raise(field.need("err")?.text()?),
            "reraise" if self.in_handler => Op::Reraise,
            "reraise" => return kind.wrong("outside of on_error and on_cancel nothing is being handled"),
            "return" => Op::Return(item(field)?),
            "repeat" => Op::Repeat { times: field.need("n")?.integer()?, body: self.body(field)? },
            other => return kind.wrong(format!("there is no operation {other:?}")),
        })
    }

    fn gather(&self, field: &Field<'_>) -> Result<Op, ProgramError> {
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

    fn try_op(&self, field: &Field<'_>) -> Result<Try, ProgramError> {
        Ok(Try {
            body: self.body(field)?,
            on_error: field.find("on_error")?.map(|ops| self.handler(&ops)).transpose()?,
            on_cancel: field.find("on_cancel")?.map(|ops| self.handler(&ops)).transpose()?,
            finally: field.find("finally")?.map(|ops| self.ops(&ops)).transpose()?,
        })
    }

    /// `None` if it is none of the operations that never suspend.
    fn sync_op(&self, field: &Field<'_>) -> Result<Option<SyncOp>, ProgramError> {
        Ok(Some(match &*field.need("op")?.text()? {
            "log" => SyncOp::Log(field.need("msg")?.text()?),
            "last" => SyncOp::Last,
            "block" => SyncOp::Block(field.need("ms")?.millis()?),
            "spawn" => SyncOp::Spawn { proc: self.proc(field)?, slot: slot_to_fill(field)? },
            "cancel" => SyncOp::Cancel { slot: slot(field)? },
            "put_nowait" => SyncOp::PutNowait { queue: self.queue(field)?, item: item(field)? },
            "get_nowait" => SyncOp::GetNowait { queue: self.queue(field)? },
            "task_done" => SyncOp::TaskDone { queue: self.queue(field)? },
            "set" => SyncOp::Set { event: self.event(field)? },
            "clear" => SyncOp::Clear { event: self.event(field)? },
            "release" => SyncOp::Release(self.guard(field)?),
            "call_soon" => SyncOp::CallSoon(self.callback(field)?),
            "call_later" => {
                SyncOp::CallLater { delay: field.need("ms")?.millis()?, ops: self.callback(field)? }
            }
            "on_done" => SyncOp::OnDone { slot: slot(field)?, ops: self.callback(field)? },
            "stop" => SyncOp::Stop,
            _ => return Ok(None),
        }))
    }

    fn callback(&self, field: &Field<'_>) -> Result<Rc<[SyncOp]>, ProgramError> {
        let ops = field.need("do")?.items()?;
        let parsed = ops.iter().map(|op| match self.sync_op(op)? {
            Some(parsed) => Ok(parsed),
            None => {
                let kind = op.need("op")?;
                kind.wrong(format!("a callback cannot have the operation {:?}", &*kind.text()?))
            }
        });
        parsed.collect()
    }

    fn proc(&self, field: &Field<'_>) -> Result<Rc<str>, ProgramError> {
        self.proc_name(&field.need("proc")?)
    }

    fn proc_name(&self, field: &Field<'_>) -> Result<Rc<str>, ProgramError> {
        let name = field.text()?;
        known(field, name, "procs", |name| self.program.procs.contains_key(name))
    }

    fn queue(&self, field: &Field<'_>) -> Result<Rc<str>, ProgramError> {
        let field = field.need("q")?;
        known(&field, field.text()?, "queues", |name| self.program.queues.contains_key(name))
    }

    fn event(&self, field: &Field<'_>) -> Result<Rc<str>, ProgramError> {
        let field = field.need("e")?;
        known(&field, field.text()?, "events", |name| self.program.events.iter().any(|it| &**it == name))
    }

    fn guard(&self, field: &Field<'_>) -> Result<Guard, ProgramError> {
        if let Some(lock) = field.find("l")? {
            let is_lock = |name: &str| self.program.locks.iter().any(|it| &**it == name);
            return Ok(Guard::Lock(known(&lock, lock.text()?, "locks", is_lock)?));
        }
        let Some(semaphore) = field.find("s")? else {
            return field.wrong("this needs a lock, \"l\", or a semaphore, \"s\"");
        };
        let is_semaphore = |name: &str| self.program.sems.contains_key(name);
        Ok(Guard::Semaphore(known(&semaphore, semaphore.text()?, "sems", is_semaphore)?))
    }
}

fn known(
    field: &Field<'_>,
    name: Rc<str>,
    list: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<Rc<str>, ProgramError> {
    if is_known(&name) { Ok(name) } else { field.wrong(format!("{list:?} has no {name:?}")) }
}

fn slot(field: &Field<'_>) -> Result<Rc<str>, ProgramError> {
    field.need("h")?.text()
}

fn slot_to_fill(field: &Field<'_>) -> Result<Option<Rc<str>>, ProgramError> {
    field.find("as")?.map(|slot| slot.text()).transpose()
}

fn item(field: &Field<'_>) -> Result<Item, ProgramError> {
    let field = field.need("v")?;
    if field.value == "last" { Ok(Item::Last) } else { field.integer().map(Item::Number) }
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

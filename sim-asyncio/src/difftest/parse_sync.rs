//! From JSON to the operations that never suspend.

use super::field::Field;
use super::op::SyncOp;
use super::parse::{Parser, Place, item, millis_or_none, slot, slot_to_fill};
use super::program::ProgramError;

impl<'json> Parser<'json> {
    /// `None` if it is none of them.
    pub(super) fn sync_op(
        &mut self,
        field: &Field<'json>,
        place: Place,
    ) -> Result<Option<SyncOp>, ProgramError> {
        let kind = field.need("op")?;
        Ok(Some(match &*kind.text()? {
            "log" => SyncOp::Log(field.need("msg")?.text()?),
            "last" => SyncOp::Last,
            "block" => SyncOp::Block(field.need("ms")?.millis()?),
            name @ ("spawn" | "spawn_eager") => SyncOp::Spawn {
                proc: self.proc(field)?,
                slot: slot_to_fill(field)?,
                is_eager: name == "spawn_eager",
            },
            "cancel" => {
                let message = field.find("msg")?.map(|message| message.text()).transpose()?;
                SyncOp::Cancel { slot: slot(field)?, message }
            }
            "uncancel" => SyncOp::Uncancel { slot: slot(field)? },
            "cancelling" => SyncOp::Cancelling { slot: slot(field)? },
            "put_nowait" => SyncOp::PutNowait { queue: self.queue(field)?, item: item(field)? },
            "get_nowait" => SyncOp::GetNowait { queue: self.queue(field)? },
            "task_done" => SyncOp::TaskDone { queue: self.queue(field)? },
            "shutdown" => {
                let immediate = field.find("immediate")?.map_or(Ok(false), |flag| flag.flag())?;
                SyncOp::Shutdown { queue: self.queue(field)?, immediate }
            }
            "set" => SyncOp::Set { event: self.event(field)? },
            "clear" => SyncOp::Clear { event: self.event(field)? },
            "release" => SyncOp::Release(self.guard(field)?),
            "notify" => SyncOp::Notify {
                condition: self.condition(field)?,
                count: field.find("n")?.map(|count| count.count()).transpose()?.map(saturated),
            },
            "barrier_state" => SyncOp::BarrierState { barrier: self.barrier(field)? },
            "call_soon" => SyncOp::CallSoon(self.list(&field.need("do")?, Place::Callback)?),
            "call_later" => SyncOp::CallLater {
                delay: field.need("ms")?.millis()?,
                ops: self.list(&field.need("do")?, Place::Callback)?,
            },
            "on_done" => {
                let ops = self.list(&field.need("do")?, Place::Callback)?;
                SyncOp::OnDone { slot: slot(field)?, ops }
            }
            "stop" => SyncOp::Stop,
            "signal" if place == Place::Callback => SyncOp::Signal,
            "signal" => return kind.wrong("a signal comes from outside: callbacks only have it"),
            name => return self.named_op(field, name),
        }))
    }

    /// Operations on groups, timeouts and variables.
    fn named_op(&mut self, field: &Field<'json>, name: &str) -> Result<Option<SyncOp>, ProgramError> {
        Ok(Some(match name {
            "new_group" => SyncOp::NewGroup { group: field.need("g")?.text()? },
            "group_spawn" => SyncOp::GroupSpawn {
                group: field.need("g")?.text()?,
                proc: self.proc(field)?,
                slot: slot_to_fill(field)?,
            },
            "reschedule" => {
                SyncOp::Reschedule { name: field.need("x")?.text()?, delay: millis_or_none(field)? }
            }
            "timeout_state" => SyncOp::TimeoutState { name: field.need("x")?.text()? },
            "var_set" => SyncOp::VarSet { var: self.var(field)?, value: item(field)? },
            "var_get" => SyncOp::VarGet { var: self.var(field)? },
            "var_reset" => SyncOp::VarReset { var: self.var(field)? },
            _ => return Ok(None),
        }))
    }
}

fn saturated(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

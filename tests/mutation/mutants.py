"""The mutants: each takes one rule of TCP away.

A mutant is a place, which is exact text with an expression of it in double brackets, and another expression for that one.
"""

from collections import namedtuple

Mutant = namedtuple("Mutant", "name file place new")


def table(file, *rows):
    return [Mutant(name, f"sim-net/src/{file}", place, new) for name, place, new in rows]


NOTHING = "()"

MUTANTS = [
    *table(
        "tcp/receive.rs",
        ("old data is acknowledged again", "granted.\n            context.pool.release(slice);\n            [[self.ack_now = true]];", NOTHING),
        ("no data is taken beyond the window", "let end = [[(seq + slice.len() as u64).min(self.edge)]];", "seq + slice.len() as u64"),
        ("data ahead of a gap is acknowledged at once", "self.insert_ahead(context.pool, seq, slice);\n            [[self.ack_now = true]];", NOTHING),
        ("data ahead of a gap is kept", "[[self.insert_ahead(context.pool, seq, slice)]];\n            self.ack_now = true;", "context.pool.release(slice)"),
        ("a filled gap is acknowledged at once", "self.take_from_ahead(context.pool);\n            [[self.ack_now = true]];", NOTHING),
        ("every second full segment is acknowledged", "if [[self.next - self.acked >= 2 * self.mss_bytes]] {", "false"),
        ("acknowledgements are delayed, not left out", "self.ack_at = [[after(context.now, context.rules.delayed_ack)]];", "after(context.now, u64::MAX / 4)"),
        ("acknowledgements are delayed at all", "if [[self.next - self.acked >= 2 * self.mss_bytes]] {", "true"),
        ("a FIN ahead of a gap is remembered", "self.fin_at = [[Some(fin_at)]];", "Some(fin_at).filter(|&at| at == self.next)"),
        ("a FIN is not taken before what precedes it", "if self.finished || [[self.fin_at != Some(self.next)]] {", "self.fin_at.is_none()"),
        ("a FIN that is repeated is acknowledged again", "if self.finished {\n            [[self.ack_now = true]];\n            return false;", NOTHING),
        ("a FIN before data is acknowledged soon", "if [[self.arrived_at == Instant::MAX]] {\n            // Linux learns", "false"),
        ("a FIN after data waits for data", "if [[self.arrived_at == Instant::MAX]] {\n            // Linux learns", "true"),
        ("a FIN takes a sequence number", "[[self.next += 1]];\n        self.finished = true;", NOTHING),
        ("a window that opens much is told at once", "if is_drained || ([[is_much]] && self.opened_edge() > self.edge) {", "false"),
        ("a receiver avoids silly windows", "if [[edge >= self.edge + self.window_step]] { edge } else { self.edge }", "edge >= self.edge"),
        ("a reader with nothing left acknowledges", "if [[is_drained]] || (is_much && self.opened_edge() > self.edge) {", "false"),
        ("who answers with data delays its acknowledgements", "if [[with_data]] && is_soon(self.arrived_at, now, rules) {", "false"),
        ("a missing answer ends that", "self.ack_now = true;\n        [[self.interactive = false]];", NOTHING),
        ("quickack sends an acknowledgement that waits", "if [[quick]] && self.ack_at != Instant::MAX {", "false"),
    ),
    *table(
        "tcp/resend.rs",
        ("three duplicates are a loss", "if self.duplicates < [[DUPLICATES]] {", "255"),
        ("two duplicates are none", "if self.duplicates < [[DUPLICATES]] {", "2"),
        ("duplicates of retransmissions start no recovery", "if self.resend.is_some() || [[una < self.recover]] {", "false"),
        ("a partial acknowledgement shows the next hole", "[[resend.credit = resend.per_ack]];", NOTHING),
        ("duplicates count in a row", "[[self.duplicates = 0]];\n        if let Some(resend) = &mut self.resend {\n            resend.next = resend.next.max(una);", NOTHING),
        ("after a timeout sending begins slowly", "credit: [[1]], per_ack: 2 }", "200"),
    ),
    *table(
        "tcp/send.rs",
        ("what is not acknowledged is sent again", "[[self.recovery.handle_timeout(self.una, self.next)]];", NOTHING),
        ("timeouts back off", "[[self.backoff += u32::from(self.attempts > linear)]];", NOTHING),
        ("Karn: what was sent again is not timed", "self.backoff += u32::from(self.attempts > linear);\n        [[self.timed = Timed::NOTHING]];", NOTHING),
        ("Karn: nor what is sent again after duplicates", "self.recovery.handle_duplicate(self.una, self.next) {\n            [[self.timed = Timed::NOTHING]];", NOTHING),
        ("an acknowledgement ends the backoff", "self.una = ack;\n        [[self.backoff = 0]];", NOTHING),
        ("timeouts count in a row", "[[self.attempts = 0]];\n        if ack >= self.timed.until {", NOTHING),
        ("a peer that answers probes lives", "though its window may be closed.\n            [[self.attempts = 0]];", NOTHING),
        ("a peer that never answers is given up", "if [[self.attempts > retries]] {", "false"),
        ("a closed window is probed", "[[self.forced = true]];", NOTHING),
        ("a probe repeats what the peer has seen", "self.forced = false;\n                // A probe repeats a number that the peer has seen, so that it must answer with its window.\n                return Some(Outgoing { seq: [[self.probe_seq()]], payload: None, fin: false });", "self.next"),
        ("the window that holds data back is watched", "if [[self.timer == Instant::MAX]] {\n                self.timer = self.timeout_from(context.now, context.rules);\n            }\n            return None;", "false"),
        ("Nagle: a small segment waits", "[[self.una >= self.small_until]])", "true"),
        ("Minshall: full segments do not hold up a small one", "[[self.una >= self.small_until]])", "self.una == self.next"),
        ("nodelay: a small segment does not wait", "([[self.is_eager]] || self.finishing", "false"),
        ("the last data does not wait", "(self.is_eager || [[self.finishing]]", "false"),
        ("a sender avoids silly windows", "is_last || [[2 * sendable >= self.window_max]] || self.forced", "true"),
        ("half the largest window is worth sending", "is_last || [[2 * sendable >= self.window_max]] || self.forced", "false"),
        ("no more is sent than the window allows", "let sendable = [[unsent.min(self.edge.saturating_sub(self.next))]];", "unsent"),
        ("what was granted is not taken back", "if [[opened]] {\n            self.edge = ack + window;", "true"),
        ("a FIN goes with the last data", "let fin = [[self.finishing && self.next + payload.len() as u64 == self.end]];", "false"),
        ("a FIN is sent again", "let fin = [[data_end == self.end && until > self.end]];", "false"),
        ("after an acknowledgement the rest is still watched", "if [[self.next > ack]] { self.timeout_from(context.now, context.rules) } else { Instant::MAX };", "false"),
        ("what is sent is watched", "if [[self.una == seq || self.timer == Instant::MAX]] {", "false"),
        ("a writer is woken when there is much room", "[[2 * self.room() >= self.buffered()]]", "self.room() > 0"),
        ("round trips are measured", "[[self.round_trip.measured(took, context.rules)]];", NOTHING),
        ("what is in recovery is not timed", "if self.timed.until == u64::MAX && [[!self.recovery.is_active()]] {", "true"),
        ("what was held back goes after a timeout", "self.window_max || [[self.forced]]", "self.forced && self.small_until != u64::MAX"),
    ),
    *table(
        "tcp/rtt.rs",
        ("the deviation counts for 200 ms at least", "let margin = (4 * self.deviation).max([[rules.rto_min]]);", "0"),
        ("the least value comes on top of the round trip", "self.timeout = [[self.smoothed.saturating_add(margin)]].min(rules.rto_max);", "self.smoothed.saturating_add(4 * self.deviation).max(rules.rto_min)"),
        ("the first timeout has a greatest value", "self.smoothed.saturating_add(margin).min([[rules.rto_max]]);", "u64::MAX"),
        ("the timeout has a greatest value", "[[self.timeout.saturating_mul(factor).min(rules.rto_max)]]", "self.timeout.saturating_mul(factor)"),
        ("the timeout grows with the deviation", "let margin = ([[4 * self.deviation]])", "0"),
        ("the timeout doubles", "let factor = [[1_u64.checked_shl(backoff).unwrap_or(u64::MAX)]];", "u64::from(backoff)"),
    ),
    *table(
        "tcp/connection.rs",
        ("a RST counts at the expected number only", "if [[seq == self.rx.next()]] {", "seq <= self.rx.edge()"),
        ("a RST ahead of that is asked to come again", "seq <= self.rx.edge() {\n            [[self.rx.demand_ack()]];", NOTHING),
        ("a RST after the peer's end is a broken pipe", "let why = if [[is_closed_by_peer]] {", "false"),
        ("an acknowledgement of what was not sent is answered", "if segment.ack > self.tx.next() {\n            [[self.rx.demand_ack()]];", NOTHING),
        ("data for a stream that was dropped is reset", "Some(payload) if [[self.is_orphan]] && seq", "false"),
        ("a probe is answered", "None if fin_at.is_none() && seq + 1 == self.rx.next() => [[self.rx.demand_ack()]],", NOTHING),
        ("a lost SYN is sent again", "self.syn_due = [[self.phase != Phase::Open]];", "false"),
        ("the timeout of a SYN stays as it is at first", "let linear = if [[self.phase == Phase::SynSent]] {", "false"),
        ("a FIN that crosses ours is acknowledged at once", "if [[self.closes_first]] {\n                // Nothing is left", "false"),
        ("a SYN has retries of its own", "Phase::SynSent => [[config.syn_retries.saturating_add(linear)]],", "context.rules.config.retries"),
        ("the answer to it too", "Phase::SynReceived => [[config.synack_retries]],", "context.rules.config.retries"),
        ("a dropped stream too", "_ if self.is_orphan => [[config.orphan_retries]],", "context.rules.config.retries"),
        ("who closes first keeps the pair", "[[self.closes_first = true]];", NOTHING),
        ("what is probed in vain is reset", "[[self.reset_at = Some(self.tx.next())]];\n                self.fail", NOTHING),
        ("what ended says why", "self.failure = [[Some(why)]];", "None"),
        ("who waits is woken by the end", "self.ready = [[Ready { read: true, write: true }]];", "Ready::default()"),
        ("an acknowledgement of nothing does not open a connection", "if [[segment.ack == 0]] {\n                return false;", "false"),
        ("a reader is woken by data", "if self.rx.handle_payload(context, seq, payload) {\n            self.ready.read = [[true]];", "false"),
    ),
    *table(
        "tcp/handshake.rs",
        ("a SYN on a connection is answered", "_ => [[self.rx.demand_ack()]],", NOTHING),
        ("a repeated SYN is answered again", "(Phase::SynReceived, false) => [[self.syn_due = true]],", NOTHING),
        ("an answer to what we know nothing of is a RST", "self.reset_at = [[Some(segment.ack)]];", "None"),
        ("two can open at once", "if [[flags == Flags::SYN]] {", "false"),
        ("the answers to crossed SYNs count", "(Phase::SynReceived, true) => return [[true]],", "false"),
        ("the answer to a SYN is acknowledged", "self.rx.handle_syn();\n            [[self.rx.demand_ack()]];", NOTHING),
        ("a closed port refuses", "self.fail(context, [[Errno::ConnectionRefused]]);", "Errno::ConnectionReset"),
        ("the time of keepalive begins with the connection", "[[self.keepalive.start(context.now)]];", NOTHING),
    ),
    *table(
        "tcp/close.rs",
        ("closing with data unread resets", "Phase::Open if [[self.rx.readable() > 0]] || self.linger", "false"),
        ("zero linger resets", "[[self.linger.is_some_and(|linger| linger.is_zero())]]", "false"),
        ("a half that is closed leaves the other open", "if [[!self.rx.is_finished() && !self.is_orphan]] {", "false"),
        ("writing after closing breaks", "if self.tx.is_finishing() || self.phase == Phase::Closed {\n            return [[Err(Errno::BrokenPipe)]];", "Ok(0)"),
        ("who closes last keeps no pair", "if [[peer_is_finished && !self.closes_first]] {", "false"),
        ("an error is told once", "if let Some(why) = [[self.failure.take()]] {\n            return Err(why);\n        }\n        if self.tx.is_finishing()", "self.failure"),
        ("who closes both halves waits for the peer's end", "self.is_orphan = true;\n                self.keepalive.stop();\n                [[self.tx.finish()]];", NOTHING),
    ),
    *table(
        "tcp/time_wait.rs",
        ("a FIN in TIME-WAIT is acknowledged again", "if [[segment.seq_end() == segment.seq && segment.seq >= self.expected]] {", "true"),
        ("TIME-WAIT begins anew with what comes", "[[self.until = now + config.time_wait]];", NOTHING),
        ("data for nobody is reset", "if [[!self.peer_is_finished && segment.len() > 0 && fin_at > self.expected]] {", "false"),
    ),
    *table(
        "tcp/keepalive.rs",
        ("probes have a limit", "if [[self.probes >= self.times.count]] {", "false"),
        ("probes count in a row", "if [[heard_at >= self.probed_at]] {", "false"),
        ("what is under way is not probed", "if [[is_busy]] {", "false"),
        ("probes have an interval of their own", "self.due = after(now, [[nanos(self.times.interval)]]);", "idle"),
        ("what was heard begins the time anew", "if [[idle_until > now]] {", "false"),
    ),
    *table(
        "tcp/reset.rs",
        ("segments that nobody knows are reset", "if [[segment.flags.has(Flags::RST)]] {", "true"),
        ("a RST is not answered", "if [[segment.flags.has(Flags::RST)]] {", "false"),
    ),
    *table(
        "tcp/options.rs",
        ("a full segment fits into a packet", "let mss_bytes = [[self.mss_bytes.min(payload_bytes)]];", "self.mss_bytes"),
        ("a packet carries whole segments", "segments => [[segments * mss_bytes]],", "self.segment_bytes_max"),
    ),
    *table(
        "host/tcp_input.rs",
        ("a full backlog takes no SYN", "if [[self.is_backlog_full(listener)]] {\n            return;\n        }\n", "false"),
        ("a full backlog takes no end of a handshake", "&& [[self.is_backlog_full(listener)]]\n", "false"),
        ("what is of another connection is not taken", "if [[!self.is_of_other(socket, addressed)]] =>", "true"),
        ("a pair in TIME-WAIT is taken by a SYN", "Some(Known::TimeWait { time_wait, .. }) if [[segment.flags != Flags::SYN]] => {", "true"),
        ("who waits to accept is woken", "listener.backlog.push_back(socket);\n            [[listener.readers.wake_into(&mut self.wire.wakes)]];", NOTHING),
    ),
    *table("host/tcp_calls.rs", ("a listener that closes resets who waits", "[[self.with_connection(waiting, |connection, context| connection.abort(context))]];", "self.with_connection(waiting, |connection, context| connection.close(context))")),
    *table(
        "host/bindings.rs",
        ("a port is shared only with who shares it", "([[self.address && bound.address && !bound_listens]])", "self.address && !bound_listens"),
        ("a port at which one listens is not shared", "([[self.address && bound.address && !bound_listens]])", "self.address && bound.address"),
    ),
]

# Why a mutant that no test kills is none that a program could tell from the original.
EXPLAINED = {}

//! Records joined to events: those of one event stand near one another, perhaps between those of others.

use std::collections::VecDeque;

use crate::report::Tally;

/// An event of more records than this is handed out in parts.
const RECORDS_MAX: usize = 256;

/// Events that are kept open at a time: on several processors the records of one event stand between those of others.
const OPEN_MAX: usize = 8;

/// Kinds of records that follow the one of the call they belong to (`audit_log_exit` of the kernel).
const FOLLOWERS: [&str; 14] = [
    "EXECVE",
    "CWD",
    "PATH",
    "PROCTITLE",
    "SOCKADDR",
    "OBJ_PID",
    "FD_PAIR",
    "MMAP",
    "BPRM_FCAPS",
    "CAPSET",
    "IPC",
    "SOCKETCALL",
    "MQ_OPEN",
    "EOE",
];

/// Whether a record of this kind belongs to a call that another record tells.
pub(crate) fn follows(kind: &str) -> bool {
    FOLLOWERS.contains(&kind)
}

/// One record, as it stands and what it says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'l> {
    /// What tells its event from others.
    pub(crate) event: &'l [u8],
    pub(crate) kind: &'l str,
    /// The line as it stands in the file.
    pub(crate) line: &'l [u8],
    /// The record in the audit log's own form, where the line is not that itself.
    pub(crate) record: &'l str,
}

/// The records of one event, one a line.
#[derive(Default)]
pub(crate) struct Joined {
    event: Vec<u8>,
    /// As they stand in the file.
    pub(crate) lines: Vec<u8>,
    /// In the audit log's own form; empty where the lines are that themselves.
    pub(crate) records: String,
    n: usize,
    /// Whether a record was there that others follow, whether that was of the call itself, and whether the last was.
    is_call: bool,
    has_call: bool,
    is_whole: bool,
    only_followers: bool,
}

impl Joined {
    fn add(&mut self, piece: Piece<'_>) {
        if self.n > 0 {
            self.lines.push(b'\n');
            self.records.push('\n');
        }
        self.lines.extend_from_slice(piece.line);
        self.records.push_str(piece.record);
        self.n += 1;
        self.is_call |= matches!(piece.kind, "SYSCALL" | "EXECVE");
        self.has_call |= piece.kind == "SYSCALL";
        self.is_whole |= matches!(piece.kind, "PROCTITLE" | "EOE");
        self.only_followers &= follows(piece.kind);
    }

    /// Whether more records of this event are to come.
    fn waits(&self) -> bool {
        self.is_call && !self.is_whole
    }
}

/// Joins the records of one stream.
#[derive(Default)]
pub(crate) struct Joiner {
    open: VecDeque<Joined>,
    n_events: u64,
    /// Whether calls were told by a record of their own, and ended by one.
    calls_begin: bool,
    calls_end: bool,
    /// Whether nothing more comes.
    is_over: bool,
    /// The events that the stream begins with, as far as they are without their beginning; the last ones that have no end.
    headless: Vec<Vec<u8>>,
    endless: Vec<Vec<u8>>,
}

impl Joiner {
    /// Takes in a record; an event of more than `limit` bytes is handed out in parts.
    pub(crate) fn add(&mut self, piece: Piece<'_>, limit: usize) {
        let has_room = |it: &Joined| it.n < RECORDS_MAX && it.lines.len() <= limit;
        match self.open.iter_mut().rfind(|it| it.event == piece.event && has_room(it)) {
            Some(joined) => joined.add(piece),
            None => {
                let mut joined =
                    Joined { event: piece.event.to_vec(), only_followers: true, ..Joined::default() };
                joined.add(piece);
                self.open.push_back(joined);
            }
        }
    }

    /// The next event that is complete, in the order in which they began: what waits for its rest holds up those after it.
    pub(crate) fn complete(&mut self) -> Option<Joined> {
        let n = self.open.len();
        let is_due = n > OPEN_MAX || (n > 1 && !self.open.front()?.waits());
        if is_due { self.pop() } else { None }
    }

    /// The same, where something else was read since: an event that is not known to go on is complete.
    pub(crate) fn complete_before_other(&mut self) -> Option<Joined> {
        if self.open.front()?.waits() && self.open.len() <= OPEN_MAX { None } else { self.pop() }
    }

    /// The next event, complete or not.
    pub(crate) fn pop(&mut self) -> Option<Joined> {
        let joined = self.open.pop_front()?;
        self.n_events += 1;
        self.calls_begin |= joined.has_call;
        self.calls_end |= joined.is_whole;
        if joined.only_followers
            && self.n_events == self.headless.len() as u64 + 1
            && self.headless.len() < OPEN_MAX
        {
            self.headless.push(joined.event.clone());
        }
        if !self.is_over {
            self.endless.clear();
        }
        if joined.has_call && !joined.is_whole {
            self.endless.push(joined.event.clone());
        }
        Some(joined)
    }

    /// Nothing more comes: what is open still may go on elsewhere, all of it.
    pub(crate) fn end(&mut self) {
        if !self.open.is_empty() {
            self.endless.clear();
        }
        self.is_over = true;
    }

    /// At the end of the stream: says which events have records elsewhere, as where a log went on in another file. Where no
    /// call has an end of its own (old kernels), or none a beginning (a selection), nothing can be told.
    pub(crate) fn tell_split(&mut self, tally: &mut Tally) {
        for event in self.headless.drain(..).filter(|_| self.calls_begin) {
            tally.split_event(&event, "first", "begins");
        }
        for event in self.endless.drain(..).filter(|_| self.calls_end) {
            tally.split_event(&event, "last", "ends");
        }
    }
}

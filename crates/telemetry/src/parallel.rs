//! Reading on many threads: files side by side, and the parts of one file as well; results in the order of the files
//! and of the records in them, whatever the number of threads.
//!
//! Every thread reads a file of its own and hands parts of it to threads that have none; when nobody is free it parses
//! them itself. So a folder of small files and one large file both keep all threads busy, and no more threads run than
//! were asked for. What waits for its turn is bounded.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bulkhead_model::json::Memory;

use crate::parts::{self, Cut, Part, Taker};
use crate::read::{Reader, parse_part};
use crate::record::{Options, Progress, Record};
use crate::report::{Tally, Telemetry};
use crate::walk::{self, Found};

/// Results of one file that may wait for their turn.
const WAITING_OF_FILE: u64 = 256;

/// Results of files whose turn has not come.
const WAITING: usize = 1024;

/// Results handed over at once, where nobody waits.
const HANDED_OVER: usize = 8;

/// Records whose results go out together, where a stream is not cut.
const RECORDS: usize = 128;

/// After so long without a result the caller is asked whether to go on.
const QUIET: Duration = Duration::from_millis(200);

/// What one thread does with the records; it must depend on nothing but the record.
pub trait Worker: Send {
    /// What some records give rise to, in their order.
    type Out: Default + Send;

    /// Takes one record. [`Record::record`] counts from the start of the batch.
    fn record(&mut self, record: &Record<'_>, out: &mut Self::Out);
}

/// Results of records that stand one after another.
#[derive(Debug)]
pub struct Batch<O> {
    /// Records of the same file before those of this batch: to be added to their numbers.
    pub before: u64,
    /// What the worker made of them.
    pub out: O,
}

/// Takes results in their order, with how far reading has come; `Break` ends the reading. While nothing comes it is
/// called with an empty batch several times a second, so that it can look at a clock or at a wish to end.
pub type Take<'t, O> = dyn FnMut(Batch<O>, &Progress<'_>) -> ControlFlow<()> + 't;

/// Reads `paths` as [`crate::read`] does, on one thread for each of `workers`. `take` receives the results on the
/// caller's thread, in the order of the files and records. Results, counts and diagnostics
/// are the same for every number of workers.
pub fn read_parallel<W: Worker>(
    paths: &[String],
    options: &Options,
    workers: Vec<W>,
    take: &mut Take<'_, W::Out>,
) -> Telemetry {
    let (files, mut telemetry) = walk::walk(paths);
    let shared = Shared { files, state: Mutex::default(), work: Condvar::new(), results: Condvar::new() };
    std::thread::scope(|scope| {
        for worker in workers {
            scope.spawn(|| {
                let _alarm = Alarm(&shared);
                Thread { shared: &shared, options, worker, memory: Memory::default() }.run();
            });
        }
        let _alarm = Alarm(&shared);
        merge(&shared, &mut telemetry, options, take);
    });
    telemetry.sorted()
}

/// The result of a piece of a file.
enum Piece<O> {
    Part {
        stream: usize,
        tally: Tally,
        out: O,
    },
    Records {
        events: u64,
        out: O,
    },
    End {
        telemetry: Telemetry,
        cuts: Vec<Cut>,
    },
    /// Nothing came for a while.
    Nothing {
        out: O,
    },
}

struct Shared<O> {
    files: Vec<Found>,
    state: Mutex<State<O>>,
    /// Told when there is something to do, or room.
    work: Condvar,
    /// Told when there is a result.
    results: Condvar,
}

struct State<O> {
    next_file: usize,
    reading: usize,
    /// Threads that wait for something to do.
    idle: usize,
    /// Parts nobody has begun, by file and number.
    parts: BTreeMap<(usize, u64), Part>,
    /// Results whose turn has not come, by file and number.
    results: BTreeMap<(usize, u64), Piece<O>>,
    /// File and number of the result whose turn it is.
    turn: (usize, u64),
    /// Bytes read of all files.
    read: u64,
    stopped: bool,
}

impl<O> Default for State<O> {
    fn default() -> Self {
        Self {
            next_file: 0,
            reading: 0,
            idle: 0,
            parts: BTreeMap::new(),
            results: BTreeMap::new(),
            turn: (0, 0),
            read: 0,
            stopped: false,
        }
    }
}

impl<O> Shared<O> {
    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to do; the caller counts as idle meanwhile.
    fn wait<'s>(&'s self, mut state: MutexGuard<'s, State<O>>) -> MutexGuard<'s, State<O>> {
        state.idle += 1;
        let mut state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state
    }

    fn put(&self, place: (usize, u64), piece: Piece<O>) {
        let mut state = self.lock();
        state.results.insert(place, piece);
        let (n, some_wait) = (state.results.len(), state.idle > 0);
        drop(state);
        // To wake the caller for every part costs more than handing over some at once; it looks by itself after a while.
        // What is live, and what others may wait for, is handed over at once.
        let live = self.files.get(place.0).is_none_or(|it| it.path.is_none());
        if live || some_wait || n % HANDED_OVER == 0 {
            self.results.notify_one();
        }
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.work.notify_all();
        self.results.notify_all();
    }
}

/// Ends everybody when a thread dies of a panic, so that nobody waits for it.
struct Alarm<'s, O>(&'s Shared<O>);

impl<O> Drop for Alarm<'_, O> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// One of the threads.
struct Thread<'s, W: Worker> {
    shared: &'s Shared<W::Out>,
    options: &'s Options,
    worker: W,
    memory: Memory,
}

impl<W: Worker> Thread<'_, W> {
    /// Parses parts, reads files, until there are no more.
    fn run(&mut self) {
        let mut state = self.shared.lock();
        loop {
            if state.stopped {
                return;
            }
            if let Some((place, part)) = state.parts.pop_first() {
                drop(state);
                self.parse(place, part);
            } else if state.next_file < self.shared.files.len() {
                let number = state.next_file;
                state.next_file += 1;
                state.reading += 1;
                drop(state);
                self.read(number);
            } else if state.reading == 0 {
                return;
            } else {
                state = self.shared.wait(state);
                continue;
            }
            state = self.shared.lock();
        }
    }

    fn read(&mut self, number: usize) {
        let (shared, options) = (self.shared, self.options);
        let mut feed =
            Feed { thread: self, file: number, next: 0, told: 0, out: W::Out::default(), n_out: 0 };
        let mut reader = Reader::new(options, &mut feed, 0);
        reader.file(&shared.files[number]);
        let (telemetry, cuts) = (std::mem::take(&mut reader.telemetry), std::mem::take(&mut reader.cuts));
        feed.flush();
        let (place, told) = ((number, feed.next), feed.told);
        let mut state = shared.lock();
        state.reading -= 1;
        state.read += shared.files[number].size.saturating_sub(told);
        state.results.insert(place, Piece::End { telemetry, cuts });
        drop(state);
        shared.results.notify_one();
        // Those who wait for parts of the last file may have waited for nothing.
        shared.work.notify_all();
    }

    fn parse(&mut self, place: (usize, u64), part: Part) {
        let mut records = Records { worker: &mut self.worker, out: W::Out::default() };
        let stream = part.stream;
        let tally = parse_part(part, self.options, &mut records, &mut self.memory);
        let out = records.out;
        self.shared.put(place, Piece::Part { stream, tally, out });
    }
}

/// Gives the records of a part to a worker.
struct Records<'w, W: Worker> {
    worker: &'w mut W,
    out: W::Out,
}

impl<W: Worker> Taker for Records<'_, W> {
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        self.worker.record(record, &mut self.out);
        ControlFlow::Continue(())
    }
}

/// What a thread does with the file it reads.
struct Feed<'t, 's, W: Worker> {
    thread: &'t mut Thread<'s, W>,
    file: usize,
    /// Number of the next result.
    next: u64,
    /// Bytes of the file that others know of.
    told: u64,
    /// Results of records that were not cut.
    out: W::Out,
    n_out: usize,
}

impl<W: Worker> Feed<'_, '_, W> {
    /// Hands out the results of records read one by one.
    fn flush(&mut self) {
        if self.n_out > 0 {
            let (events, out) = (self.n_out as u64, std::mem::take(&mut self.out));
            self.thread.shared.put((self.file, self.next), Piece::Records { events, out });
            self.next += 1;
            self.n_out = 0;
        }
    }

    /// Waits until the results of this file are few enough, helping others meanwhile.
    fn make_room(&mut self) -> ControlFlow<()> {
        let shared = self.thread.shared;
        let mut state = shared.lock();
        loop {
            if state.stopped {
                return ControlFlow::Break(());
            }
            let full = if state.turn.0 == self.file {
                self.next - state.turn.1 >= WAITING_OF_FILE
            } else {
                state.results.len() >= WAITING
            };
            if !full {
                return ControlFlow::Continue(());
            }
            if let Some((place, part)) = state.parts.pop_first() {
                drop(state);
                self.thread.parse(place, part);
                state = shared.lock();
            } else {
                shared.results.notify_one();
                state = shared.wait(state);
            }
        }
    }
}

impl<W: Worker> Taker for Feed<'_, '_, W> {
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        self.thread.worker.record(record, &mut self.out);
        self.n_out += 1;
        if self.n_out < RECORDS && record.file != "-" {
            return ControlFlow::Continue(());
        }
        self.flush();
        self.make_room()
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        self.thread.shared.lock().read += progress.read.saturating_sub(self.told);
        self.told = progress.read;
    }

    fn wants_parts(&self) -> bool {
        true
    }

    fn part(&mut self, part: Part, read: u64) -> ControlFlow<()> {
        self.flush();
        let place = (self.file, self.next);
        self.next += 1;
        let mut state = self.thread.shared.lock();
        state.read += read.saturating_sub(self.told);
        self.told = read;
        if state.idle > state.parts.len() {
            state.parts.insert(place, part);
            drop(state);
            self.thread.shared.work.notify_all();
        } else {
            drop(state);
            self.thread.parse(place, part);
        }
        self.make_room()
    }
}

/// Hands the results out in their order.
fn merge<O: Default>(
    shared: &Shared<O>,
    telemetry: &mut Telemetry,
    options: &Options,
    take: &mut Take<'_, O>,
) {
    let total = shared.files.iter().map(|it| it.size).sum();
    let mut events = 0;
    for (number, file) in shared.files.iter().enumerate() {
        let mut tallies: Vec<Option<Tally>> = Vec::new();
        loop {
            let Some((piece, read)) = next_result(shared) else { return };
            let (before, out) = match piece {
                Piece::Nothing { out } => (0, out),
                Piece::End { telemetry: done, cuts } => {
                    let done = parts::complete(done, cuts, tallies);
                    telemetry.sources.extend(done.sources);
                    telemetry.diagnostics.extend(done.diagnostics);
                    telemetry.unread.extend(done.unread);
                    telemetry.unmatched.extend(done.unmatched);
                    break;
                }
                Piece::Records { events: n, out } => {
                    events += n;
                    (0, out)
                }
                Piece::Part { stream, tally, out } => {
                    if tallies.len() <= stream {
                        tallies.resize_with(stream + 1, || None);
                    }
                    let whole =
                        tallies[stream].get_or_insert_with(|| Tally::new(&tally.file, options.shown_max));
                    let before = whole.events + whole.malformed;
                    events += tally.events;
                    whole.append(tally);
                    (before, out)
                }
            };
            let progress = Progress { file: &file.name, read, total, events };
            if take(Batch { before, out }, &progress).is_break() {
                shared.stop();
                return;
            }
        }
        shared.lock().turn = (number + 1, 0);
        shared.work.notify_all();
    }
}

/// The result whose turn it is, once it is there, and the bytes read so far; none when reading was ended.
fn next_result<O: Default>(shared: &Shared<O>) -> Option<(Piece<O>, u64)> {
    let mut state = shared.lock();
    loop {
        if state.stopped {
            return None;
        }
        let turn = state.turn;
        if let Some(piece) = state.results.remove(&turn) {
            state.turn.1 += 1;
            let read = state.read;
            // Someone may wait for room, and nobody knows who of those that wait.
            if state.idle > 0 {
                shared.work.notify_all();
            }
            return Some((piece, read));
        }
        let (next, waited) =
            shared.results.wait_timeout(state, QUIET).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() && !next.results.contains_key(&next.turn) && !next.stopped {
            return Some((Piece::Nothing { out: O::default() }, next.read));
        }
        state = next;
    }
}

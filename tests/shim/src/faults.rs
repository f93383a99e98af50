// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which call fails how: dice with a fixed seed, what the kernel could have done with that descriptor, and counters.
//!
//! Only what Linux can give is given, so that every failure of the program under it is the program's:
//! EAGAIN on descriptors with O_NONBLOCK, EINTR where the call could have slept, a part of the bytes where a stream has no
//! records (signal(7) "Interruption of system calls", pipe(7) "PIPE_BUF", socket(7), tty's own write).

use std::cell::Cell;
use std::fmt::Write;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use libc::c_int;

use crate::kill;
use crate::text::Line;

/// Per cent of the calls that get a fault; 0: none.
static PERCENT: AtomicU32 = AtomicU32::new(0);
static SEED: AtomicU64 = AtomicU64::new(1);
static ROLLS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// How often this thread was taken out of it. Const and without a destructor, so that nothing is allocated.
    static SPARED: Cell<c_int> = const { Cell::new(0) };
}

/// Takes the calling thread out of it (1) or back into it (-1).
pub fn spare(by: c_int) {
    SPARED.set(SPARED.get() + by);
}

/// Per cent of this thread's calls.
fn percent() -> u64 {
    if SPARED.get() > 0 {
        return 0;
    }
    u64::from(PERCENT.load(Relaxed))
}

/// Turns faults on.
pub fn set_up(percent: u32, seed: u64) {
    SEED.store(seed, Relaxed);
    PERCENT.store(percent.min(100), Relaxed);
}

/// Whether there are any.
pub fn are_on() -> bool {
    percent() > 0
}

/// The nth number of the sequence of this seed (splitmix64): threads share one sequence without a lock.
fn number(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn roll() -> u64 {
    number(SEED.load(Relaxed), ROLLS.fetch_add(1, Relaxed))
}

/// The wrapped functions, as they are counted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Call {
    Read,
    Readv,
    Pread,
    Recv,
    Recvmsg,
    Write,
    Writev,
    Send,
    Sendmsg,
    Connect,
    Accept,
    Open,
    Poll,
}

const NAMES: [&str; 13] = [
    "read", "readv", "pread", "recv", "recvmsg", "write", "writev", "send", "sendmsg", "connect",
    "accept", "open", "poll",
];

struct Count {
    calls: AtomicU64,
    eintr: AtomicU64,
    eagain: AtomicU64,
    short: AtomicU64,
}

static COUNTS: [Count; NAMES.len()] = [const {
    Count {
        calls: AtomicU64::new(0),
        eintr: AtomicU64::new(0),
        eagain: AtomicU64::new(0),
        short: AtomicU64::new(0),
    }
}; NAMES.len()];

/// What happens to a call.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nothing: the kernel's own answer.
    None,
    /// Interrupted by a signal.
    Eintr,
    /// Not now.
    Eagain,
    /// Not more than so many bytes.
    Short(usize),
}

/// What a descriptor is, as far as it matters here.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A socket without records.
    Stream,
    Pipe,
    Terminal,
    /// A file on a disk, or a device without an end such as /dev/zero.
    File,
    /// Sockets with records, signalfd and its like, directories.
    Other,
}

/// A descriptor's kind, and whether a call on it sleeps.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Descriptor {
    pub kind: Kind,
    pub blocks: bool,
}

impl Descriptor {
    /// Asks the kernel, every time: a number may be another descriptor by the next call. `None` where it is not open.
    pub fn look(fd: c_int) -> Option<Descriptor> {
        // SAFETY: zeros are a stat; fstat fills it in. These functions are not wrapped.
        let (mut stat, flags) = unsafe {
            (
                std::mem::zeroed::<libc::stat>(),
                libc::fcntl(fd, libc::F_GETFL),
            )
        };
        // SAFETY: `stat` outlives the call.
        if flags < 0 || unsafe { libc::fstat(fd, &mut stat) } < 0 {
            return None;
        }
        let kind = match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => Kind::File,
            libc::S_IFIFO => Kind::Pipe,
            // SAFETY: takes any number.
            libc::S_IFCHR if unsafe { libc::isatty(fd) } == 1 => Kind::Terminal,
            libc::S_IFCHR => Kind::File,
            libc::S_IFSOCK if is_stream(fd) => Kind::Stream,
            _ => Kind::Other,
        };
        Some(Descriptor {
            kind,
            blocks: flags & libc::O_NONBLOCK == 0,
        })
    }
}

fn is_stream(fd: c_int) -> bool {
    let (mut kind, mut size): (c_int, libc::socklen_t) = (0, 4);
    // SAFETY: both point at what the kernel fills in, of the size that is told.
    let got = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &mut size,
        )
    };
    got == 0 && kind == libc::SOCK_STREAM
}

/// What may happen to a call on such a descriptor that is about `len` bytes (1 for calls that move none).
fn possible(call: Call, on: Descriptor, len: usize) -> [bool; 3] {
    use Call::*;
    let Descriptor { kind, blocks } = on;
    let reads = matches!(call, Read | Readv | Pread | Recv | Recvmsg);
    let writes = matches!(call, Write | Writev | Send | Sendmsg);
    let file = kind == Kind::File;
    // n_tty_write looks for a signal before it looks for O_NONBLOCK; nothing else does.
    let eintr = !file && (blocks || (writes && kind == Kind::Terminal));
    let eagain = !file && !blocks && (reads || writes || call == Accept);
    let short = len > 1
        && match kind {
            Kind::Stream | Kind::Terminal | Kind::File => reads || writes,
            // A write that fits PIPE_BUF is all or nothing.
            Kind::Pipe => reads || (writes && len > libc::PIPE_BUF),
            Kind::Other => false,
        };
    [eintr, eagain, short]
}

fn choose(possible: [bool; 3], len: usize, dice: u64) -> Fault {
    let ways = possible.iter().filter(|way| **way).count();
    if ways == 0 {
        return Fault::None;
    }
    let nth = (dice % ways as u64) as usize;
    let way = possible
        .iter()
        .enumerate()
        .filter(|(_, way)| **way)
        .nth(nth);
    match way.map(|(way, _)| way) {
        Some(0) => Fault::Eintr,
        Some(1) => Fault::Eagain,
        _ => Fault::Short(1 + (dice / 3 % (len as u64 - 1)) as usize),
    }
}

/// Decides about a call and counts it. `dontwait`: MSG_DONTWAIT was given, so that it does not sleep.
pub fn decide(call: Call, fd: c_int, len: usize, dontwait: bool) -> Fault {
    kill::step();
    let percent = percent();
    if percent == 0 {
        return Fault::None;
    }
    let count = &COUNTS[call as usize];
    count.calls.fetch_add(1, Relaxed);
    let dice = roll();
    if dice % 100 >= percent {
        return Fault::None;
    }
    let Some(mut on) = Descriptor::look(fd) else {
        return Fault::None;
    };
    on.blocks &= !dontwait;
    let fault = choose(possible(call, on, len), len, dice / 100);
    counted(count, fault)
}

fn counted(count: &Count, fault: Fault) -> Fault {
    match fault {
        Fault::None => {}
        Fault::Eintr => _ = count.eintr.fetch_add(1, Relaxed),
        Fault::Eagain => _ = count.eagain.fetch_add(1, Relaxed),
        Fault::Short(_) => _ = count.short.fetch_add(1, Relaxed),
    }
    fault
}

/// Whether a call that may sleep, on no descriptor of its own, is interrupted: poll(2), open(2).
pub fn interrupts(call: Call) -> bool {
    kill::step();
    let percent = percent();
    if percent == 0 {
        return false;
    }
    let count = &COUNTS[call as usize];
    count.calls.fetch_add(1, Relaxed);
    roll() % 100 < percent && counted(count, Fault::Eintr) == Fault::Eintr
}

/// One line for each function that was called: `PROGRAM PID FUNCTION calls N eintr N eagain N short N`.
pub fn report(program: &[u8], pid: u64, mut say: impl FnMut(&[u8])) {
    for (name, count) in NAMES.iter().zip(&COUNTS) {
        let calls = count.calls.load(Relaxed);
        if calls == 0 {
            continue;
        }
        let mut line = Line::<256>::new();
        line.push(program);
        // Never an error: what does not fit is cut off.
        let _ = writeln!(
            line,
            " {pid} {name} calls {calls} eintr {} eagain {} short {}",
            count.eintr.load(Relaxed),
            count.eagain.load(Relaxed),
            count.short.load(Relaxed)
        );
        say(line.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::{UnixDatagram, UnixStream};

    #[test]
    fn only_what_the_kernel_could_give() {
        use Call::*;
        let on = |kind, blocks| Descriptor { kind, blocks };
        for (call, kind, blocks, len, want) in [
            (Read, Kind::Stream, true, 9, "i s"),
            (Read, Kind::Stream, false, 9, "a s"),
            (Read, Kind::Stream, false, 1, "a"),
            (Read, Kind::File, true, 9, "s"),
            (Write, Kind::File, false, 9, "s"),
            (Read, Kind::Other, false, 9, "a"),
            (Write, Kind::Pipe, false, 4096, "a"),
            (Write, Kind::Pipe, false, 4097, "a s"),
            (Write, Kind::Terminal, false, 9, "i a s"),
            (Accept, Kind::Stream, false, 1, "a"),
            (Connect, Kind::Stream, false, 1, ""),
            (Connect, Kind::Stream, true, 1, "i"),
        ] {
            let got = possible(call, on(kind, blocks), len);
            let words = ["i", "a", "s"].iter().zip(got).filter(|(_, may)| *may);
            let words: Vec<&str> = words.map(|(word, _)| *word).collect();
            assert_eq!(words.join(" "), want, "{call:?} {kind:?} {blocks} {len}");
        }
    }

    #[test]
    fn every_way_comes_and_a_short_count_is_one_to_all_but_one() {
        let (mut ways, mut lengths) = ([0; 3], [0; 5]);
        for n in 0..3000 {
            match choose([true; 3], 5, number(7, n)) {
                Fault::Eintr => ways[0] += 1,
                Fault::Eagain => ways[1] += 1,
                Fault::Short(len) => (ways[2], lengths[len]) = (ways[2] + 1, lengths[len] + 1),
                Fault::None => panic!("nothing of three"),
            }
        }
        assert!(ways.iter().all(|n| (800..1200).contains(n)), "{ways:?}");
        assert!(
            lengths[0] == 0 && lengths[1..].iter().all(|n| *n > 150),
            "{lengths:?}"
        );
        assert_eq!(choose([false; 3], 5, 1), Fault::None);
    }

    #[test]
    fn descriptors_are_told_apart() {
        let (stream, _other) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        let (datagram, _other) = UnixDatagram::pair().unwrap();
        let file = File::open("/proc/self/exe").unwrap();
        let zero = File::open("/dev/zero").unwrap();
        let folder = File::open("/").unwrap();
        let (pipe, _end) = std::io::pipe().unwrap();
        for (fd, kind, blocks) in [
            (stream.as_raw_fd(), Kind::Stream, false),
            (datagram.as_raw_fd(), Kind::Other, true),
            (file.as_raw_fd(), Kind::File, true),
            (zero.as_raw_fd(), Kind::File, true),
            (folder.as_raw_fd(), Kind::Other, true),
            (pipe.as_raw_fd(), Kind::Pipe, true),
        ] {
            assert_eq!(Descriptor::look(fd), Some(Descriptor { kind, blocks }));
        }
        assert_eq!(Descriptor::look(-1), None);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A world in memory: servers that follow a script, and a clock that moves only while somebody waits.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use homey_panel::net::{Dial, Error, Interest, Link, Phase, Ready, Session, Wait};
use homey_panel::time::Time;

pub const NEVER: Duration = Duration::MAX;

/// What a server does, one after the other. After the last it is silent.
#[derive(Clone, Debug)]
pub enum Act {
    /// Waits until it has got so many bytes in all.
    Hears(usize),
    /// Takes so many bytes more; see [`Server::window`].
    Opens(usize),
    /// Does nothing for so long.
    Rests(Duration),
    /// One piece: no read goes beyond it, and it is there as a whole.
    Says(Vec<u8>),
    /// So many bytes of this, in pieces of it.
    Pours(&'static [u8], u64),
    /// A read here fails once, however ready the link looked.
    Balks(ErrorKind),
    Ends,
    Breaks(ErrorKind),
}

pub fn says(text: &str) -> Act {
    Act::Says(text.as_bytes().to_vec())
}

/// One connection's other side.
#[derive(Clone, Debug)]
pub struct Server {
    pub connect: Duration,
    pub refuses: bool,
    pub handshake: Duration,
    /// So many bytes it takes before writing blocks.
    pub window: usize,
    /// After so many bytes writing fails.
    pub breaks_after: usize,
    pub acts: VecDeque<Act>,
}

/// A server that is there at once and takes everything.
pub fn server(acts: impl IntoIterator<Item = Act>) -> Server {
    Server {
        connect: Duration::ZERO,
        refuses: false,
        handshake: Duration::ZERO,
        window: usize::MAX,
        breaks_after: usize::MAX,
        acts: acts.into_iter().collect(),
    }
}

/// One connection.
struct Conn {
    server: Server,
    dialled: Time,
    resting_until: Option<Time>,
    sent: Vec<u8>,
    /// What of it was flushed, and so has arrived.
    arrived: usize,
    open: bool,
}

impl Conn {
    /// Does what can be done now; whether there is something to read.
    fn readable(&mut self, now: Time) -> bool {
        loop {
            match self.server.acts.front() {
                Some(Act::Hears(n)) if self.arrived >= *n => {}
                Some(Act::Opens(n)) => self.server.window = self.server.window.saturating_add(*n),
                Some(Act::Rests(d)) => {
                    let until = *self.resting_until.get_or_insert(now + *d);
                    if now < until {
                        return false;
                    }
                    self.resting_until = None;
                }
                Some(Act::Hears(_)) | None => return false,
                Some(_) => return true,
            }
            self.server.acts.pop_front();
        }
    }

    fn established_at(&self) -> (Time, Time) {
        let connected = self.dialled + self.server.connect;
        (connected, connected + self.server.handshake)
    }

    /// When something happens next without this side's doing.
    fn next_event(&self, now: Time) -> Time {
        let (connected, established) = self.established_at();
        if now < connected {
            connected
        } else if now < established {
            established
        } else {
            self.resting_until.unwrap_or(Time::NEVER)
        }
    }
}

/// Everything: the clock, the servers to come and the connections there were.
pub struct World {
    pub now: Cell<Time>,
    servers: RefCell<VecDeque<Server>>,
    conns: RefCell<Vec<Conn>>,
    /// Counts bytes and events; a caller that waits without any in between is spinning.
    progress: Cell<u64>,
    idle_waits: Cell<(u64, u32)>,
    /// Bytes that were read from connections.
    pub read: Cell<u64>,
    pub largest_read: Cell<usize>,
    /// Time that a read takes.
    pub read_cost: Cell<Duration>,
    /// Chance of trouble in every read, write and flush, in percent; and the state of the dice.
    pub trouble: Cell<u64>,
    pub dice: Cell<u64>,
    /// How long the link may block by itself, as it was told last.
    pub allowed: Cell<Duration>,
    fd: File,
}

impl World {
    pub fn new(servers: impl IntoIterator<Item = Server>) -> Rc<World> {
        Rc::new(World {
            now: Cell::new(Time::from_millis(1000)),
            servers: RefCell::new(servers.into_iter().collect()),
            conns: RefCell::new(Vec::new()),
            progress: Cell::new(0),
            idle_waits: Cell::new((0, 0)),
            read: Cell::new(0),
            largest_read: Cell::new(0),
            read_cost: Cell::new(Duration::ZERO),
            trouble: Cell::new(0),
            dice: Cell::new(0x9e37_79b9_7f4a_7c15),
            allowed: Cell::new(Duration::ZERO),
            fd: File::open("/dev/null").expect("/dev/null"),
        })
    }

    pub fn session(self: &Rc<World>) -> Session {
        Session::new(Box::new(Dialer(self.clone())))
    }

    pub fn dials(&self) -> usize {
        self.conns.borrow().len()
    }

    /// What was sent on one connection.
    pub fn sent(&self, conn: usize) -> String {
        let conns = self.conns.borrow();
        String::from_utf8_lossy(&conns[conn].sent).into_owned()
    }

    /// Connections that this side has not let go of.
    pub fn open(&self) -> usize {
        self.conns.borrow().iter().filter(|c| c.open).count()
    }

    /// The seconds since the beginning.
    pub fn elapsed(&self) -> f64 {
        self.now.get().since(Time::from_millis(1000)).as_secs_f64()
    }

    fn roll(&self, below: u64) -> u64 {
        let mut x = self.dice.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.dice.set(x);
        x % below
    }

    /// Now and then an error that means "again"; else how many of `len` bytes this call may move.
    fn hindered(&self, len: usize) -> io::Result<usize> {
        if self.roll(100) >= self.trouble.get() {
            return Ok(len);
        }
        self.step();
        match self.roll(3) {
            0 => Err(ErrorKind::Interrupted.into()),
            1 => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(len.min(1 + self.roll(7) as usize)),
        }
    }

    fn step(&self) {
        self.progress.set(self.progress.get() + 1);
    }
}

struct Dialer(Rc<World>);

impl Dial for Dialer {
    fn dial(&mut self) -> Result<Box<dyn Link>, Error> {
        let server = self.0.servers.borrow_mut().pop_front();
        let server = server.unwrap_or_else(|| panic!("one connection more than was expected"));
        let mut conns = self.0.conns.borrow_mut();
        conns.push(Conn {
            server,
            dialled: self.0.now.get(),
            resting_until: None,
            sent: Vec::new(),
            arrived: 0,
            open: true,
        });
        Ok(Box::new(End {
            world: self.0.clone(),
            index: conns.len() - 1,
        }))
    }

    fn peer(&self) -> String {
        "script".into()
    }
}

/// This side of a connection.
struct End {
    world: Rc<World>,
    index: usize,
}

impl End {
    fn with<T>(&self, act: impl FnOnce(&mut Conn, Time) -> T) -> T {
        let mut conns = self.world.conns.borrow_mut();
        act(&mut conns[self.index], self.world.now.get())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.with(|conn, _| conn.open = false);
    }
}

impl Link for End {
    fn establish(&mut self) -> Result<bool, Error> {
        self.with(|conn, now| {
            let (connected, established) = conn.established_at();
            if now >= connected && conn.server.refuses {
                return Err(Error::Connect {
                    peer: "script".into(),
                    source: ErrorKind::ConnectionRefused.into(),
                });
            }
            Ok(now >= established)
        })
    }

    fn phase(&self) -> Phase {
        self.with(|conn, now| {
            if now < conn.established_at().0 {
                Phase::Connect
            } else {
                Phase::Handshake
            }
        })
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(!buf.is_empty(), "a read into nothing looks like the end");
        let world = &self.world;
        world
            .largest_read
            .set(world.largest_read.get().max(buf.len()));
        world.now.set(world.now.get() + world.read_cost.get());
        let room = world.hindered(buf.len())?;
        let result = self.with(|conn, now| {
            if !conn.readable(now) {
                return Err(ErrorKind::WouldBlock.into());
            }
            world.step();
            let acts = &mut conn.server.acts;
            let Some(front) = acts.front_mut() else {
                return Err(ErrorKind::WouldBlock.into());
            };
            match front {
                Act::Ends => Ok(0),
                Act::Breaks(kind) => Err((*kind).into()),
                Act::Says(bytes) => {
                    let n = room.min(bytes.len());
                    buf[..n].copy_from_slice(&bytes[..n]);
                    bytes.drain(..n);
                    if bytes.is_empty() {
                        acts.pop_front();
                    }
                    Ok(n)
                }
                Act::Pours(bytes, left) => {
                    let n = room
                        .min(bytes.len())
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    buf[..n].copy_from_slice(&bytes[..n]);
                    *left -= n as u64;
                    // A piece that was cut short is begun anew: only pieces without sense are poured into small reads.
                    if *left == 0 {
                        acts.pop_front();
                    }
                    Ok(n)
                }
                Act::Balks(kind) => {
                    let error = (*kind).into();
                    acts.pop_front();
                    Err(error)
                }
                other => panic!("{other:?} is not read"),
            }
        });
        if let Ok(n) = result {
            world.read.set(world.read.get() + n as u64);
        }
        result
    }

    fn try_write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let room = self.world.hindered(buf.len())?;
        let world = &self.world;
        self.with(|conn, now| {
            conn.readable(now);
            let done = conn.sent.len();
            if done >= conn.server.breaks_after {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let most = conn.server.window.min(conn.server.breaks_after) - done;
            if most == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let n = room.min(most);
            conn.sent.extend_from_slice(&buf[..n]);
            world.step();
            Ok(n)
        })
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        match self.world.hindered(2)? {
            1 => Ok(false),
            _ => {
                self.with(|conn, _| conn.arrived = conn.sent.len());
                Ok(true)
            }
        }
    }

    fn allow(&mut self, timeout: Duration) {
        self.world.allowed.set(timeout);
    }

    fn wants(&self) -> Option<(BorrowedFd<'_>, Interest)> {
        Some((self.world.fd.as_fd(), Interest::Read))
    }
}

/// Waits by moving the clock. `cancel_at`: that wait, counted from 1, is cancelled; likewise breaths.
pub struct Clock {
    pub world: Rc<World>,
    pub waits: u32,
    pub breaths: u32,
    pub cancel_at: u32,
    pub suffocate_at: u32,
}

impl Clock {
    pub fn new(world: &Rc<World>) -> Clock {
        Clock {
            world: world.clone(),
            waits: 0,
            breaths: 0,
            cancel_at: u32::MAX,
            suffocate_at: u32::MAX,
        }
    }
}

impl Wait for Clock {
    fn now(&self) -> Time {
        self.world.now.get()
    }

    fn wait(&mut self, _: BorrowedFd<'_>, interest: Interest, deadline: Time) -> io::Result<Ready> {
        self.waits += 1;
        if self.waits >= self.cancel_at {
            return Ok(Ready::Cancelled);
        }
        let world = &self.world;
        let now = world.now.get();
        let mut conns = world.conns.borrow_mut();
        let conn = conns
            .iter_mut()
            .rfind(|c| c.open)
            .expect("an open connection to wait for");
        let is_up = now >= conn.established_at().1;
        let has_room = conn.sent.len() < conn.server.window;
        let is_ready = is_up && (conn.readable(now) || interest != Interest::Read && has_room);
        let (seen, times) = world.idle_waits.get();
        if is_ready {
            let times = if seen == world.progress.get() {
                times + 1
            } else {
                0
            };
            assert!(
                times < 20,
                "spins: the link is ready for {interest:?}, and nothing is done"
            );
            world.idle_waits.set((world.progress.get(), times));
            return Ok(Ready::Fd);
        }
        world.step();
        let event = conn.next_event(now);
        // At the deadline itself the deadline wins: the caller must look at the link once more.
        world.now.set(event.min(deadline).max(now));
        Ok(if event < deadline {
            Ready::Fd
        } else {
            Ready::Deadline
        })
    }

    fn breathe(&mut self) -> bool {
        self.breaths += 1;
        self.breaths < self.suffocate_at
    }
}

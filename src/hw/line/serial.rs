// SPDX-License-Identifier: MIT OR Apache-2.0
//! A serial line: raw 8N1, no flow control, ours alone (termios(3), ioctl_tty(2)).

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc;
use nix::sys::termios::{
    BaudRate, ControlFlags, FlushArg, SetArg, SpecialCharacterIndices, cfmakeraw, cfsetspeed,
    tcflush, tcgetattr, tcsetattr,
};

use super::wire::{self, Outlet, Wire};

nix::ioctl_none_bad!(tiocexcl, libc::TIOCEXCL);
nix::ioctl_none_bad!(tiocnxcl, libc::TIOCNXCL);

/// Keeps other programs from the port while it lives.
pub(super) struct PortLock {
    lock: Flock<OwnedFd>,
}

impl Drop for PortLock {
    fn drop(&mut self) {
        // SAFETY: TIOCNXCL takes no argument and the descriptor is open.
        let _ = unsafe { tiocnxcl(self.lock.as_raw_fd()) };
    }
}

/// The kernel's name for a speed.
pub(super) fn baud_rate(baud: u32) -> Option<BaudRate> {
    Some(match baud {
        1200 => BaudRate::B1200,
        2400 => BaudRate::B2400,
        4800 => BaudRate::B4800,
        9600 => BaudRate::B9600,
        19_200 => BaudRate::B19200,
        38_400 => BaudRate::B38400,
        57_600 => BaudRate::B57600,
        115_200 => BaudRate::B115200,
        230_400 => BaudRate::B230400,
        460_800 => BaudRate::B460800,
        500_000 => BaudRate::B500000,
        576_000 => BaudRate::B576000,
        921_600 => BaudRate::B921600,
        _ => return None,
    })
}

/// Opens the port and throws away what came in before.
pub(super) fn open(path: &Path, baud: u32) -> io::Result<(Wire, PortLock)> {
    let rate = baud_rate(baud).ok_or(Errno::EINVAL)?;
    let port = wire::open(path, OpenOptions::new().read(true).write(true))?;
    let lock = match Flock::lock(port.try_clone()?, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => PortLock { lock },
        Err((_, errno)) => return Err(errno.into()),
    };
    let mut termios = tcgetattr(port.as_fd())?;
    cfmakeraw(&mut termios);
    termios
        .control_flags
        .remove(ControlFlags::CSTOPB | ControlFlags::CRTSCTS);
    // No modem lines; and no drop of DTR when we close, which would reset many a board.
    termios.control_flags.remove(ControlFlags::HUPCL);
    termios
        .control_flags
        .insert(ControlFlags::CLOCAL | ControlFlags::CREAD);
    // With VMIN 0 a read of nothing would look like a hang-up, even though O_NONBLOCK is set.
    termios.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
    termios.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    cfsetspeed(&mut termios, rate)?;
    tcsetattr(port.as_fd(), SetArg::TCSANOW, &termios)?;
    // SAFETY: TIOCEXCL takes no argument and the descriptor is open.
    unsafe { tiocexcl(port.as_raw_fd()) }?;
    tcflush(port.as_fd(), FlushArg::TCIOFLUSH)?;
    Ok((Wire::new(port, Outlet::Same), lock))
}

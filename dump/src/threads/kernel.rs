//! The state of an OS thread, as the kernel reports it.

use std::io;
use std::time::Duration;

use super::{OsThread, SystemCall, ThreadState};

/// Reads a thread without its tasks. `file` returns the content of one of the thread's files in procfs, and `clock_tick`
/// is the unit of its times. Returns `None` if the thread has ended.
pub fn look_at(
    id: u64,
    clock_tick: Duration,
    file: impl Fn(&str) -> io::Result<String>,
) -> Option<OsThread> {
    let stat = Stat::parse(&file("stat").ok()?)?;
    Some(OsThread {
        id,
        state: state_of(&stat, file),
        uninterruptible: stat.is_uninterruptible(),
        cpu: stat.cpu.and_then(|ticks| clock_tick.checked_mul(ticks)),
        name: stat.name,
        tasks: Vec::new(),
        stale: false,
        stack: None,
    })
}

/// Returns `true` if a `stat` that was read is that of a thread which runs or waits for a CPU.
pub fn is_running(stat: &str) -> bool {
    Stat::parse(stat).is_some_and(|stat| stat.is_running())
}

/// Reads the state of a thread whose `stat` was read a moment ago.
fn state_of(stat: &Stat, file: impl Fn(&str) -> io::Result<String>) -> ThreadState {
    match stat.letter {
        _ if stat.is_running() => ThreadState::Running,
        'S' | 'D' | 'I' => match file("syscall") {
            Ok(line) => by_call(&line),
            Err(_) => by_channel(file("wchan").ok()),
        },
        'T' | 't' => ThreadState::Stopped,
        'Z' | 'X' | 'x' => ThreadState::Ended,
        _ => ThreadState::Other,
    }
}

/// Parses `syscall`: `running`, `-1`, or the number and the arguments of a call.
fn by_call(line: &str) -> ThreadState {
    let mut words = line.split_ascii_whitespace();
    let number = words.next().unwrap_or("");
    match number.parse::<i64>() {
        Ok(-1) => ThreadState::OutsideCall,
        Ok(number) => ThreadState::InCall(SystemCall::new(number, words.next())),
        // It has woken up.
        Err(_) if number == "running" => ThreadState::Running,
        Err(_) => ThreadState::Waiting { function: None },
    }
}

/// Parses `wchan`: a function, or `0` if the kernel does not disclose it.
fn by_channel(function: Option<String>) -> ThreadState {
    let known = |function: &String| !function.is_empty() && function != "0";
    ThreadState::Waiting {
        function: function.filter(known),
    }
}

/// The fields of a thread's `stat` that dumps show.
struct Stat {
    name: String,
    letter: char,
    /// In ticks of the kernel's clock.
    cpu: Option<u32>,
}

impl Stat {
    /// Parses `17 (name) S 1 …`. The name may contain parentheses and blanks.
    fn parse(line: &str) -> Option<Self> {
        let (head, rest) = line.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        // The state is field 3; the times in the program and in the kernel are 14 and 15.
        let mut fields = rest.split_ascii_whitespace();
        let letter = fields.next()?.chars().next()?;
        let mut ticks = fields.skip(10).map(|field| field.parse::<u32>().ok());
        let cpu = match (ticks.next().flatten(), ticks.next().flatten()) {
            (Some(user), Some(system)) => user.checked_add(system),
            _ => None,
        };
        Some(Stat {
            name: name.to_owned(),
            letter,
            cpu,
        })
    }

    fn is_running(&self) -> bool {
        self.letter == 'R'
    }

    fn is_uninterruptible(&self) -> bool {
        self.letter == 'D'
    }
}

#[cfg(test)]
mod tests {
    use super::{by_call, by_channel, Stat};

    #[test]
    fn name_may_look_like_the_rest_of_the_line() {
        let line = "4711 (a) R (b) S 1) S 1 4711 9 0 -1 4194368 2 0 0 0 12 30 0 0 20 0 3 0 123";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(stat.name, "a) R (b) S 1");
        assert_eq!((stat.letter, stat.cpu), ('S', Some(42)));
    }

    #[test]
    fn line_that_makes_no_sense_is_none() {
        for line in ["", "4711", "4711 (a", "4711 (a)", ")("] {
            assert!(Stat::parse(line).is_none(), "{line:?}");
        }
    }

    #[test]
    fn call_is_named_or_its_number_told() {
        for (line, shown) in [
            ("running\n", "running"),
            ("-1 0x7ffd 0x7f00\n", "waiting outside of system calls"),
            ("9999 0x1 0x2", "system call 9999"),
            ("", "waiting, system call not permitted to know"),
        ] {
            assert_eq!(by_call(line).to_string(), shown);
        }
        let futex = format!("{} 0x55d0 0x80 0x0 0x0 0x0 0x0 0x7ffd 0x7f00", 202);
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        assert_eq!(by_call(&futex).to_string(), "futex");
        let _ = futex;
    }

    #[test]
    fn kernel_function_is_shown_if_the_call_is_secret() {
        let shown = |text: &str| by_channel(Some(text.to_owned())).to_string();
        assert_eq!(shown("futex_wait"), "waiting in the kernel's futex_wait");
        assert_eq!(shown("0"), "waiting, system call not permitted to know");
    }
}

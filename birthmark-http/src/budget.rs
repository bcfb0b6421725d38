//! How much work a request may be.

use std::io;
use std::time::Duration;

use axum::body::Bytes;
use birthmark::extension::thread_cpu_time;
use tokio::sync::mpsc::Sender;

/// A piece of a body, or the error because of which there will be no more.
pub(crate) type Piece = io::Result<Bytes>;

/// The CPU time that an answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) base: Duration,
    /// For each task that is alive, since the work grows with them.
    pub(crate) per_task: Duration,
}

impl Budget {
    pub(crate) const DEFAULT: Budget = Budget {
        base: Duration::from_secs(10),
        per_task: Duration::from_micros(10),
    };

    #[cfg(test)]
    pub(crate) const ENDLESS: Budget = Budget {
        base: Duration::MAX,
        per_task: Duration::ZERO,
    };

    fn of(self, tasks: usize) -> Duration {
        let tasks = u32::try_from(tasks).unwrap_or(u32::MAX);
        self.base
            .saturating_add(self.per_task.saturating_mul(tasks))
    }
}

/// Tells the thread that works for a request whether to go on.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    to: Sender<Piece>,
    /// The CPU time of the thread at which the budget is spent. `None` if the system does not count it.
    end: Option<Duration>,
}

impl Watch {
    /// The kind of the error if the budget is spent.
    pub(crate) const SPENT: io::ErrorKind = io::ErrorKind::QuotaExceeded;

    /// Begins on the thread that works. Its client is gone when the other end of `to` is.
    pub(crate) fn start(to: Sender<Piece>, budget: Budget) -> Self {
        let most = budget.of(birthmark::task_count());
        let end = thread_cpu_time().map(|now| now.saturating_add(most));
        Watch { to, end }
    }

    /// Fails if the client has gone, or if the budget is spent.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.to.is_closed() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match (self.end, thread_cpu_time()) {
            (Some(end), Some(now)) if now > end => Err(Watch::SPENT.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Duration};

    #[test]
    fn budget_grows_with_the_tasks() {
        assert_eq!(Budget::DEFAULT.of(0), Duration::from_secs(10));
        assert_eq!(Budget::DEFAULT.of(1_000_000), Duration::from_secs(20));
        assert_eq!(Budget::ENDLESS.of(usize::MAX), Duration::MAX);
    }
}

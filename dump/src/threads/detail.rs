//! The detail of a dump about OS threads.

use birthmark_core::__reader::named_enum;

named_enum! {
    /// The detail of a dump about OS threads. [`Dump::with_threads`](crate::Dump::with_threads),
    /// `Builder::dump_threads` and `BIRTHMARK=threads=…` set it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum ThreadDetail {
        /// no threads. This is the default.
        #[default]
        Off = "off",
        /// the state of each thread and the task that runs on it. Reading them has no effect on the threads.
        States = "states",
        /// also the native stack of each thread. This needs the feature `native-stacks`, and Linux on x86-64 or
        /// AArch64.
        ///
        /// Each thread gets the signal SIGURG and copies its stack. The dump waits at most a second for one thread, and
        /// at most 4 seconds for all threads that do not answer. The first such dump installs a handler, unless the
        /// program handles the signal itself.
        ///
        /// The signal interrupts the system call of a thread that waits in `epoll_wait` or `nanosleep`, or for a lock
        /// with a timeout. The call returns `EINTR`, as signal(7) describes. std, mio and tokio repeat the call; C code
        /// may not.
        ///
        /// Two kinds of threads get no signal, and the dump shows the reason in place of the stack. One waits in a call
        /// that the kernel never restarts, such as `poll` or a read with a timeout. The other has little stack left.
        ///
        /// A sandbox must permit `process_vm_readv`. If it does not, stacks have one frame.
        Stacks = "stacks",
    }

    /// The error for a name that no [`ThreadDetail`] has.
    pub struct ParseThreadDetailError for "threads";
}

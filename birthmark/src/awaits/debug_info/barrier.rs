//! The order in which polls and the memory of futures become visible.

/// Makes what another thread has stored before a store visible to this one, if this one sees that store.
///
/// A poll stores its count before it changes its future, and nothing but the compiler keeps both in order, because a fence
/// would cost each poll. Processors of x86-64 keep stores in order. On others, the system has each running thread of the
/// process execute a fence. A reader calls this between the two counts and its reading.
pub(super) fn order_polls() {
    if cfg!(target_arch = "x86_64") {
        return;
    }
    const GLOBAL: libc::c_int = 1;
    const EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_EXPEDITED: libc::c_int = 1 << 4;
    // The second one works without a registration, and takes longer.
    let _ = membarrier(EXPEDITED)
        || membarrier(REGISTER_EXPEDITED) && membarrier(EXPEDITED)
        || membarrier(GLOBAL);
}

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the call takes two numbers and has no effect on memory except its order.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0) == 0 }
}

//! Threads that get no signal, because they would notice. In a process of their own: a dump that another test takes
//! while they are not there yet would ask them.
#![cfg(has_native_stacks)]

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use birthmark::{OsThread, StackError, SystemCall, ThreadDetail, ThreadState};
use birthmark_integration_tests::wait_for;
use birthmark_test_support as _;

fn named(report: ThreadDetail, name: &str) -> Option<OsThread> {
    let dump = birthmark::dump().with_threads(report);
    let mut threads = dump.threads()?.iter();
    threads.find(|thread| thread.name() == name).cloned()
}

/// Waits until threads are in these system calls. No thread notices that.
#[track_caller]
fn wait_for_calls(calls: &[(&str, &str)]) {
    for (name, call) in calls {
        wait_for(&format!("{name} is in {call}"), || {
            let thread = named(ThreadDetail::States, name)?;
            let is_in = |it: &SystemCall| it.name() == Some(*call);
            matches!(thread.state(), ThreadState::InCall(it) if is_in(it)).then_some(())
        });
    }
}

/// Why a thread has no stack.
fn reason(name: &str) -> StackError {
    let thread = named(ThreadDetail::Stacks, name).expect("the thread is there");
    thread.stack().unwrap().unwrap_err()
}

#[test]
fn thread_that_would_notice_the_signal_is_left_alone() {
    a_call_that_cannot_be_restarted_is_not_interrupted();
    a_thread_with_little_stack_left_gets_no_signal();
}

fn a_call_that_cannot_be_restarted_is_not_interrupted() {
    let (mut timed, mut to_timed) = UnixStream::pair().unwrap();
    let (polled, mut to_polled) = UnixStream::pair().unwrap();
    timed
        .set_read_timeout(Some(Duration::from_secs(600)))
        .unwrap();
    let start = |name: &str, f: Box<dyn FnOnce() -> bool + Send>| {
        thread::Builder::new().name(name.into()).spawn(f).unwrap()
    };
    let reads = start("timed-read", Box::new(move || timed.read(&mut [0]).is_ok()));
    let polls = start(
        "in-poll",
        Box::new(move || {
            let mut poll = libc::pollfd {
                fd: polled.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: it is one, and there until the call returns.
            unsafe { libc::poll(&raw mut poll, 1, -1) == 1 }
        }),
    );
    wait_for_calls(&[("timed-read", "recv"), ("in-poll", "poll")]);
    assert_eq!(reason("timed-read"), StackError::Interruptible);
    assert_eq!(reason("in-poll"), StackError::Interruptible);
    for socket in [&mut to_timed, &mut to_polled] {
        socket.write_all(b"x").unwrap();
    }
    assert!(reads.join().unwrap() && polls.join().unwrap());
}

/// On a stack of 16 KiB, of which it uses half: reads from the descriptor that it is given.
extern "C" fn use_half_a_stack(descriptor: *mut libc::c_void) -> *mut libc::c_void {
    let mut used = [0u8; 8000];
    std::hint::black_box(&mut used);
    // SAFETY: the name ends with a zero, and the bytes are there.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, c"little-stack".as_ptr());
        libc::read(descriptor.addr() as i32, used.as_mut_ptr().cast(), 1);
    }
    std::hint::black_box(&mut used);
    std::ptr::null_mut()
}

fn a_thread_with_little_stack_left_gets_no_signal() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let descriptor = std::ptr::without_provenance_mut(reader.as_raw_fd() as usize);
    // SAFETY: the attributes are set up before they are used, and the thread is joined below.
    let thread = unsafe {
        let mut attributes = std::mem::zeroed();
        let mut thread = std::mem::zeroed();
        assert_eq!(libc::pthread_attr_init(&raw mut attributes), 0);
        assert_eq!(
            libc::pthread_attr_setstacksize(&raw mut attributes, 16 * 1024),
            0
        );
        let made = libc::pthread_create(&raw mut thread, &attributes, use_half_a_stack, descriptor);
        assert_eq!(made, 0);
        thread
    };
    wait_for_calls(&[("little-stack", "read")]);
    assert_eq!(reason("little-stack"), StackError::LittleStack);
    writer.write_all(b"x").unwrap();
    // SAFETY: it is there, and joined once.
    let joined = unsafe { libc::pthread_join(thread, std::ptr::null_mut()) };
    assert_eq!(joined, 0);
}

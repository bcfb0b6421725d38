//! A program with birthmark that loads a plugin with a copy of its own. The first argument is the path of the plugin.

use std::ffi::CString;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;

#[birthmark::instrument]
mod host {
    /// Starts a thread that stays.
    pub(crate) fn start() {
        std::thread::spawn(birthmark::named!("of the host" => || loop {
            std::thread::park();
        }));
    }
}

fn main() {
    let path = std::env::args_os().nth(1).expect("the path of the plugin");
    let path = CString::new(path.into_vec()).expect("a path");
    host::start();
    // SAFETY: the path is a C string. The library is never unloaded, and its initialization has no conditions.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    assert!(!library.is_null(), "the plugin is loaded");
    // SAFETY: the library is loaded, and the name is a C string.
    let start = unsafe { libc::dlsym(library, c"birthmark_specimen_plugin_start".as_ptr()) };
    assert!(!start.is_null(), "the plugin has an entry");
    // SAFETY: the plugin defines the function with this type.
    let start = unsafe { std::mem::transmute::<*mut libc::c_void, extern "C" fn()>(start) };
    start();
    println!("ready");
    std::io::stdout().flush().expect("a pipe");
    // Until the test ends.
    let _ = std::io::stdin().read(&mut [0]);
}

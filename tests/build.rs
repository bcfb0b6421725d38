//! Sets `cfg(has_native_stacks)` on the platforms on which birthmark takes native stacks.

use std::env;

fn main() {
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    let is_known = ["x86_64", "aarch64"].contains(&&*target("ARCH"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(has_native_stacks)");
    if target("OS") == "linux" && is_known {
        println!("cargo::rustc-cfg=has_native_stacks");
    }
}

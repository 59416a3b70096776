//! The device build has no tables for unwinding: a panic ends it, so nobody would read them, and they are a tenth of it.

use std::env;

fn main() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    println!("cargo::rerun-if-changed=device.ld");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    // No profile but `device` builds this room so, and there a panic aborts.
    if is("OPT_LEVEL", "z") && is("CARGO_CFG_TARGET_OS", "linux") {
        let script = format!("{}/device.ld", env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
        // A linker that no compiler stands in front of takes its options as they are.
        let is_bare = env::var("RUSTC_LINKER").is_ok_and(|linker| linker.ends_with("lld"));
        let before = if is_bare { "" } else { "-Wl," };
        for option in [format!("-T{script}"), "--no-eh-frame-hdr".to_owned()] {
            println!("cargo::rustc-link-arg-bins={before}{option}");
        }
    }
}

//! The device build has no tables for unwinding: a panic ends it, so nobody would read them, and they are a tenth of it.

use std::env;

fn main() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    println!("cargo::rerun-if-changed=device.ld");
    // No profile but `device` builds this room so, and there a panic aborts.
    // What musl starts a program with refers to the tables.
    if is("OPT_LEVEL", "z") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let script = format!("{}/device.ld", env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{script},--no-eh-frame-hdr");
    }
}

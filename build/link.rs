//! The shared library's name, and that it stays loaded while its threads run.

use std::env;
use std::os::unix::fs::symlink;
use std::path::Path;

const SONAME: &str = "libyolanda.so.1";

pub fn arguments() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    link_by_soname();
}

/// Beside cargo's libyolanda.so, the name that a program linked to it asks the loader for.
fn link_by_soname() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    // PROFILE/build/PACKAGE/out
    if let Some(profile) = Path::new(&out).ancestors().nth(3) {
        // It is there already, or it can't be made: programs then need a link of their own.
        let _ = symlink("libyolanda.so", profile.join(SONAME));
    }
}

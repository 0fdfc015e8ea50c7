//! The shared library's name, and that it stays loaded while its threads run.

pub fn arguments() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libyolanda.so.1");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

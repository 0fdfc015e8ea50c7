//! The C sources: bodies that need `va_start`, and the one weak reference.

const SOURCES: [&str; 2] = ["src/variadic.c", "src/reactor/backend/poll_default.c"];

pub fn compile() {
    let mut cc = cc::Build::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        cc.file(source);
    }
    cc.std("c11")
        .define("_POSIX_C_SOURCE", "200809L")
        .flag("-fvisibility=hidden")
        .warnings(true)
        .extra_warnings(true)
        .compile("yolanda_shim");
}

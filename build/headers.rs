//! Generates `include/lib/*.h` from `src/abi/*.rs` (types) and `src/exports/*.rs` (functions), and
//! `include/yolanda.h` from their folders `yolanda`; `ffi` makes `include/yolanda_ffi.h` and
//! `include/yolanda_ffi.json` of both.
//!
//! Every build generates into `OUT_DIR/include`, where the drift test finds what the committed
//! headers have to be. The source tree is written only when `YOLANDA_HEADERS=write` asks for it.

use std::env;
use std::fs;
use std::path::Path;

use cbindgen::{Builder, Config};

use crate::ffi;

/// What a header needs besides the Rust file of the same stem.
struct Header {
    stem: &'static str,
    /// Before everything else: `#include`s and what has to stand between them.
    preamble: &'static str,
    /// A project header that has to come first, because its typedefs are used.
    first: &'static [&'static str],
    /// Macros that Rust has no constants for, and declarations of others.
    macros: &'static str,
    /// Types that no function of the file mentions.
    include: &'static [&'static str],
    /// Project headers, behind the header's own declarations: they include each other in circles.
    last: &'static [&'static str],
}

const HEADERS: &[Header] = &[
    Header { stem: "acceptor", last: &["common.h"], ..NONE },
    Header { stem: "buffer", preamble: STRING_H, macros: MEMMEM, ..NONE },
    Header { stem: "channel", last: &["common.h", "event_loop.h", "buffer.h"], ..NONE },
    Header { stem: "channel_map", last: &["channel.h"], ..NONE },
    Header {
        stem: "common",
        preamble: include_str!("common_preamble.h"),
        macros: concat!(
            "/** The path of the course's Unix domain sockets. */\n",
            "#define UNIXSTR_PATH \"/var/lib/unixstream.sock\"\n",
            "\n",
            include_str!("memmem.h"),
        ),
        last: &["log.h", "tcp_server.h", "inetaddress.h", "channel_map.h"],
        ..NONE
    },
    Header {
        stem: "event_dispatcher",
        include: &["event_dispatcher"],
        last: &["channel.h"],
        ..NONE
    },
    Header {
        stem: "event_loop",
        preamble: "#include <pthread.h>\n",
        include: &["channel_element"],
        last: &["channel.h", "event_dispatcher.h", "common.h"],
        ..NONE
    },
    Header {
        stem: "event_loop_thread",
        preamble: "#include <pthread.h>\n#include <string.h>\n",
        macros: MEMMEM,
        ..NONE
    },
    Header {
        stem: "http_request",
        preamble: STRING_H,
        macros: MEMMEM,
        include: &["http_request_state"],
        ..NONE
    },
    Header { stem: "http_response", include: &["HttpStatusCode"], last: &["buffer.h"], ..NONE },
    Header {
        stem: "http_server",
        last: &["common.h", "tcp_server.h", "http_request.h", "http_response.h"],
        ..NONE
    },
    Header { stem: "inetaddress", preamble: STRING_H, macros: MEMMEM, ..NONE },
    Header {
        stem: "log",
        preamble: "#include <stdarg.h>\n#include <string.h>\n",
        macros: concat!(
            "/** Prints a line of severity LOG_MSG_TYPE. */\n",
            "#define LOG_MSG(msg) yolanda_log(LOG_MSG_TYPE, msg)\n",
            "/** Prints a line of severity LOG_ERR_TYPE. */\n",
            "#define LOG_ERR(msg) yolanda_log(LOG_ERR_TYPE, msg)\n",
            "\n",
            include_str!("memmem.h"),
        ),
        ..NONE
    },
    Header {
        stem: "tcp_connection",
        first: &["tcp_server.h"],
        last: &["event_loop.h", "channel.h", "buffer.h"],
        ..NONE
    },
    Header {
        stem: "tcp_server",
        last: &["acceptor.h", "event_loop.h", "thread_pool.h", "buffer.h", "tcp_connection.h"],
        ..NONE
    },
    Header { stem: "thread_pool", last: &["event_loop.h", "event_loop_thread.h"], ..NONE },
    Header { stem: "utils", last: &["event_loop.h"], ..NONE },
];

const NONE: Header =
    Header { stem: "", preamble: "", first: &[], macros: "", include: &[], last: &[] };

const STRING_H: &str = "#include <string.h>\n";
const MEMMEM: &str = include_str!("memmem.h");

pub fn generate() {
    for input in ["src/abi", "src/exports", "cbindgen", "cbindgen.toml", "build", "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    println!("cargo::rerun-if-env-changed=YOLANDA_HEADERS");

    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    write_to(&Path::new(&out).join("include"));
    if env::var("YOLANDA_HEADERS").is_ok_and(|value| value == "write") {
        write_to(Path::new("include"));
    }
}

fn write_to(folder: &Path) {
    fs::create_dir_all(folder.join("lib")).expect("the folder for the headers");
    for header in HEADERS {
        write_header(&folder.join("lib").join(header.stem).with_extension("h"), header.bindings());
    }
    write_header(&folder.join("yolanda.h"), additions());
    ffi::write_to(folder);
}

fn write_header(file: &Path, bindings: cbindgen::Bindings) {
    let mut text = Vec::new();
    bindings.write(&mut text);
    write_if_changed(file, &for_c(&String::from_utf8(text).expect("the sources are UTF-8")));
}

/// A file that says what it said keeps its time, so that nothing that includes it is rebuilt.
pub fn write_if_changed(file: &Path, text: &str) {
    if fs::read(file).ok().as_deref() != Some(text.as_bytes()) {
        fs::write(file, text).expect("writing a header");
    }
}

/// Leaves out the heading that Rust wants above a function's requirements: to a C reader they are the
/// last paragraph of its comment.
fn for_c(header: &str) -> String {
    let kept = header.lines().filter(|line| line.trim() != "* # Safety");
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// The parts of `yolanda.h`, in the order in which they stand there.
pub const ADDITIONS: &[&str] = &[
    "version",
    "error",
    "event_loop",
    "timer",
    "signal",
    "thread",
    "buffer",
    "channel",
    "connection",
    "connection_fields",
    "acceptor",
    "server",
    "client",
    "callbacks",
    "http_request",
    "http_response",
    "http_response_fields",
    "http_cookie",
    "http_server",
    "http_route",
    "http_files",
    "http_access",
    "http_upload",
    "http_form",
    "log",
];

/// What `yolanda.h` includes: the types that it refers to.
const ADDITIONS_NEED: &str = "#include <stddef.h>\n#include <stdint.h>\n\n\
    #include \"lib/event_loop.h\"\n#include \"lib/http_server.h\"\n\
    #include \"lib/tcp_connection.h\"\n#include \"lib/tcp_server.h\"\n\
    #include \"lib/thread_pool.h\"\n";

fn additions() -> cbindgen::Bindings {
    let mut config = Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    config.header = Some(format!(
        "/* Generated from src/abi/yolanda/ and src/exports/yolanda/. SPDX-License-Identifier: MIT OR Apache-2.0 */\n\
         #ifndef YOLANDA_H\n#define YOLANDA_H\n\n{ADDITIONS_NEED}"
    ));
    config.after_includes = Some(format!("\n{}", version_macros()));
    config.trailer = Some("\n#endif".into());
    config.export.include = vec!["yolanda_loop_stats".into(), "yolanda_http_stats".into()];
    ADDITIONS
        .iter()
        .fold(
            Builder::new().with_config(config).with_src("cbindgen/forward.rs"),
            |builder, part| with_parts(builder, &format!("yolanda/{part}.rs")),
        )
        .generate()
        .unwrap_or_else(|error| panic!("yolanda.h: {error}"))
}

/// Major, minor and patch number: Cargo.toml holds the only version.
pub fn version() -> (u32, u32, u32) {
    let part = |name: &str| -> u32 {
        let value = env::var(format!("CARGO_PKG_VERSION_{name}")).expect("cargo sets the version");
        value.parse().expect("a number")
    };
    (part("MAJOR"), part("MINOR"), part("PATCH"))
}

fn version_macros() -> String {
    let (major, minor, patch) = version();
    format!(
        "/** The version of this header. */\n\
         #define YOLANDA_VERSION_MAJOR {major}\n\
         #define YOLANDA_VERSION_MINOR {minor}\n\
         #define YOLANDA_VERSION_PATCH {patch}\n\
         /** The version as text. */\n\
         #define YOLANDA_VERSION \"{major}.{minor}.{patch}\"\n\
         /** The version as one number, which grows with it. */\n\
         #define YOLANDA_VERSION_NUMBER \\\n    \
         (YOLANDA_VERSION_MAJOR << 16 | YOLANDA_VERSION_MINOR << 8 | YOLANDA_VERSION_PATCH)\n\
         /** 0 if the library that runs fits this header: see yolanda_version_check(). */\n\
         #define YOLANDA_VERSION_CHECK() yolanda_version_check(YOLANDA_VERSION_NUMBER)"
    )
}

impl Header {
    fn bindings(&self) -> cbindgen::Bindings {
        let mut config = Config::from_file("cbindgen.toml").expect("cbindgen.toml");
        config.header = Some(self.opening());
        config.trailer = Some(format!("{}\n#endif", includes(self.last)));
        if !self.macros.is_empty() {
            config.after_includes = Some(format!("\n{}", self.macros.trim_end()));
        }
        config.export.include = self.include.iter().map(|&name| name.into()).collect();
        let builder = Builder::new().with_config(config).with_src("cbindgen/forward.rs");
        with_parts(builder, &format!("{}.rs", self.stem))
            .generate()
            .unwrap_or_else(|error| panic!("{}.h: {error}", self.stem))
    }

    fn opening(&self) -> String {
        let guard = format!("YOLANDA_LIB_{}_H", self.stem.to_uppercase());
        let mut text = format!(
            "/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */\n\
             #ifndef {guard}\n#define {guard}\n"
        );
        for part in [self.preamble, &includes(self.first)] {
            if !part.is_empty() {
                text.push('\n');
                text.push_str(part);
            }
        }
        text.trim_end().into()
    }
}

/// Adds the types and the functions of a header, as far as it has both.
pub fn with_parts(builder: Builder, file: &str) -> Builder {
    ["src/abi", "src/exports"]
        .iter()
        .map(|folder| Path::new(folder).join(file))
        .filter(|part| part.exists())
        .fold(builder, |builder, part| builder.with_src(part))
}

fn includes(names: &[&str]) -> String {
    names.iter().map(|name| format!("#include \"{name}\"\n")).collect()
}

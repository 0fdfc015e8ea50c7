//! `yolanda_ffi.h`: the declarations alone, flat, in C that every parser of declarations understands.

use super::Section;
use super::model::{DESTROY, Item, Kind, Member, Signature};
use crate::headers::version;

const WIDTH: usize = 100;

const OPENING: &str = r#" * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * For the foreign function interfaces of other languages; C and C++ programs include yolanda.h.
 * yolanda_ffi.json says what each function does, who owns what it takes and returns, which thread may
 * call it, and which errno values it sets.
 *
 * There are no preprocessor lines and no types of other headers, so that cdef() of cffi and of LuaJIT
 * take this file as it is. `unsigned long` stands for size_t and uint64_t, `long` for int64_t: they
 * have 64 bits on every system that the library runs on.
 *
 * It is C as well: a C file may include it once instead of yolanda.h, and a C++ file within
 * extern "C" { }. */
"#;

pub fn text(sections: &[Section]) -> String {
    let (major, minor, patch) = version();
    let mut out = format!(
        "/* yolanda {major}.{minor}.{patch}. Generated from src/abi/ and src/exports/.\n{OPENING}"
    );
    let number = major << 16 | minor << 8 | patch;
    let version = [("MAJOR", major), ("MINOR", minor), ("PATCH", patch), ("NUMBER", number)];
    let version =
        version.map(|(part, value)| (format!("YOLANDA_VERSION_{part}"), value.to_string()));
    constants(&mut out, "", &version);
    for section in sections {
        let found: Vec<_> = section.items.iter().filter_map(as_constant).collect();
        constants(&mut out, "", &found);
    }
    for item in all(sections) {
        if let Kind::Enum(members) = &item.kind {
            let members: Vec<_> =
                members.iter().map(|m| (m.name.clone(), m.what.clone())).collect();
            constants(&mut out, &item.name, &members);
        }
    }
    out.push('\n');
    for name in handles(sections) {
        out.push_str(&format!("struct {name};\n"));
    }
    out.push_str(&format!("\ntypedef void (*{DESTROY})(void *data);\n"));
    for item in all(sections) {
        match &item.kind {
            Kind::Alias(of) => line(&mut out, &format!("typedef {};", declared(of, &item.name))),
            Kind::Callback(signature) => {
                let head = declared(&signature.returns, &format!("(*{})", item.name));
                line(&mut out, &format!("typedef {head}({});", parameters(signature)));
            }
            Kind::Struct(fields) => body(&mut out, &item.name, fields),
            _ => {}
        }
    }
    for section in sections {
        out.push('\n');
        for item in &section.items {
            if let Kind::Function(signature) = &item.kind {
                let head = declared(&signature.returns, &item.name);
                line(&mut out, &format!("{head}({});", parameters(signature)));
            }
        }
    }
    out
}

/// The items of all sections, each name once.
pub fn all(sections: &[Section]) -> impl Iterator<Item = &Item> {
    let mut seen = Vec::new();
    sections.iter().flat_map(|section| &section.items).filter(move |item| {
        let fresh = !seen.contains(&item.name.as_str());
        seen.push(&item.name);
        fresh
    })
}

/// The structs that are declared, or pointed to, in the order of their first use.
pub fn handles(sections: &[Section]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut note = |text: &str| {
        if let Some(name) = text.split("struct ").nth(1) {
            let name = name.trim_end_matches([' ', '*']).to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    };
    for item in all(sections) {
        match &item.kind {
            Kind::Callback(s) | Kind::Function(s) => {
                note(&s.returns);
                s.parameters.iter().for_each(|parameter| note(&parameter.of));
            }
            Kind::Struct(fields) => fields.iter().for_each(|field| note(&field.what)),
            _ => {}
        }
    }
    names
}

fn as_constant(item: &Item) -> Option<(String, String)> {
    match &item.kind {
        Kind::Constant(value) => Some((item.name.clone(), value.clone())),
        _ => None,
    }
}

fn constants(out: &mut String, tag: &str, values: &[(String, String)]) {
    if values.is_empty() {
        return;
    }
    out.push_str(&format!("\nenum {tag}{}{{\n", if tag.is_empty() { "" } else { " " }));
    let lines: Vec<_> =
        values.iter().map(|(name, value)| format!("    {name} = {value}")).collect();
    out.push_str(&lines.join(",\n"));
    out.push_str("\n};\n");
}

fn body(out: &mut String, name: &str, fields: &[Member]) {
    out.push_str(&format!("\nstruct {name} {{\n"));
    for field in fields {
        out.push_str(&format!("    {};\n", declared(&field.what, &field.name)));
    }
    out.push_str("};\n\n");
}

fn parameters(signature: &Signature) -> String {
    if signature.parameters.is_empty() {
        return "void".into();
    }
    let each: Vec<_> = signature.parameters.iter().map(|p| declared(&p.of, &p.name)).collect();
    each.join(", ")
}

/// A name with its type before it, in types that need no header.
fn declared(of: &str, name: &str) -> String {
    let of = match of {
        "size_t" | "uint64_t" => "unsigned long",
        "int64_t" => "long",
        "size_t *" => "unsigned long *",
        other => other,
    };
    assert!(!of.contains("_t "), "{of}: no type of other headers");
    if of.ends_with('*') { format!("{of}{name}") } else { format!("{of} {name}") }
}

/// A declaration, in several lines if it is long.
fn line(out: &mut String, text: &str) {
    let mut used = 0;
    for word in text.split_inclusive(", ") {
        if used > 0 && used + word.trim_end().len() > WIDTH {
            out.truncate(out.trim_end().len());
            out.push_str("\n    ");
            used = 4;
        }
        out.push_str(word);
        used += word.len();
    }
    out.push('\n');
}

//! `yolanda_ffi.json`: the declarations with all that their comments say, for generators of bindings.

use std::fmt::Write;

use super::Section;
use super::header::{self, all};
use super::model::{DESTROY, Item, Kind, Member, Signature};
use super::{comment, model};
use crate::headers::version;

pub fn text(sections: &[Section]) -> String {
    let (major, minor, patch) = version();
    let of_kind = |wanted: fn(&Item) -> Option<String>| -> Vec<String> {
        all(sections).filter_map(wanted).collect()
    };
    let mut callbacks = of_kind(as_callback);
    callbacks.insert(0, destroy());
    let functions: Vec<String> = sections
        .iter()
        .flat_map(|section| section.items.iter().map(move |item| (section, item)))
        .filter_map(|(section, item)| as_function(sections, section, item))
        .collect();
    object(&[
        ("version", string(&format!("{major}.{minor}.{patch}"))),
        ("thread", legend()),
        ("constants", list(&of_kind(as_constant))),
        ("enums", list(&of_kind(as_enum))),
        ("handles", list(&handles(sections))),
        ("types", list(&of_kind(as_alias))),
        ("structs", list(&of_kind(as_struct))),
        ("callbacks", list(&callbacks)),
        ("functions", list(&functions)),
    ]) + "\n"
}

/// What the words about threads mean.
fn legend() -> String {
    object(&[
        ("any", string("Every thread may call it, several at a time.")),
        ("one", string("Any thread may call it, but only one at a time for the same object.")),
        (
            "loop",
            string(
                "Only the loop's thread may call it: that of the loop given, or of the object's loop. For connections \
                 also the completed callback.",
            ),
        ),
    ])
}

fn described(item: &Item) -> (&'static str, String) {
    ("description", string(&comment::description(&item.comment)))
}

fn as_constant(item: &Item) -> Option<String> {
    let Kind::Constant(value) = &item.kind else { return None };
    Some(object(&[("name", string(&item.name)), ("value", value.clone()), described(item)]))
}

fn as_enum(item: &Item) -> Option<String> {
    let Kind::Enum(values) = &item.kind else { return None };
    let value = |one: &Member| one.what.clone();
    Some(object(&[
        ("name", string(&item.name)),
        ("values", list(&members(values, "value", value))),
        described(item),
    ]))
}

/// The structs that are used by pointers only. One of the sections has the comment.
fn handles(sections: &[Section]) -> Vec<String> {
    let items = || sections.iter().flat_map(|section| &section.items);
    let has_body = |name: &String| {
        items().any(|item| item.name == *name && matches!(item.kind, Kind::Struct(_)))
    };
    let mut names = header::handles(sections);
    names.retain(|name| !has_body(name));
    names
        .iter()
        .map(|name| {
            let of_handle = |item: &&Item| item.name == *name && matches!(item.kind, Kind::Handle);
            let comments = items().filter(of_handle).map(|item| item.comment.as_str());
            let comment = comments.max_by_key(|comment| comment.len()).unwrap_or_default();
            object(&[
                ("name", string(name)),
                ("description", string(&comment::description(comment))),
            ])
        })
        .collect()
}

fn as_alias(item: &Item) -> Option<String> {
    let Kind::Alias(of) = &item.kind else { return None };
    Some(object(&[("name", string(&item.name)), ("type", string(of)), described(item)]))
}

fn as_struct(item: &Item) -> Option<String> {
    let Kind::Struct(fields) = &item.kind else { return None };
    let of = |one: &Member| string(&one.what);
    Some(object(&[
        ("name", string(&item.name)),
        ("fields", list(&members(fields, "type", of))),
        described(item),
    ]))
}

fn members(all: &[Member], key: &'static str, what: fn(&Member) -> String) -> Vec<String> {
    all.iter()
        .map(|one| {
            object(&[
                ("name", string(&one.name)),
                (key, what(one)),
                ("description", string(&comment::description(&one.comment))),
            ])
        })
        .collect()
}

fn as_callback(item: &Item) -> Option<String> {
    let Kind::Callback(signature) = &item.kind else { return None };
    Some(object(&[
        ("name", string(&item.name)),
        ("returns", string(&signature.returns)),
        ("parameters", parameters(signature)),
        described(item),
    ]))
}

/// The function type that C headers write out.
fn destroy() -> String {
    let data = model::Parameter { name: "data".into(), of: "void *".into() };
    let signature = Signature { returns: "void".into(), parameters: vec![data] };
    object(&[
        ("name", string(DESTROY)),
        ("returns", string(&signature.returns)),
        ("parameters", parameters(&signature)),
        ("description", string("Frees what a program has attached to an object.")),
    ])
}

fn as_function(sections: &[Section], section: &Section, item: &Item) -> Option<String> {
    let Kind::Function(signature) = &item.kind else { return None };
    let first = signature.parameters.first().map(|parameter| parameter.name.as_str());
    let threads = comment::threads(&item.comment, first);
    let codes: Vec<_> = errno(sections, item, 0).iter().map(|code| string(code)).collect();
    Some(object(&[
        ("name", string(&item.name)),
        ("header", string(section.header)),
        ("returns", string(&signature.returns)),
        ("parameters", parameters(signature)),
        described(item),
        ("result", string(&comment::result(&item.comment))),
        ("ownership", string(&comment::ownership(&item.comment))),
        ("requirements", string(&comment::requirements(&item.comment))),
        ("thread", string(threads.which)),
        ("signal_handler", threads.signal_handler.to_string()),
        ("errno", format!("[{}]", codes.join(", "))),
    ]))
}

/// The errno values of a function, also those of the functions to which its comment refers.
fn errno(sections: &[Section], item: &Item, depth: usize) -> Vec<String> {
    let mut codes = comment::errno(&item.comment);
    for name in comment::fails_like(&item.comment) {
        let other = all(sections).find(|other| other.name == name && name != item.name);
        let theirs = other.filter(|_| depth < 5).map(|other| errno(sections, other, depth + 1));
        codes.extend(theirs.unwrap_or_default());
    }
    codes.sort();
    codes.dedup();
    codes
}

fn parameters(signature: &Signature) -> String {
    let each = signature.parameters.iter().map(|parameter| {
        format!("{{ \"name\": {}, \"type\": {} }}", string(&parameter.name), string(&parameter.of))
    });
    list(&each.collect::<Vec<_>>())
}

/// An object of values that are JSON already.
fn object(fields: &[(&str, String)]) -> String {
    let lines: Vec<_> =
        fields.iter().map(|(key, value)| format!("{}: {value}", string(key))).collect();
    format!("{{\n{}\n}}", indented(&lines.join(",\n")))
}

fn list(items: &[String]) -> String {
    if items.is_empty() {
        return "[]".into();
    }
    format!("[\n{}\n]", indented(&items.join(",\n")))
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

fn string(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => write!(out, "\\u{:04x}", c as u32).expect("a string takes all"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

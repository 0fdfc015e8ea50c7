//! The declarations of a header: read from the text that cbindgen writes, which has always the same form.

/// A declaration with its comment.
pub struct Item {
    pub name: String,
    pub comment: String,
    pub kind: Kind,
}

pub enum Kind {
    /// `#define NAME VALUE`
    Constant(String),
    /// `enum NAME { ... }`: each member with its value.
    Enum(Vec<Member>),
    /// A struct that is used by pointers only.
    Handle,
    /// `struct NAME { ... }`: each member with its type.
    Struct(Vec<Member>),
    /// `typedef TYPE NAME`
    Alias(String),
    /// `typedef RESULT (*NAME)(PARAMETERS)`
    Callback(Signature),
    Function(Signature),
}

pub struct Member {
    pub name: String,
    pub comment: String,
    /// A field's type, or the value of a constant.
    pub what: String,
}

pub struct Signature {
    pub returns: String,
    pub parameters: Vec<Parameter>,
}

pub struct Parameter {
    pub name: String,
    pub of: String,
}

/// The one function type that is written out where it is used.
pub const DESTROY: &str = "yolanda_destroy";

pub fn read(text: &str) -> Vec<Item> {
    let mut lines = text.lines();
    let mut items = Vec::new();
    let mut comment = String::new();
    while let Some(line) = lines.next() {
        if line == "/**" {
            comment = read_comment(&mut lines);
        } else if !line.is_empty() {
            let comment = std::mem::take(&mut comment);
            items.extend(read_item(line, comment, &mut lines));
        }
    }
    items
}

/// The lines of a comment, up to its end.
fn read_comment<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines.by_ref().map(str::trim).take_while(|line| *line != "*/") {
        let line = line.strip_prefix('*').expect("a line of a comment");
        text.push_str(line.strip_prefix(' ').unwrap_or(line));
        text.push('\n');
    }
    text.trim().into()
}

fn read_item<'a>(
    line: &str,
    comment: String,
    lines: &mut impl Iterator<Item = &'a str>,
) -> Option<Item> {
    let item = |name: &str, kind| Some(Item { name: name.into(), comment, kind });
    if let Some(rest) = line.strip_prefix("#define ") {
        let (name, value) = rest.split_once(' ').expect("a constant");
        return item(name, Kind::Constant(value.into()));
    }
    if let Some(name) = line.strip_prefix("enum ").and_then(|rest| rest.strip_suffix(" {")) {
        return item(name, Kind::Enum(read_members(lines, read_value)));
    }
    if let Some(name) = line.strip_prefix("struct ").and_then(|rest| rest.strip_suffix(" {")) {
        return item(name, Kind::Struct(read_members(lines, read_field)));
    }
    let statement = line.strip_suffix(';').unwrap_or_else(|| panic!("not a declaration: {line}"));
    if statement.starts_with("extern ") {
        return None;
    }
    if let Some(rest) = statement.strip_prefix("typedef ") {
        let Some((returns, rest)) = rest.split_once("(*") else {
            let alias = read_parameter(rest);
            return item(&alias.name, Kind::Alias(alias.of));
        };
        let (name, parameters) = rest.split_once(")(").expect("a pointer to a function");
        return item(name, Kind::Callback(read_signature(returns, parameters)));
    }
    if let Some((head, parameters)) = statement.split_once('(') {
        let head = read_parameter(head);
        return item(&head.name, Kind::Function(read_signature(&head.of, parameters)));
    }
    let name = statement.strip_prefix("struct ").expect("the tag of a struct");
    item(name, Kind::Handle)
}

/// The members of a struct or an enum, up to its end.
fn read_members<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    read: fn(&str) -> (String, String),
) -> Vec<Member> {
    let mut members = Vec::new();
    let mut comment = String::new();
    while let Some(line) = lines.next().map(str::trim).filter(|line| *line != "};") {
        if line == "/**" {
            comment = read_comment(lines);
        } else {
            let (name, what) = read(line);
            members.push(Member { name, comment: std::mem::take(&mut comment), what });
        }
    }
    members
}

fn read_value(line: &str) -> (String, String) {
    let (name, value) = line.trim_end_matches(',').split_once(" = ").expect("a value");
    (name.into(), value.into())
}

fn read_field(line: &str) -> (String, String) {
    let field = read_parameter(line.strip_suffix(';').expect("a field"));
    (field.name, field.of)
}

/// `parameters` ends with the closing parenthesis.
fn read_signature(returns: &str, parameters: &str) -> Signature {
    let inner = parameters.strip_suffix(')').expect("the end of the parameters");
    let parameters = match inner {
        "void" => Vec::new(),
        _ => split(inner).into_iter().map(read_parameter).collect(),
    };
    Signature { returns: returns.trim().into(), parameters }
}

/// Parts between the commas that stand in no parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// A type and the name behind it.
fn read_parameter(text: &str) -> Parameter {
    if text == "..." {
        return Parameter { name: String::new(), of: text.into() };
    }
    if let Some(rest) = text.strip_prefix("void (*") {
        let (name, parameters) = rest.split_once(")(").expect("a pointer to a function");
        assert_eq!(parameters, "void *data)", "{text}: give this function type a name");
        return Parameter { name: name.into(), of: DESTROY.into() };
    }
    assert!(!text.contains('('), "{text}: give this function type a name");
    let at = text.rfind([' ', '*']).unwrap_or_else(|| panic!("no name: {text}")) + 1;
    Parameter { name: text[at..].into(), of: text[..at].trim().into() }
}

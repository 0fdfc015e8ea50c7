//! What the comment of a function says, taken apart: its comments are written to be read in one form.

/// The heading above the paragraph about what callers have to see to.
const REQUIREMENTS: &str = "# Safety";

/// The whole comment as C programmers see it.
pub fn description(comment: &str) -> String {
    let kept: Vec<_> = comment.lines().filter(|line| *line != REQUIREMENTS).collect();
    paragraphs(&kept.join("\n")).join("\n\n")
}

/// What callers have to see to.
pub fn requirements(comment: &str) -> String {
    let (_, rest) = comment.split_once(REQUIREMENTS).unwrap_or_default();
    paragraphs(rest).join("\n\n")
}

/// Paragraphs and the items of lists, each on one line.
fn paragraphs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        let fresh = !goes_on || line.starts_with("- ");
        goes_on = !line.is_empty();
        match found.last_mut() {
            _ if line.is_empty() => {}
            Some(last) if !fresh => {
                last.push(' ');
                last.push_str(line);
            }
            _ => found.push(line.into()),
        }
    }
    found
}

/// The sentences of a comment.
fn sentences(comment: &str) -> Vec<String> {
    let mut found = Vec::new();
    for paragraph in paragraphs(&description(comment)) {
        let mut start = 0;
        for (at, _) in paragraph.match_indices(". ") {
            let next = paragraph[at + 2..].chars().next();
            if next.is_some_and(|c| c.is_uppercase() || c == '`') {
                found.push(paragraph[start..=at].to_string());
                start = at + 2;
            }
        }
        found.push(paragraph[start..].to_string());
    }
    found
}

/// The sentences that say what is returned.
pub fn result(comment: &str) -> String {
    let kept: Vec<_> =
        sentences(comment).into_iter().filter(|said| said.starts_with("Returns ")).collect();
    kept.join(" ")
}

/// What sentences about the ownership of memory have in them.
const OF_OWNERSHIP: &[&str] = &[
    "belong",
    "'s to ",
    "caller's",
    "copied",
    "copies ",
    "Copies ",
    "free()",
    "_free()",
    "frees ",
    "Frees ",
    "is freed",
    "are freed",
    "be freed",
    "it frees",
    "keeps ",
    "kept",
    "owns ",
    "release()",
    "Release it",
    "library's.",
    "program's",
    "connection's.",
    "`destroy`",
    "valid",
    "yours",
];

/// What they seem to be otherwise.
const NOT_OF_OWNERSHIP: &[&str] = &["hasn't been freed", "haven't been freed", "malformed"];

/// The sentences about who owns what is passed and returned, and how long that is valid.
pub fn ownership(comment: &str) -> String {
    let of_ownership = |said: &String| {
        let rest =
            NOT_OF_OWNERSHIP.iter().fold(said.clone(), |rest, words| rest.replace(words, ""));
        OF_OWNERSHIP.iter().any(|words| rest.contains(words))
    };
    let kept: Vec<_> = sentences(comment).into_iter().filter(of_ownership).collect();
    kept.join(" ")
}

/// Which thread may call a function.
pub struct Threads {
    /// "any"; "one": any, but one at a time for the same object; "loop": the loop's own.
    pub which: &'static str,
    /// Whether a signal handler may call it, too.
    pub signal_handler: bool,
}

/// Reads them from the requirements. `first` is the name of the first parameter.
pub fn threads(comment: &str, first: Option<&str>) -> Threads {
    let said = requirements(comment);
    let subject = first.map(|name| format!("`{name}`")).unwrap_or_default();
    let of_object = sentences(&said).into_iter().any(|one| {
        let is_alone = ["only the calling thread uses", "no other thread changes"];
        one.starts_with(&subject) && is_alone.iter().any(|words| one.contains(words))
    });
    let signal_handler = said.contains("ny thread and any signal handler may call it");
    let which = if said.contains("Call it only ")
        || said.contains("Call it, like all functions of clients, only ")
    {
        "loop"
    } else if of_object || said.contains("nly one thread at a time may use") {
        "one"
    } else if said.contains("ny thread") {
        "any"
    } else if said.contains("nly the calling thread uses")
        || said.contains("must not be used again")
    {
        "one"
    } else {
        panic!("no word about threads: {said}")
    };
    Threads { which, signal_handler }
}

/// The errno values that a comment names. EINTR isn't passed on: the comments that have it say so.
pub fn errno(comment: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in comment.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
        let is_code = word.len() > 2
            && word.starts_with('E')
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let is_other = ["EINTR", "ERR", "ERRNO"].contains(&word);
        if is_code && !is_other && !found.iter().any(|known| known == word) {
            found.push(word.into());
        }
    }
    found
}

/// The functions to which a comment refers for its errno values.
pub fn fails_like(comment: &str) -> Vec<String> {
    let mut found = Vec::new();
    let names_none = errno(comment).is_empty();
    for said in sentences(comment) {
        if said.contains("exits like")
            || !names_none && !["errno", "-1 as "].iter().any(|words| said.contains(words))
        {
            continue;
        }
        for (at, _) in said.match_indices("()") {
            let start = said[..at].rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
            let start = start.map_or(0, |before| before + 1);
            if said[..start].ends_with("like ") || said[..start].ends_with("as ") {
                found.push(said[start..at].to_string());
            }
        }
    }
    found
}

//! Hands the names of all exports to src/abi/weak.rs.

use std::fs;

pub fn list() {
    let mut names = Vec::new();
    for folder in ["src/abi", "src/abi/yolanda"] {
        for entry in fs::read_dir(folder).expect("a folder of the interface") {
            let path = entry.expect("an entry of the folder").path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source of the interface");
                names.extend(exported(&text).map(String::from));
            }
        }
    }
    names.sort();
    println!("cargo::rustc-env=YOLANDA_EXPORTS={}", names.join(","));
}

/// The names behind `#[unsafe(naked)]`.
fn exported(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[unsafe(no_mangle)]\n#[unsafe(naked)]\n").skip(1).filter_map(|item| {
        let (_, rest) = item.split_once(" fn ")?;
        Some(rest.split_once('(')?.0)
    })
}

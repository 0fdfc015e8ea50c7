//! Opening files below a root: links, names that lead outside, kinds of files.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path as Place, PathBuf};

use super::*;
use crate::http::files::open::by_kernel;

/// A folder that is removed when this is dropped.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Tree {
        let place = std::env::temp_dir().join(format!("yolanda-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).unwrap();
        Tree(place)
    }

    fn open(&self) -> Folder {
        let path = CString::new(self.0.to_str().unwrap()).unwrap();
        // SAFETY: a C string.
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_PATH | libc::O_DIRECTORY) };
        assert!(fd >= 0);
        Folder(fd)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the inode number of an open file and closes it.
fn seen(found: Result<c_int, c_int>) -> Result<u64, c_int> {
    let folder = Folder(found?);
    Ok(fs::metadata(format!("/proc/self/fd/{}", folder.0)).unwrap().ino())
}

fn both(root: &Folder, path: &str, links: bool) -> [Result<u64, c_int>; 2] {
    let path = CString::new(path).unwrap();
    [seen(by_kernel(root.0, &path, links)), seen(walk(root.0, &path, links))]
}

#[test]
fn links_in_and_out() {
    let tree = Tree::new("walk");
    let root = tree.0.join("root");
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a/b/file"), "inside").unwrap();
    fs::write(tree.0.join("secret"), "outside").unwrap();
    let inside = fs::metadata(root.join("a/b/file")).unwrap().ino();
    for (link, target) in [
        ("in", "a/b/file"),
        ("a/up", "../a/b/file"),
        ("a/b/down", ".//./file"),
        ("folder", "a/b/"),
        ("chain", "folder/down"),
        ("out", "../secret"),
        ("a/out", "../../secret"),
        ("round", "../root/a/b/file"),
        ("absolute", "/etc/hostname"),
        ("loop", "loop"),
        ("file-as-folder", "a/b/file/"),
        ("through", "a/b/file/../file"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    symlink(root.join("a/b/file"), root.join("absolute-in")).unwrap();
    let top = Tree(root).open_once();
    for path in ["in", "a/up", "a/b/down", "folder/file", "chain", "folder/down"] {
        assert_eq!(both(&top, path, true), [Ok(inside), Ok(inside)], "{path}");
        assert_eq!(both(&top, path, false), [Err(libc::ELOOP), Err(libc::ELOOP)], "{path}");
    }
    for path in ["out", "a/out", "round", "absolute", "absolute-in"] {
        assert_eq!(both(&top, path, true), [Err(libc::EXDEV), Err(libc::EXDEV)], "{path}");
    }
    for path in ["loop", "file-as-folder", "through", "a/b/file/x", "a/none", "in/"] {
        let [kernel, ours] = both(&top, path, true);
        assert!(kernel.is_err() && kernel == ours, "{path}: {kernel:?} {ours:?}");
    }
}

impl Tree {
    /// Opens it without removing it: the tree that contains it does.
    fn open_once(self) -> Folder {
        let folder = self.open();
        std::mem::forget(self);
        folder
    }
}

/// Both ways open the same file, or none, for any tree and any path.
#[test]
fn as_the_kernel_does_it() {
    let tree = Tree::new("walks");
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % n
    };
    let parts = ["a", "b", "c", "d", "..", ".", "", "/", "a/", "e"];
    let mut opened = 0;
    for round in 0..60 {
        let root = tree.0.join(format!("{round}/root"));
        fs::create_dir_all(&root).unwrap();
        let mut folders = vec![root.clone()];
        for _ in 0..25 {
            let place = folders[below(folders.len())].join(parts[below(4)]);
            if fs::symlink_metadata(&place).is_ok() {
                continue;
            }
            match below(5) {
                0 => fs::write(&place, "").unwrap(),
                1 | 2 => {
                    fs::create_dir(&place).unwrap();
                    folders.push(place);
                }
                _ => {
                    let target: Vec<_> =
                        (0..=below(4)).map(|_| parts[below(parts.len())]).collect();
                    let target = target.join("/");
                    let target = if target.is_empty() { "." } else { &target };
                    symlink(Place::new(target), &place).unwrap();
                }
            }
        }
        let top = Tree(root).open_once();
        for _ in 0..300 {
            let path: Vec<_> = (0..=below(4)).map(|_| parts[below(4)]).collect();
            let path = path.join("/") + if below(8) == 0 { "/" } else { "" };
            for links in [true, false] {
                let [kernel, ours] = both(&top, &path, links);
                assert_eq!(kernel.is_ok(), ours.is_ok(), "{round} {path}: {kernel:?} {ours:?}");
                if kernel.is_ok() {
                    assert_eq!(kernel, ours, "{round} {path}");
                    opened += 1;
                }
            }
        }
    }
    assert!(opened > 2000, "{opened}");
}

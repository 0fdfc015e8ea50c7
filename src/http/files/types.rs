//! The content type of a file, from its name.
#![forbid(unsafe_code)]

use core::ffi::CStr;

/// By extension, in lower case, sorted. Text is assumed to be UTF-8.
#[rustfmt::skip]
const TYPES: &[(&[u8], &CStr)] = &[
    (b"7z", c"application/x-7z-compressed"),
    (b"aac", c"audio/aac"),
    (b"apng", c"image/apng"),
    (b"avif", c"image/avif"),
    (b"bmp", c"image/bmp"),
    (b"bz2", c"application/x-bzip2"),
    (b"c", c"text/plain; charset=utf-8"),
    (b"cc", c"text/plain; charset=utf-8"),
    (b"conf", c"text/plain; charset=utf-8"),
    (b"cpp", c"text/plain; charset=utf-8"),
    (b"css", c"text/css; charset=utf-8"),
    (b"csv", c"text/csv; charset=utf-8"),
    (b"doc", c"application/msword"),
    (b"docx", c"application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"epub", c"application/epub+zip"),
    (b"flac", c"audio/flac"),
    (b"gif", c"image/gif"),
    (b"gz", c"application/gzip"),
    (b"h", c"text/plain; charset=utf-8"),
    (b"htm", c"text/html; charset=utf-8"),
    (b"html", c"text/html; charset=utf-8"),
    (b"ico", c"image/vnd.microsoft.icon"),
    (b"ics", c"text/calendar; charset=utf-8"),
    (b"jpeg", c"image/jpeg"),
    (b"jpg", c"image/jpeg"),
    (b"js", c"text/javascript; charset=utf-8"),
    (b"json", c"application/json"),
    (b"jsonld", c"application/ld+json"),
    (b"log", c"text/plain; charset=utf-8"),
    (b"m4a", c"audio/mp4"),
    (b"m4v", c"video/mp4"),
    (b"map", c"application/json"),
    (b"md", c"text/markdown; charset=utf-8"),
    (b"mjs", c"text/javascript; charset=utf-8"),
    (b"mov", c"video/quicktime"),
    (b"mp3", c"audio/mpeg"),
    (b"mp4", c"video/mp4"),
    (b"mpeg", c"video/mpeg"),
    (b"odp", c"application/vnd.oasis.opendocument.presentation"),
    (b"ods", c"application/vnd.oasis.opendocument.spreadsheet"),
    (b"odt", c"application/vnd.oasis.opendocument.text"),
    (b"oga", c"audio/ogg"),
    (b"ogg", c"audio/ogg"),
    (b"ogv", c"video/ogg"),
    (b"opus", c"audio/ogg"),
    (b"otf", c"font/otf"),
    (b"pdf", c"application/pdf"),
    (b"png", c"image/png"),
    (b"ppt", c"application/vnd.ms-powerpoint"),
    (b"pptx", c"application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"rtf", c"application/rtf"),
    (b"svg", c"image/svg+xml"),
    (b"tar", c"application/x-tar"),
    (b"tif", c"image/tiff"),
    (b"tiff", c"image/tiff"),
    (b"ttf", c"font/ttf"),
    (b"txt", c"text/plain; charset=utf-8"),
    (b"vtt", c"text/vtt; charset=utf-8"),
    (b"wasm", c"application/wasm"),
    (b"wav", c"audio/wav"),
    (b"weba", c"audio/webm"),
    (b"webm", c"video/webm"),
    (b"webmanifest", c"application/manifest+json"),
    (b"webp", c"image/webp"),
    (b"woff", c"font/woff"),
    (b"woff2", c"font/woff2"),
    (b"xhtml", c"application/xhtml+xml"),
    (b"xls", c"application/vnd.ms-excel"),
    (b"xlsx", c"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"xml", c"text/xml; charset=utf-8"),
    (b"zip", c"application/zip"),
    (b"zst", c"application/zstd"),
];

/// The type of unknown extensions.
const BYTES: &CStr = c"application/octet-stream";

/// The length of the longest extension in the table.
const LONGEST: usize = 11;

/// The content type of a file name, which may be preceded by a path.
pub fn type_of(name: &[u8]) -> &'static CStr {
    let name = name.rsplit(|&b| b == b'/').next().unwrap_or(b"");
    let Some(dot) = name.iter().rposition(|&b| b == b'.') else {
        return BYTES;
    };
    let extension = name.get(dot + 1..).unwrap_or(b"");
    let mut lower = [0; LONGEST];
    let Some(room) = lower.get_mut(..extension.len()) else {
        return BYTES;
    };
    room.copy_from_slice(extension);
    room.make_ascii_lowercase();
    let place = TYPES.binary_search_by(|(each, _)| (*each).cmp(room));
    place.ok().and_then(|at| TYPES.get(at)).map_or(BYTES, |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(TYPES.windows(2).all(|two| two[0].0 < two[1].0));
        assert_eq!(TYPES.iter().map(|(extension, _)| extension.len()).max(), Some(LONGEST));
        for (extension, kind) in TYPES {
            assert!(extension.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            let name = [b"a.", *extension].concat();
            assert_eq!(type_of(&name), *kind);
            assert_eq!(type_of(&name.to_ascii_uppercase()), *kind);
            let text = kind.to_str().unwrap();
            assert_eq!(text.starts_with("text/"), text.contains("charset"), "{text}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(type_of(b"a/b.c/index.HTML"), c"text/html; charset=utf-8");
        assert_eq!(type_of(b"a.tar.gz"), c"application/gzip");
        for name in [
            &b""[..],
            b"a",
            b"a.",
            b"a.html.",
            b"html",
            b"a.html/b",
            b"a.htmlx",
            b"a.htm l",
            b"a.0123456789abcdef",
            b"a.\xff",
            b"a.html~",
            b".bashrc",
        ] {
            assert_eq!(type_of(name), BYTES, "{name:?}");
        }
    }
}

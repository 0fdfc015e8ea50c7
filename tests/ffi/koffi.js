// yolanda_ffi.h for koffi, which takes one prototype at a time, without the words "struct" and "enum", and a pointer
// type for each callback. `declare(koffi, library, text)` returns the functions and the constants.
exports.declare = (koffi, library, text) => {
    const yolanda = {};
    const code = text.replace(/\/\*[^]*?\*\//g, "");
    for (const statement of code.split(/;(?![^{}]*\})/)) {
        const line = statement.replace(/\s+/g, " ").trim();
        const words = line.replace(/\bstruct /g, "").replace(/\benum \w+ (?!\{)/g, "int ");
        let match;
        if (/^enum .*\{/.test(line)) {
            for (const [, name, value] of line.matchAll(/(\w+) = (-?\d+)/g)) {
                yolanda[name] = Number(value);
            }
        } else if ((match = words.match(/^(\w+) \{(.*)\}$/))) {
            const fields = match[2].matchAll(/([^;]*?)(\w+);/g);
            koffi.struct(match[1], Object.fromEntries(Array.from(fields, ([, of, name]) => [name, of.trim()])));
        } else if ((match = words.match(/^typedef (.*)\(\*(\w+)\)(\(.*\))$/))) {
            koffi.pointer(match[2], koffi.proto(`${match[1]} ${match[2]}_function${match[3]}`));
        } else if ((match = words.match(/^typedef (.*) (\w+)$/))) {
            koffi.alias(match[2], match[1]);
        } else if ((match = words.match(/^(\w+)$/))) {
            if (!code.includes(`struct ${match[1]} {`)) {
                koffi.opaque(match[1]);
            }
        } else if ((match = words.match(/(\w+)\(/))) {
            yolanda[match[1]] = library.func(words);
        }
    }
    return yolanda;
};

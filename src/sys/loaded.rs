//! Keeps the object loaded that contains the code of the library's threads. Otherwise dlclose(3) could unload a
//! plug-in that was linked with the static library while such a thread waits in a system call.

use libc::{c_char, c_int, c_void, dl_phdr_info};
use std::ptr;

/// A search for the object that contains an address.
struct Search {
    address: usize,
    /// NULL if not found.
    name: *const c_char,
}

/// Prevents dlclose(3) from unloading the object that contains this code. False if that fails.
pub fn stay() -> bool {
    let mut search = Search { address: stay as fn() -> bool as usize, name: ptr::null() };
    // SAFETY: `visit` expects a `Search`, which it gets. The object can't be unloaded while its code runs here,
    // so its name stays valid.
    unsafe {
        libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast());
        // An object that the loader doesn't know, or the program itself, which has no name, is never unloaded.
        if search.name.is_null() || *search.name == 0 {
            return true;
        }
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        !libc::dlopen(search.name, flags).is_null()
    }
}

/// Ends the search, by returning 1, at the object that contains the address.
unsafe extern "C" fn visit(info: *mut dl_phdr_info, _: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes a description of an object with `dlpi_phnum` headers, and the `Search` that
    // `stay` gave it.
    unsafe {
        let (info, search) = (&*info, &mut *data.cast::<Search>());
        let offset = search.address.wrapping_sub(info.dlpi_addr as usize);
        for i in 0..usize::from(info.dlpi_phnum) {
            let part = &*info.dlpi_phdr.add(i);
            let start = part.p_vaddr as usize;
            if part.p_type == libc::PT_LOAD && offset.wrapping_sub(start) < part.p_memsz as usize {
                search.name = info.dlpi_name;
                return 1;
            }
        }
        0
    }
}

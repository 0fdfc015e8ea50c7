//! Keeping the code loaded that a thread of the library's own runs. A plug-in that was linked with the
//! archive can be taken out of memory by dlclose(3), while the thread waits in a system call.

use libc::{c_char, c_int, c_void, dl_phdr_info};
use std::ptr;

/// The object that an address lies in.
struct Search {
    address: usize,
    /// NULL: not found.
    name: *const c_char,
}

/// From now on dlclose(3) leaves the object loaded that this code is in. False where that can't be.
pub fn stay() -> bool {
    let mut search = Search { address: stay as fn() -> bool as usize, name: ptr::null() };
    // SAFETY: `visit` is made for what it is given. The object that this code is in doesn't go
    // meanwhile, nor does its name.
    unsafe {
        libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast());
        // What the loader doesn't know it doesn't unload, nor the program itself, which has no name.
        if search.name.is_null() || *search.name == 0 {
            return true;
        }
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        !libc::dlopen(search.name, flags).is_null()
    }
}

/// Ends the search, with 1, at the object that has the address.
unsafe extern "C" fn visit(info: *mut dl_phdr_info, _: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader's description of an object, with as many headers as it says; the search
    // that `stay` has given.
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

//! The C library's own functions, behind those that override them.

use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The address in the cache, found first if need be.
#[inline(always)]
pub(super) fn address(cache: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let known = cache.load(Ordering::Relaxed);
    if known.is_null() { look_up(cache, name) } else { known }
}

#[cold]
fn look_up(cache: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    // SAFETY: the name is a C string. The lookup begins behind the object that holds this code.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    if found.is_null() {
        let parts: [&[u8]; 3] = [b"the C library has no ", name.to_bytes(), b"\n"];
        for part in parts {
            // SAFETY: the pointer and the length are those of one slice. We are about to abort, whatever is answered.
            unsafe { libc::write(2, part.as_ptr().cast(), part.len()) };
        }
        std::process::abort();
    }
    cache.store(found, Ordering::Relaxed);
    found
}

/// The real function of that name, as a function of that type.
macro_rules! real {
    ($name:ident as $type:ty) => {{
        use std::ffi::{CStr, c_void};
        use std::sync::atomic::AtomicPtr;
        static ADDRESS: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
        const NAME: &CStr =
            match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name holds no zero"),
            };
        let address = crate::guard::libc::real::address(&ADDRESS, NAME);
        // SAFETY: the C library's function of this name has this type.
        unsafe { std::mem::transmute::<*mut c_void, $type>(address) }
    }};
}

pub(super) use real;

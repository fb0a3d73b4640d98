//! Libraries that are found at run time, not linked.

use std::path::PathBuf;

/// Folders where libraries lie on systems without a cache of them.
const USUAL_FOLDERS: [&str; 5] =
    ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib"];

/// Whether the loader of this Unix would find the library with this file name; false where there is none to ask.
#[must_use]
pub fn is_library_installed(file_name: &str) -> bool {
    let cache = std::fs::read("/etc/ld.so.cache").unwrap_or_default();
    let named = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&named).chain(USUAL_FOLDERS.map(PathBuf::from));
    is_in_cache(&cache, file_name) || folders.any(|folder| folder.join(file_name).is_file())
}

/// The cache holds names as C strings; a removed library stays in it only until `ldconfig` runs, as packages do.
fn is_in_cache(cache: &[u8], file_name: &str) -> bool {
    let name = [b"\0", file_name.as_bytes(), b"\0"].concat();
    cache.windows(name.len()).any(|window| window == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_as_a_whole() {
        let cache = b"glibc-ld.so.cache1.1\0libX11.so.6\0/usr/lib/libX11.so.6\0";
        assert!(is_in_cache(cache, "libX11.so.6"));
        assert!(!is_in_cache(cache, "libX11.so"));
        assert!(!is_in_cache(cache, "X11.so.6"));
        assert!(!is_library_installed("libnobody-has-this.so.77"));
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn the_c_library_is_found() {
        assert!(is_library_installed("libc.so.6"));
    }
}

//! The console of the program that started this one.

/// On Windows, where a program with a window starts without a console, writes to the caller's console if it has one.
///
/// Elsewhere every program has the terminal of its caller, and nothing is done.
pub fn attach_parent_console() {
    #[cfg(windows)]
    {
        use windows_sys::Win32::System::Console::{ATTACH_PARENT_PROCESS, AttachConsole};
        #[expect(unsafe_code, reason = "the standard library cannot attach to a console")]
        // SAFETY: the call takes no pointer; without a console to attach to it fails and changes nothing.
        unsafe {
            AttachConsole(ATTACH_PARENT_PROCESS);
        }
    }
}

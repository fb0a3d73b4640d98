//! Every call that differs between operating systems, each with a portable fallback that Linux tests run as well.

mod confine;
mod console;
mod copy_range;
mod direct_io;
mod file_dialog;
mod free_space;
mod freed_memory;
mod library;
mod memory;
mod opened;
mod page_buffer;
mod page_cache;
mod page_memory;
mod positioned;
mod rename;
mod reserve;
mod state_folder;

pub use self::{
    confine::{Confinement, Unconfined, confine_to},
    console::attach_parent_console,
    copy_range::{copy_range, copy_range_portable},
    direct_io::DirectFile,
    file_dialog::FileDialogs,
    free_space::{free_bytes, is_writable},
    freed_memory::keep_freed_memory,
    library::is_library_installed,
    memory::{available_memory_bytes, peak_memory_bytes, total_memory_bytes},
    opened::{open_for_reading, opened, read_file, record_opened},
    page_buffer::{PAGE_LEN, PageBuffer, page_remainder},
    page_cache::is_cached,
    page_memory::zeros_in_large_pages,
    positioned::{read_exact_at, write_all_at},
    rename::{rename_into_place, sync_folder},
    reserve::{reserve, share_blocks},
    state_folder::state_folder,
};

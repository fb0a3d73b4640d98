//! Every call that differs between operating systems, each with a portable fallback that Linux tests run as well.

mod copy_range;
mod free_space;
mod page_buffer;
mod positioned;
mod rename;

pub use self::{
    copy_range::{copy_range, copy_range_portable},
    free_space::free_bytes,
    page_buffer::{PAGE_LEN, PageBuffer, page_remainder},
    positioned::{read_exact_at, write_all_at},
    rename::{rename_into_place, sync_folder},
};

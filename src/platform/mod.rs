//! Every call that differs between operating systems, each with a portable fallback that Linux tests run as well.

mod copy_range;
mod direct_io;
mod free_space;
mod page_buffer;
mod positioned;
mod rename;
mod reserve;

pub use self::{
    copy_range::{copy_range, copy_range_portable},
    direct_io::DirectFile,
    free_space::{free_bytes, is_writable},
    page_buffer::{PAGE_LEN, PageBuffer, page_remainder},
    positioned::{read_exact_at, write_all_at},
    rename::{rename_into_place, sync_folder},
    reserve::{reserve, share_blocks},
};

//! Small painted parts that every screen shares. They report clicks and change nothing.

mod button;
mod chip;
mod field;
mod heat;
mod icon;
mod progress;
mod text;

pub use self::{
    button::{ButtonLook, button_ui, checkbox_ui, segmented_ui},
    chip::chip_ui,
    field::{field_ui, filter_ui},
    heat::{heat_cell_ui, heat_scale_ui, heat_strip_ui},
    icon::{Icon, icon_ui, mark_ui},
    progress::{progress_bar_ui, progress_in_ui},
    text::{elided_middle, explained, text_width},
};

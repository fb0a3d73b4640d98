//! The choice of what computes.

use egui::ComboBox;

use super::command::MergeCommand;
use crate::{
    gui::prelude::*,
    merge::device::{DeviceChoice, GpuAdapter},
};

/// The choice of what computes: a trial, the CPU, or one of the GPUs by name.
pub(in crate::gui) fn device_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let name = |device: DeviceChoice| match device {
        DeviceChoice::Auto => words.text("device-auto").to_owned(),
        DeviceChoice::Cpu => words.say(&message!("device-choice-cpu", threads: state.machine.thread_count)),
        DeviceChoice::Gpu(index) => {
            let found = state.gpus.iter().flatten().find(|gpu| Some(gpu.index) == index);
            found.map_or_else(|| device.to_string(), GpuAdapter::title)
        }
    };
    let gpus = state.gpus.iter().flatten().map(|gpu| DeviceChoice::Gpu(Some(gpu.index)));
    let choices = [DeviceChoice::Auto, DeviceChoice::Cpu].into_iter().chain(gpus);
    let chosen = state.options.device;
    let row = Row::new(words.text("computed-on"), Type::BODY_MEDIUM, Ink::Primary).line(grid::BUTTON).rule();
    row.note(words.text("device-note"), Type::CAPTION, Ink::Secondary).show_controls(ui, |ui| {
        ui.spacing_mut().interact_size.y = grid::BUTTON;
        let width = grid::field::DEVICE.min(ui.available_width() / 2.0);
        let combo = ComboBox::from_id_salt("device").width(width).truncate().selected_text(name(chosen));
        let shown = combo.show_ui(ui, |ui| {
            for choice in choices {
                if ui.selectable_label(choice == chosen, name(choice)).clicked() {
                    commands.push(MergeCommand::ChooseDevice(choice).into());
                }
            }
        });
        [shown.response]
    });
}

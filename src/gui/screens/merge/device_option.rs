//! The choice of what computes.

use egui::{ComboBox, Rect, Ui, UiBuilder, pos2, vec2};

use super::command::MergeCommand;
use crate::{
    gui::{
        app::{command::Command, state::AppState},
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{Align, text_ui, text_width},
        },
    },
    merge::device::{DeviceChoice, GpuAdapter},
    message::message,
};

/// Width of the field with the device, where there is room for it.
const DEVICE_FIELD: f32 = 212.0;

/// The choice of what computes: a trial, the CPU, or one of the GPUs by name.
pub(in crate::gui) fn device_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let upper = Rect::from_min_size(rect.min + vec2(0.0, 8.0), vec2(rect.width(), 18.0));
    let label = text_ui(ui, upper, Align::Left, words.text("computed-on"), Type::BODY_MEDIUM, colors.text);
    let width = (rect.width() - label.rect.width() - space::S24).min(DEVICE_FIELD);
    let lower = upper.translate(vec2(0.0, 18.0));
    let lower = Rect::from_min_size(lower.min, vec2(rect.width() - width - space::S12, lower.height()));
    if text_width(ui, words.text("device-note"), Type::CAPTION) <= lower.width() {
        text_ui(ui, lower, Align::Left, words.text("device-note"), Type::CAPTION, colors.text_secondary);
    }
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
    let area = Rect::from_min_size(pos2(rect.right() - width, rect.center().y - 14.0), vec2(width, grid::BUTTON));
    ui.scope_builder(UiBuilder::new().id_salt("device").max_rect(area), |ui| {
        ui.spacing_mut().interact_size.y = area.height();
        let chosen = state.options.device;
        let combo = ComboBox::from_id_salt("device").width(width).truncate().selected_text(name(chosen));
        let shown = combo.show_ui(ui, |ui| {
            for choice in choices {
                if ui.selectable_label(choice == chosen, name(choice)).clicked() {
                    commands.push(MergeCommand::ChooseDevice(choice).into());
                }
            }
        });
        shown.response.labelled_by(label.id);
    });
}

//! A window by the first renderer that works: wgpu on a real driver, wgpu on OpenGL or on the processor, then glow.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use eframe::{App, CreationContext, Renderer};
use egui::ViewportBuilder;

use super::launch_error::{LaunchError, RENDERER_VARIABLE};
use crate::fault;

/// The name under which desktops know the window: that of its `.desktop` file.
const APP_ID: &str = "lorafuse";

const ICON: &[u8] = include_bytes!("../../../../assets/icon/lorafuse-128.png");

/// What makes the app once a renderer works; it is called once at most.
pub(in crate::gui) type Create<'a> = dyn Fn(&CreationContext<'_>) -> Result<Box<dyn App>, Stop> + 'a;

/// Whether a window remembers its place and size when it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gui) enum Place {
    /// The main window.
    Remembered,
    /// Windows of another size, which must not change what the main one remembers.
    Given,
}

/// Asked for by `Create` to end without a window.
#[derive(Debug, thiserror::Error)]
#[error("the window is no longer wanted")]
pub(in crate::gui) struct Stop;

/// Opens a window of ours and returns when it is closed, or when `create` stops it.
pub(in crate::gui) fn open(viewport: &ViewportBuilder, place: Place, create: &Create<'_>) -> Result<(), LaunchError> {
    let wanted = std::env::var(RENDERER_VARIABLE).unwrap_or_default();
    let mut last = None;
    for renderer in renderers(&wanted)? {
        match attempt(renderer, viewport, place, create) {
            Err(LaunchError::NoRenderer { reason }) => last = Some(LaunchError::NoRenderer { reason }),
            end => return end,
        }
    }
    last.map_or(Ok(()), Err)
}

/// The renderers to try, in order. wgpu takes real drivers before the processor, whatever interface they have.
fn renderers(wanted: &str) -> Result<Vec<Renderer>, LaunchError> {
    match wanted {
        "" => Ok(vec![Renderer::Wgpu, Renderer::Glow]),
        "wgpu" => Ok(vec![Renderer::Wgpu]),
        "glow" => Ok(vec![Renderer::Glow]),
        _ => Err(LaunchError::UnknownRenderer { name: wanted.to_owned() }),
    }
}

fn attempt(
    renderer: Renderer,
    viewport: &ViewportBuilder,
    place: Place,
    create: &Create<'_>,
) -> Result<(), LaunchError> {
    let mut viewport = viewport.clone().with_app_id(APP_ID);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON) {
        viewport = viewport.with_icon(Arc::new(icon));
    }
    let persist_window = place == Place::Remembered;
    let options = eframe::NativeOptions { viewport, renderer, persist_window, ..eframe::NativeOptions::default() };
    let has_started = Cell::new(false);
    // Window systems and drivers are foreign code: until the app is made, a panic in them is a renderer that fails.
    fault::hold_back(true);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let start = |creation: &CreationContext<'_>| {
            has_started.set(true);
            fault::hold_back(false);
            create(creation).map_err(Into::into)
        };
        eframe::run_native(APP_ID, options, Box::new(start))
    }));
    fault::hold_back(false);
    match ended {
        Ok(Ok(()) | Err(eframe::Error::AppCreation(_))) => Ok(()),
        Ok(Err(error)) => Err(LaunchError::of(&error, has_started.get())),
        Err(_) if has_started.get() => Err(LaunchError::Fault { log: fault::last_log() }),
        Err(payload) => Err(LaunchError::of_panic(&fault::payload_text(&*payload))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renderer_can_be_chosen_and_a_wrong_name_is_an_error() {
        assert_eq!(renderers("").unwrap(), [Renderer::Wgpu, Renderer::Glow]);
        assert_eq!(renderers("glow").unwrap(), [Renderer::Glow]);
        let error = renderers("vulkan").unwrap_err();
        assert!(error.to_string().contains("vulkan"), "{error}");
    }

    #[test]
    fn the_icon_is_a_picture() {
        let icon = eframe::icon_data::from_png_bytes(ICON).unwrap();
        assert_eq!((icon.width, icon.height), (128, 128));
    }
}

//! What can be taken out of the window: pictures as files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crossbeam_channel::Receiver;
use eframe::icon_data::IconDataExt as _;

use crate::{
    message::{Problem, message},
    report::write_new,
};

/// Longest wait for a frame; a window that is hidden may not paint any.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes a picture of the window to `place`, as soon as it has come.
///
/// # Errors
/// No picture comes, or whatever the system says.
pub fn picture(image: &Receiver<Arc<egui::ColorImage>>, place: &Path) -> Result<PathBuf, Problem> {
    let image = image.recv_timeout(PATIENCE).map_err(|_| Problem::described(message!("problem-no-picture")))?;
    let [width, height] = image.size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let rgba = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
    let png = egui::IconData { rgba, width, height }
        .to_png_bytes()
        .map_err(|said| Problem::described(message!("problem-png-failed", said: said)))?;
    let stem = place.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..1000).map(|number| place.with_file_name(format!("{stem}-{number}.png")));
    let path = std::iter::once(place.to_owned()).chain(numbered).find(|path| !path.exists());
    let path = path.unwrap_or_else(|| place.to_owned());
    write_new(&path, &png)?;
    Ok(path)
}

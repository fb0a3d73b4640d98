//! The bundled faces, so that the window looks the same everywhere and Hangul never shows as boxes.

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily};

use super::tokens::Face;

const FACES: [(&str, &[u8]); 4] = [
    ("sans-regular", include_bytes!("../../../assets/fonts/LorafuseSans-Regular.otf")),
    ("sans-medium", include_bytes!("../../../assets/fonts/LorafuseSans-Medium.otf")),
    ("sans-semibold", include_bytes!("../../../assets/fonts/LorafuseSans-SemiBold.otf")),
    ("mono-regular", include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf")),
];

/// Registers the faces; they are in use from the next frame on.
pub fn install(ctx: &Context) {
    let mut definitions = FontDefinitions::empty();
    for (name, bytes) in FACES {
        definitions.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    // The subsets fall back to the face that has every syllable.
    let families: [(FontFamily, &[&str]); 4] = [
        (Face::Regular.family(), &["sans-regular", "mono-regular"]),
        (Face::Medium.family(), &["sans-medium", "sans-regular", "mono-regular"]),
        (Face::SemiBold.family(), &["sans-semibold", "sans-regular", "mono-regular"]),
        (Face::Mono.family(), &["mono-regular", "sans-regular"]),
    ];
    for (family, names) in families {
        definitions.families.insert(family, names.iter().map(|name| (*name).to_owned()).collect());
    }
    ctx.set_fonts(definitions);
}

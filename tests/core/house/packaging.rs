//! What packages and the release workflow name is there, and fits together.

use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

use crate::support::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// The lines of one table of Cargo.toml.
fn table(title: &str) -> String {
    let manifest = read("Cargo.toml");
    let start = manifest.find(&format!("\n[{title}]\n")).unwrap() + title.len() + 3;
    manifest[start..].split("\n[").next().unwrap().to_owned()
}

/// The strings between double quotes in a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}

#[test]
fn every_file_of_the_deb_is_there_and_the_sample_is_whole() {
    let deb = table("package.metadata.deb");
    let assets: Vec<Vec<&str>> = deb.lines().filter(|line| line.starts_with("    [\"")).map(quoted).collect();
    assert!(assets.len() > 20, "{assets:?}");
    for asset in &assets {
        let [source, target, mode] = asset[..] else { panic!("{asset:?}") };
        assert!(mode == "644" || mode == "755", "{asset:?}");
        assert!(target.starts_with("usr/"), "{asset:?}");
        // Built, not kept.
        if !source.starts_with("target/") {
            let fixed = source.split('*').next().unwrap();
            let place = repository().join(fixed);
            assert!(place.exists() || place.parent().is_some_and(Path::is_dir), "{source} is not there");
        }
    }
    let sample = assets.iter().find(|asset| asset[0].starts_with("assets/sample/")).unwrap();
    assert_eq!(sample[1], "usr/share/lorafuse/sample/", "where `Sample::find` looks from /usr/bin");
}

#[test]
fn the_menu_entry_is_named_by_the_id_of_the_window() {
    let opening = read("src/gui/app/launch/renderers.rs");
    let id = quoted(opening.lines().find(|line| line.contains("const APP_ID")).unwrap())[0].to_owned();
    let entry = read(&format!("packaging/{id}.desktop"));
    for line in
        [format!("Icon={id}"), format!("StartupWMClass={id}"), format!("Exec={id} %F"), "Terminal=false".to_owned()]
    {
        assert!(entry.lines().any(|other| other == line), "{line} in {entry}");
    }
    let metainfo = read("packaging/org.lorafuse.Lorafuse.metainfo.xml");
    assert!(metainfo.contains(&format!("<launchable type=\"desktop-id\">{id}.desktop<")), "{metainfo}");
    assert!(metainfo.contains(&format!("<release version=\"{}\"", env!("CARGO_PKG_VERSION"))), "{metainfo}");
    assert!(table("package.metadata.packager").contains("identifier = \"org.lorafuse.Lorafuse\""));
}

#[test]
fn each_icon_has_the_size_that_its_name_says() {
    for size in [16, 24, 32, 48, 64, 128, 256, 512_u32] {
        let bytes = std::fs::read(repository().join(format!("assets/icon/lorafuse-{size}.png"))).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"), "{size}");
        // Width and height of the header.
        assert_eq!([&bytes[16..20], &bytes[20..24]], [size.to_be_bytes(), size.to_be_bytes()], "{size}");
    }
}

#[test]
fn the_release_workflow_builds_for_three_systems_with_scripts_that_exist() {
    let text = read(".github/workflows/release.yml");
    let workflow = YamlLoader::load_from_str(&text).unwrap().remove(0);
    let jobs = &workflow["jobs"];
    let matrix = jobs["package"]["strategy"]["matrix"]["include"].as_vec().unwrap();
    let systems: Vec<&str> = matrix.iter().map(|entry| entry["system"].as_str().unwrap()).collect();
    for system in ["ubuntu", "macos", "windows"] {
        assert!(systems.iter().any(|name| name.starts_with(system)), "{system} in {systems:?}");
    }
    let mut scripts = 0;
    for (name, job) in jobs.as_hash().unwrap() {
        assert!(job["runs-on"].as_str().is_some(), "{name:?} runs nowhere");
        if let Some(needed) = job["needs"].as_str() {
            assert!(!jobs[needed].is_badvalue(), "{name:?} needs {needed}");
        }
        for step in job["steps"].as_vec().unwrap() {
            assert!(step["uses"].is_badvalue() != step["run"].is_badvalue(), "{step:?} uses or runs");
            scripts += step["run"].as_str().map_or(0, scripts_in);
        }
    }
    scripts += matrix.iter().map(|entry: &Yaml| scripts_in(entry["command"].as_str().unwrap())).sum::<usize>();
    assert!(scripts >= 2, "it no longer calls our scripts");
}

/// How many of our scripts a command calls; each is there.
fn scripts_in(command: &str) -> usize {
    let ours = |word: &&str| word.starts_with("scripts/") || word.starts_with("packaging/");
    let scripts: Vec<&str> = command.split_whitespace().filter(ours).collect();
    assert!(scripts.iter().all(|script| repository().join(script).is_file()), "{command}");
    scripts.len()
}

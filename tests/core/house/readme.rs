//! What the README says of itself: each row of its table of adapters names tests that exist, by their
//! place in `tests/core`.

use crate::support::{self, repository};

#[test]
fn every_kind_of_adapter_is_held_by_tests_that_exist() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let table = readme.split("| Adapter | On | Held by |").nth(1).unwrap().split("\n\n").next().unwrap();
    let golden_cases = std::fs::read_to_string(repository().join("tests/core/merge/golden.rs")).unwrap();
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert!(rows.len() > 10, "{} rows", rows.len());
    for row in rows {
        let names = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let names = names.split([' ', ',', ';', ':', '`']).filter(|name| !name.is_empty());
        let mut count = 0;
        for name in names {
            let is_test = repository().join("tests/core").join(name).with_extension("rs").is_file();
            let is_case = golden_cases.contains(&format!("\"{name}\"")) && support::golden(name).is_dir();
            assert!(is_test || is_case, "{name} in {row}");
            count += 1;
        }
        assert!(count > 0, "nothing holds {row}");
    }
}
